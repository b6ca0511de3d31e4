"""What runs inside the process of a CPython sandbox; it knows the standard library alone."""
