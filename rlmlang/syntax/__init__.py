"""Source text to syntax tree and back; nothing here knows what a name means."""
