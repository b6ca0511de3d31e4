"""Ways to cut, one file each. Their contracts are in `schema/partitions/`; laws attack them."""
