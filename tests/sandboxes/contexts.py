"""Contexts by kind, the same every time, and a stand-in for a model that answers by rules."""

from __future__ import annotations

import json
import random
import re
import zlib
from datetime import datetime, timedelta

WORDS = (
    "river market engine lantern copper harbor theory signal garden winter ledger orchid canyon "
    "museum violin protocol island pepper marble falcon cipher meadow turbine saddle quartz"
).split()
NAMES = ["Alice Moreno", "Bob Tanaka", "Carla Ndiaye", "Dmitri Volkov", "Eva Lindqvist"]


def _para(r, n=60):
    return " ".join(r.choice(WORDS) for _ in range(n)).capitalize() + "."


def make_context(kind: str):
    r = random.Random(sum(map(ord, kind)))
    if kind == "book":
        out = []
        for ch in range(1, 13):
            out.append(f"CHAPTER {ch}: The {r.choice(WORDS).title()}\n")
            for p in range(8):
                t = _para(r)
                if ch == 7 and p == 3:
                    t += " By then everyone in the harbor knew that the magic number is 48213, and nobody spoke of it."
                if p == 5:
                    t += f" {r.choice(NAMES)} met {r.choice(NAMES)} near the {r.choice(WORDS)}."
                out.append(t + "\n")
        return "\n".join(out)
    if kind == "docs":
        out = []
        for i in range(40):
            t = (
                f"Title: {r.choice(WORDS).title()} {r.choice(WORDS).title()}\nID: D{i:03d}\n"
                + _para(r, 80)
            )
            if i in (4, 19, 33):
                t += f" The turbine failure in {2001 + i} was caused by a cracked copper saddle, according to {NAMES[i % 5]}."
            out.append(t)
        return out
    if kind == "oolong":
        d0 = datetime(2023, 1, 1)
        rows = []
        for i in range(240):
            d = d0 + timedelta(days=r.randrange(600))
            q = r.choice(
                [
                    "How far is the {} from the {}?",
                    "Who painted the {} in the {}?",
                    "What does {} mean in {}?",
                    "Where is the {} of the {}?",
                    "When did the {} open near {}?",
                ]
            ).format(r.choice(WORDS), r.choice(WORDS))
            rows.append(
                f"Date: {d:%b %d, %Y} || User: {r.choice([10213, 44436, 63685, 76063, 82345])} || Instance: {q}"
            )
        return "The following lines contain questions.\n\n" + "\n".join(rows) + "\n"
    if kind == "logs":
        t = datetime(2024, 5, 1, 8, 0, 0)
        rows = []
        for i in range(400):
            t += timedelta(seconds=r.randrange(1, 90))
            lvl = r.choices(["INFO", "WARN", "ERROR", "DEBUG"], [60, 20, 8, 12])[0]
            rows.append(
                f"{t:%Y-%m-%d %H:%M:%S},{r.randrange(1000):03d} [{lvl}] {r.choice(['auth', 'db', 'api', 'cache'])}.{r.choice(WORDS)}: "
                f"request id={r.randrange(10**6):06d} took {r.randrange(3, 2500)}ms status={r.choice([200, 200, 200, 404, 500])}"
            )
        return "\n".join(rows)
    if kind == "jsonl":
        rows = []
        for i in range(200):
            if i % 37 == 5:
                rows.append(f'{{"id": {i}, "category": "broken')
                continue
            rows.append(
                json.dumps(
                    {
                        "id": i,
                        "category": r.choice(["billing", "shipping", "returns", "praise"]),
                        "amount": round(r.uniform(1, 500), 2),
                        "customer": {"name": r.choice(NAMES), "vip": r.random() < 0.2},
                        "tags": r.sample(WORDS, 3),
                        "text": _para(r, 12),
                    }
                )
            )
        return "\n".join(rows)
    if kind == "csv":
        rows = ["date,region,product,units,price"]
        for i in range(150):
            rows.append(
                f"2024-{r.randrange(1, 13):02d}-{r.randrange(1, 28):02d},{r.choice(['north', 'south', 'east', 'west'])},"
                f"{r.choice(WORDS)},{r.randrange(1, 40)},{r.uniform(2, 90):.2f}"
            )
        return "\n".join(rows)
    if kind == "markdown":
        out = ["# Handbook\n"]
        for i in range(9):
            out.append(
                f"## {i + 1}. {r.choice(WORDS).title()} policy\n\n{_para(r, 40)}\n\n- Contact: {r.choice(NAMES).split()[0].lower()}@{r.choice(['acme.com', 'example.org'])}\n"
                f"- See https://docs.{r.choice(['acme.com', 'example.org'])}/{r.choice(WORDS)}\n"
            )
        out.append(
            "## Appendix\n\n| Team | Budget | Owner |\n|------|-------:|-------|\n"
            + "\n".join(
                f"| {w.title()} | {r.randrange(10, 900)},000 | {r.choice(NAMES)} |"
                for w in WORDS[:8]
            )
            + "\n"
        )
        return "\n".join(out)
    if kind == "chat":
        rows = []
        for i in range(160):
            rows.append(
                f"[{i // 60:02d}:{i % 60:02d}] {r.choice(NAMES)}: {_para(r, r.randrange(4, 18))}"
            )
        return "\n".join(rows)
    if kind == "code":
        rows = ['"""Generated module."""', "import os", ""]
        for i in range(30):
            f = f"{r.choice(WORDS)}_{r.choice(WORDS)}_{i}"
            rows += [
                f"def {f}(a, b={i}):",
                f'    """Compute {r.choice(WORDS)}."""',
                f"    # TODO: {_para(r, 5)}" if i % 4 == 0 else f"    x = a * {i}",
                f"    return a + b + {r.randrange(100)}",
                "",
            ]
        return "\n".join(rows)
    raise KeyError(kind)


LABELS = {
    "how far": "numeric value",
    "who": "human being",
    "what": "description",
    "where": "location",
    "when": "time",
}


def mock_llm(prompt: str) -> str:
    """Deterministic stand-in for a sub-LLM: answers by simple rules on the prompt text."""
    p = prompt.lower()
    if "label" in p or "classify" in p:
        out = []
        for m in re.finditer(r"^\s*(\d+)[.:)]\s*(.+)$", prompt, re.MULTILINE):
            s = m.group(2).lower()
            out.append(
                f"{m.group(1)}: " + next((v for k, v in LABELS.items() if k in s), "description")
            )
        if out:
            return "\n".join(out)
        return next((v for k, v in LABELS.items() if k in p), "description")
    if "json" in p:
        m = re.search(r"caused by (?:a |an )?([\w ]+?)(?:,|\.)", prompt)
        body = json.dumps(
            {
                "answer": m.group(1) if m else "unknown",
                "confidence": 0.9 if m else 0.1,
                "evidence": [len(prompt) % 7],
            }
        )
        return "Sure! Here it is:\n```json\n" + body + "\n```"
    m = re.search(r"magic number is (\d+)", prompt)
    if "magic" in p:
        if "yes or no" in p:
            return "Yes" if m else "No"
        return m.group(1) if m else "NOT FOUND"
    if "yes or no" in p:
        return "Yes" if zlib.crc32(prompt.encode()) % 2 else "No"
    if "summar" in p:
        return f"Summary[{zlib.crc32(prompt.encode()) % 9973}] of {len(prompt)} chars."
    if "rate" in p or "score" in p:
        return str(zlib.crc32(prompt.encode()) % 10)
    return f"Answer-{zlib.crc32(prompt.encode()) % 9973}"
