"""The tests of a job, `[[tests]]`: run it on a few rows, and compare the changes with those expected."""
