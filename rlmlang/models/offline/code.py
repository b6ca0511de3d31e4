"""The embedded reader in a free-form session: it looks a question's rarest words up, with code."""

from __future__ import annotations

import re

from rlmlang.models.offline.evidence import COMMON
from rlmlang.models.offline.request import Task

VARIABLE = re.compile(r"^(\w+): ", re.MULTILINE)
LOOK = """\
import re
quiet = set({quiet!r}.split())
asked = ' '.join(str(x) for x in [{asking}])
wanted = [w for w in re.findall(r'\\w+', asked.lower()) if len(w) > 2 and w not in quiet]
found = []
for source in [{reading}]:
    rarest = None
    for word in wanted:
        stem = word[:-1] if word.endswith('s') and len(word) > 4 else word
        pattern = r'\\b' + re.escape(stem)
        if isinstance(source, str):
            places = [m.start() for m in re.finditer(pattern, source, re.IGNORECASE)]
            hits = [source[max(0, at - 300):at + 300] for at in places]
        else:
            seen = source.search(pattern, max=300, around=300, ignore_case=True)
            hits = [h['text'] for h in seen]
        if hits and (rarest is None or len(hits) < len(rarest)):
            rarest = hits
    for text in rarest or []:
        for sentence in re.split(r'(?<=[.!?])\\s+|\\n', text):
            score = sum(1 for w in wanted if w in sentence.lower())
            found.append((score, -len(found), sentence.strip()))
found.sort(reverse=True)
print(found[:3])
SUBMIT(found[0][2] if found else '')
"""


def is_session(task: Task) -> bool:
    """Whether code is asked for, turn by turn."""
    return {"variables", "history", "turn"} <= set(task.inputs)


def code(task: Task, asking: tuple[str, ...]) -> str:
    """A cell that finds the sentence with most of the question's words; nothing more after it."""
    if "SUBMIT:" in task.inputs["history"]:
        return "```python\nprint('a sentence is all that this reader can find')\n```"
    names = list(dict.fromkeys(VARIABLE.findall(task.inputs["variables"])))
    asked = [n for n in names if n in asking] or names[:1]
    read = [n for n in names if n not in asked]
    cell = LOOK.format(
        quiet=" ".join(sorted(COMMON)), asking=", ".join(asked), reading=", ".join(read)
    )
    return f"```python\n{cell}```"
