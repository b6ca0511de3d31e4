"""One file a form: each gives the text that a stored document holds, block by block."""
