"""Jobs in other programs, decided and written as the commands do it; each module needs its extra."""
