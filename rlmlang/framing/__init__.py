"""The form of requests and replies: fields below headers. Pure: no I/O and no model."""
