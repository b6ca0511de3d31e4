"""Where contexts come from. Local files are read by offset, never whole."""
