"""What happened in a run: events, the files they are kept in, and the call tree they make."""
