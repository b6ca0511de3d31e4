"""A metric of texts."""

from os.path import commonprefix

from rlmlang.metrics import Answered, Metric


def prefix(of: Answered) -> tuple[float, str]:
    """Compares the beginnings."""
    got, want = str(of.got), str(of.want)
    same = commonprefix([got, want])
    return len(same) / max(len(want), 1), "" if same == want else f"only {same!r} is the same"


PREFIX = Metric("prefix", "The part of the label that the answer begins with.", prefix)
