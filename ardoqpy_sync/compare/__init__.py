"""What Ardoq holds, what a row has, and how the two differ; nothing here writes."""
