"""What stands between a prompt and a model: reuse, retries, the gate, the payment."""
