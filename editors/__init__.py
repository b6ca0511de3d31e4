"""What editors need besides `rlm lsp`."""
