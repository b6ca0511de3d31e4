import re


def events(lines):
    """The time and the name of each line that has them."""
    found = [re.match(r"(\d\d:\d\d) (\w+)", x) for x in lines]
    return [{"time": m[1], "who": m[2]} for m in found if m]
