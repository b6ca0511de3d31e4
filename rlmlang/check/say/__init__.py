"""What the checker says: one function a problem, gathered by what it is about."""
