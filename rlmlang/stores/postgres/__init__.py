"""Stores in a database of PostgreSQL's; the home of psycopg, which is an extra."""
