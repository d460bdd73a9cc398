"""How each version of Ardoq's REST API is spoken: paths, verbs and bodies."""
