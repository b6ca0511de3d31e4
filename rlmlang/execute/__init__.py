"""A plan carried out: steps stream into each other, every call pays from one ledger."""
