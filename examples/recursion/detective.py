"""A free-form investigation over a log of 100 MB, with a scripted root model.

No model is at hand offline, so the engine plays one that works as such models do: it looks at the
beginning, writes a regular expression, makes a mistake, reads the error, mends it, asks a sub-call
about a few lines, and submits from variables. Code, sandbox, handles, caps and record are real.
"""

import random
import tempfile
import time
from pathlib import Path

import rlmlang
from rlmlang.testing import Raw, ScriptedEngine

RECIPE = str(Path(__file__).with_name("detective.rlm"))
TURNS = [
    "print(len(log))\nprint(log[:400])",
    "hits = log.search(r'ERROR host=(\\w+)', max=5)\nfor h in hits:\n    print(h['start'], h['text'])\nprint(hits[0].groups())",
    "from collections import Counter\ncounts = Counter()\nfor piece in log.split('lines', per=200_000):\n    for line in piece:\n        if ' ERROR ' in line:\n            counts[line.split('host=')[1].split()[0]] += 1\nprint(counts.most_common(3))",
    "worst, n = counts.most_common(1)[0]\nlines = [h['text'] for h in log.search('ERROR host=' + worst + '.*', max=8)]\ncause = llm_query('What do these lines have in common? Name the cause in two words.', '\\n'.join(lines))\nprint(worst, n, cause)",
    "SUBMIT(host=worst, failures=n, cause=cause)",
]


def make_log(path, megabytes=100, seed=2):
    """Lines of a log; one host fails more often than the others."""
    chance = random.Random(seed)
    causes = ["disk full", "timeout", "bad checksum"]
    count, written = 0, 0
    with path.open("w") as file:
        while written < megabytes << 20:
            block = []
            for _ in range(2_000):
                host = f"h{chance.randrange(40)}"
                bad = chance.random() < (0.004 if host == "h17" else 0.001)
                count += bad and host == "h17"
                why = "disk full" if host == "h17" else chance.choice(causes)
                block.append(
                    f"12:00:00 ERROR host={host} {why}"
                    if bad
                    else f"12:00:00 INFO host={host} request {chance.randrange(10**6)} served"
                )
            written += file.write("\n".join(block) + "\n")
    return count


def script(task):
    if "turn" in task.inputs:
        return Raw(f"Let me see.\n```python\n{TURNS[int(task.inputs['turn'].split()[1]) - 1]}\n```")
    return "disk full" if task.inputs["context"].count("disk full") >= 6 else "unclear"


def main(megabytes=100):
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "hosts.log"
        truth = make_log(log, megabytes)
        engine, began = ScriptedEngine(script), time.perf_counter()
        outcome = rlmlang.run(RECIPE, engine=engine, store=None, models=("scripted/root",),
                              sources={"log": str(log)}, sets={"question": "Which host fails most?"})  # fmt: skip
        longest = max(map(len, engine.requests))
        print(f"{outcome.result}; the truth: {truth}")
        print(f"{log.stat().st_size:,} bytes of log, {outcome.usage.calls} calls, the longest prompt "
              f"{longest:,} characters, {time.perf_counter() - began:.1f} s")  # fmt: skip
        return outcome.result, truth


if __name__ == "__main__":
    main()
