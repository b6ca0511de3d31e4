"""Bells."""


def ring(times):
    """Ring a bell so many times."""
    return "bong " * times


def mute():
    """Silence the bells."""
    return ""
