"""The built-in functions of the language: what each takes, gives and does, in one place each."""
