"""Passes: a plan in, a plan out that gives the same and asks less. A file each, with its proof."""
