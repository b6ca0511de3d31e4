"""What stands between a prompt and a model: the cache, retries, the rate limit, the ledger."""
