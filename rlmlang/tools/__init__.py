"""Functions that others bring for code of a session: of a Python program, of MCP servers."""
