"""A result for other tools: one file a format, each a function from items to bytes."""
