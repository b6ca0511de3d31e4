"""The verbs: one file each, with what is known of it before it runs. Pure."""
