"""Where code that a model wrote runs, with no file, network or environment within its reach."""
