"""The reference: a page for each word of the language, made from the tables the checker reads."""
