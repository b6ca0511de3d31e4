"""Packages as values: versions, manifests, locks, trees, and which versions are chosen."""
