"""The run document, and its renderers for HTML, Markdown and terminals; nothing here writes to Ardoq."""
