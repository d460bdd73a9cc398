"""The version of this library, said once."""

__version__ = "1.0.0"
