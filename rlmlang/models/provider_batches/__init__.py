"""Calls in batches of their provider's: collected, sent, waited for, read, found again."""
