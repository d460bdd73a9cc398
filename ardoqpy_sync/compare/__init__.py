"""What Ardoq holds, what a row says, and how the two differ; nothing here writes."""
