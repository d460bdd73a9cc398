"""Run jobs where people already work; each module needs the extra of its name."""
