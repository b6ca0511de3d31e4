"""Syntax tree to checked recipe: names bound, types and sizes known, coverage inferred.

Pure: no file, clock, model or DSPy is touched; what must be read is passed in.
"""
