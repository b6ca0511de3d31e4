"""What two plans differ in: what they say, what they may cost, and what would be asked again."""
