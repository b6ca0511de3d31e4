"""Ways to look something up without a model, one file each. Contracts: `schema/searches/`."""
