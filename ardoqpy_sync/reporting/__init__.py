"""What a run came to, for people to read: as a page, as Markdown, as plain data, and in short.

`account.py` makes the data of which all others are made; nothing here writes to Ardoq.
"""
