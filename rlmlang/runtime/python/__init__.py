"""The user's own Python, in a process of its own: what it does to its process does ours no harm."""
