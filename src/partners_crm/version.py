"""The version of the program, on the lowest floor: a database remembers which version wrote it."""

__version__ = "0.1.0"
