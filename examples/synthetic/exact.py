"""What is exact and needs no model: pairs, and following facts."""

from itertools import combinations


def pairs_of(rows, tags, label):
    """Pairs of users who both have a row of a label, one a line."""
    kind = {t["id"]: t["label"] for t in tags}
    users = sorted({r["user"] for r in rows if kind[r["id"]] == label})
    return "\n".join(f"{a} {b}" for a, b in combinations(users, 2))


def follow(facts, start, hops):
    """Where a chain leads; empty where a fact is missing."""
    to = {f["from"]: f["to"] for f in facts}
    for _ in range(hops):
        start = to.get(start, "")
    return start
