"""Packages brought to this machine, chosen, locked, and looked after: what `rlm deps` does."""
