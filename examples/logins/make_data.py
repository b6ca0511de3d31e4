"""Makes auth.log, 3,000 lines of a login daemon, and truth.json, counted in plain Python."""

import json
import random
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

USERS = ["root", "admin", "oracle", "invalid user test", "invalid user guest", "deploy"]
HOSTS = [f"10.0.{n // 8}.{7 * n % 250 + 1}" for n in range(30)] + ["203.0.113.77"] * 12
OTHERS = [
    "Connection closed by {host} port {port} [preauth]",
    "Received disconnect from {host} port {port}:11: Bye Bye [preauth]",
    "Accepted password for {user} from {host} port {port} ssh2",
    "Accepted publickey for {user} from {host} port {port} ssh2",
]


def main() -> None:
    """Writes both files beside this one; the same seed makes the same lines."""
    rng = random.Random(7)
    clock, lines, failed = datetime(2026, 12, 9, 21, 30), [], []
    for number in range(3_000):
        clock += timedelta(seconds=rng.randint(1, 40))
        user, host, port = rng.choice(USERS), rng.choice(HOSTS), rng.randint(1024, 65535)
        said = rng.choice(OTHERS).format(user=user.split()[-1], host=host, port=port)
        if rng.random() < 0.5:
            said = f"Failed password for {user} from {host} port {port} ssh2"
            failed.append((host, user.split()[-1], f"{clock:%Y-%m-%dT%H}:00:00+00:00"))
        lines.append(f"{clock:%b %e %H:%M:%S} gate sshd[{24000 + number}]: {said}")
    here = Path(__file__)
    here.with_name("auth.log").write_text("\n".join(lines) + "\n")
    here.with_name("truth.json").write_text(json.dumps(counted(failed), indent=2) + "\n")


def counted(failed: list[tuple[str, str, str]]) -> dict[str, object]:
    """What the recipe must give."""
    pairs = Counter((host, user) for host, user, _ in failed)
    hours = Counter(hour for _, _, hour in failed)
    worst = sorted(sorted(pairs.items()), key=lambda pair: -pair[1])[:10]
    return {
        "failed": len(failed),
        "worst": [{"address": h, "user": u, "n": n} for (h, u), n in worst],
        "by_hour": dict(sorted(hours.items())),
    }


if __name__ == "__main__":
    main()
