"""Checked recipe to plan: a frozen graph of nodes with their bounds. Pure, like `check`."""
