"""Recipes served to agents."""
