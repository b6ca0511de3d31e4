"""What an editor asks about a recipe, as pure functions over a parsed and checked text.

`server.py` alone speaks the protocol; `documents.py` alone reads files.
"""
