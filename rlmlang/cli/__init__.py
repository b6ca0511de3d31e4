"""The command line: one file a command; parse options, call one function, draw, exit."""
