"""offline/reader: a rule-based reader for trying, testing and CI. It is no language model."""
