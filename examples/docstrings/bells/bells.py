"""Bells."""


def count(bells):
    """How many."""
    return len(bells)


def ring(times):
    def once():
        return "ding"

    return [once()] * times


class Bell:
    def hang(self, where: str = "tower") -> None:
        self.where = where

    def _swing(self):
        return self.where
