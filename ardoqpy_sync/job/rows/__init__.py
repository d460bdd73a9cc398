"""The rows of a job: read, and matched with what Ardoq holds."""
