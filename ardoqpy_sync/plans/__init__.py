"""What a preview decided, as data that can be saved, reviewed and applied."""
