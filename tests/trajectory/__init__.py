"""What happened in runs: typed access, its page."""
