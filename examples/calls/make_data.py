"""Makes old/ and new/, two versions of a source tree, owners.csv, and truth.json."""

import json
import random
from pathlib import Path

OWNERS = {"billing": "ann", "search": "bob", "mail": "cleo"}
PLAIN = ["def load(path):", "    return open(path).read()", "", "# fetch_all is on its way out",
         "total = add(1, 2)", "", "def close(self):", "    self.prefetch_all()"]  # fmt: skip
CALL = "rows = fetch_all(query)"


def written(path: Path, lines: list[str]) -> None:
    """Writes a file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    """Writes all beside this file; the same seed makes the same trees."""
    rng = random.Random(8)
    here = Path(__file__).parent
    owners, found = ["path,owner"], []
    for number in range(24):
        part = rng.choice([*OWNERS, "scripts"])
        name = f"{part}/module_{number:02}.py"
        lines = [rng.choice(PLAIN) for _ in range(60)]
        for at in rng.sample(range(60), rng.choice([0, 0, 1, 2])):
            lines[at] = CALL
        written(here / "old" / name, lines)
        if number % 3 == 0:
            lines.insert(rng.randrange(60), CALL)
        written(here / "new" / name, lines)
        if part in OWNERS:
            owners.append(f"{name},{OWNERS[part]}")
        for line, said in enumerate(lines, 1):
            if said == CALL:
                found.append({"owner": OWNERS.get(part, "nobody"), "path": name, "line": line})  # fmt: skip
    (here / "owners.csv").write_text("\n".join(owners) + "\n")
    found.sort(key=lambda x: (x["path"], x["line"]))
    truth: dict = {}
    for one in found:
        truth.setdefault(one["owner"], []).append(one)
    (here / "truth.json").write_text(json.dumps(truth, indent=2) + "\n")


if __name__ == "__main__":
    main()
