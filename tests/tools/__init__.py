"""Functions that others bring for code of a session."""
