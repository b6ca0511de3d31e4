"""Things done to runs that nobody should do: `python -m tests.torture` says what came of it."""
