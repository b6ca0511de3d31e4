"""A real small model on this machine: what its replies are like, how many are read, and whether
counts and plans hold. Not part of the tests: `python -m tests.real`."""
