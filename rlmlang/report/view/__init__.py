"""Runs as one page that stands by itself: what it shows as values, and the file that holds them."""
