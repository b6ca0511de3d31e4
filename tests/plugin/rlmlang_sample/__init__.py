"""What another distribution may add to rlmlang, a little of each."""
