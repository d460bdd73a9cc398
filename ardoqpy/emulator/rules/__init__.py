"""Apply the rules of each kind of entity, one file for each; they know neither HTTP nor API versions."""
