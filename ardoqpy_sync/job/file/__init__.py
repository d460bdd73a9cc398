"""A job file: every key and value, parsed and checked, with the line of each mistake."""
