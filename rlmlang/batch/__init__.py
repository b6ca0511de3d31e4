"""One recipe over many inputs: its items, what they cost, running them, going on with them."""
