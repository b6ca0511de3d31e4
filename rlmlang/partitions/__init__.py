"""Ways to cut, one file a family. Each keeps its contract in `catalog/partitions.py` as a law."""
