"""Makes auth.log: two thousand lines of a login daemon, with one host that tries too often."""

import random
from pathlib import Path

USERS = ["root", "admin", "oracle", "test", "guest", "deploy"]
HOSTS = [f"10.0.{n // 8}.{7 * n % 250 + 1}" for n in range(30)]
NOISY = "203.0.113.77"


def main() -> None:
    """Writes the log beside this file; the same seed makes the same log."""
    rng = random.Random(22)
    lines = []
    for number in range(2_000):
        clock = f"{6 + number // 200:02}:{number // 4 % 60:02}:{number * 7 % 60:02}"
        host = NOISY if rng.random() < 0.3 else rng.choice(HOSTS)
        user = rng.choice(USERS)
        word = "Accepted" if host != NOISY and rng.random() < 0.4 else "Failed"
        lines.append(
            f"Dec 10 {clock} gate sshd[{24000 + number}]: {word} password for {user} "
            f"from {host} port {rng.randint(1024, 65535)} ssh2"
        )
    Path(__file__).with_name("auth.log").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
