"""offline/reader: a rule-based reader for trying, testing and CI. It is no language model."""

NAME = "offline/reader"
NOTICE = "offline/reader is a rule-based reader, no language model"
