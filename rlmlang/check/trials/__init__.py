"""Tests, evals, tunings and batches: what is declared about recipes, checked."""
