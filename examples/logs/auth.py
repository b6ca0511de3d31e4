"""Lines of a login daemon as records."""

import re

LINE = re.compile(r"(Accepted|Failed) password for (\S+) from (\S+) port")


def attempts(lines):
    """The login attempts among some lines: who, from where, and whether it succeeded."""
    found = (LINE.search(line) for line in lines)
    return [
        {"address": m.group(3), "user": m.group(2), "outcome": m.group(1).lower()}
        for m in found
        if m
    ]
