"""Makes access.log, a day of a web server with a bad hour, and truth.json, what must be found."""

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

PATHS = ["/", "/cart", "/search", "/api/orders", "/api/stock"]
HOSTS = [f"10.0.{n}.{7 * n + 1}" for n in range(12)]
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
SPAN = timedelta(minutes=30)


def greatest(counts: Counter, n: int) -> list:
    """The greatest counts, of equals the first in order."""
    return sorted(counts.items(), key=lambda x: (-x[1], x[0]))[:n]


def main() -> None:
    """Writes both files beside this one; the same seed makes the same log."""
    rng = random.Random(9)
    lines, hours, worst, spans, failed = [], Counter(), Counter(), Counter(), 0
    for number in range(1_000):
        at = BEGIN + timedelta(seconds=number * 85 + rng.randrange(60))
        path, host = rng.choice(PATHS), rng.choice(HOSTS)
        bad = rng.random() < (0.6 if (at.hour, path) == (14, "/api/orders") else 0.03)
        status = rng.choice([500, 502, 503]) if bad else rng.choice([200, 200, 200, 304, 404])
        if status >= 500:
            hours[path, at.replace(minute=0, second=0)] += 1
            worst[host] += 1
            spans[at - (at - BEGIN) % SPAN] += 1
            failed += 1
        said = at.strftime("%d/%b/%Y:%H:%M:%S +0000")
        lines.append(f'{host} - - [{said}] "GET {path} HTTP/1.1" {status} {rng.randrange(9_000)}')
    here = Path(__file__)
    here.with_name("access.log").write_text("\n".join(lines) + "\n")
    truth = {
        "requests": len(lines),
        "failed": failed,
        "hours": [
            {"path": p, "hour": h.isoformat(), "errors": n} for (p, h), n in greatest(hours, 1)
        ],
        "hosts": [{"host": h, "errors": n} for h, n in greatest(worst, 3)],
        "bursts": [
            {"start": s.isoformat(), "end": (s + SPAN).isoformat(), "errors": n}
            for s, n in greatest(spans, 2)
        ],
    }
    here.with_name("truth.json").write_text(json.dumps(truth, indent=2) + "\n")


if __name__ == "__main__":
    main()
