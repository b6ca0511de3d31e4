"""Makes runs/, the logs of forty builds, and truth.json with what must be found in them."""

import json
import random
from collections import Counter
from pathlib import Path

ERRORS = {"lint": ("src/cart.py", 41, "no such name"), "types": ("src/price.py", 7, "None + int")}
TESTS = [f"tests/test_{part}.py::test_{n}" for part in ("cart", "price") for n in range(4)]
FLAKY = {TESTS[2]: 0.2, TESTS[5]: 0.4}


def main() -> None:
    """Writes all beside this file; the same seed makes the same builds."""
    rng, here = random.Random(5), Path(__file__).parent
    (here / "runs").mkdir(exist_ok=True)
    first, errors, good, bad = Counter(), [], Counter(), Counter()
    for number in range(1, 41):
        lines, failed = [], []
        for step, error in ERRORS.items():
            lines.append(f"##[group] {step}")
            if rng.random() < 0.15:
                errors.append(dict(zip(("path", "line", "words"), error, strict=True)))
                lines += ["{}:{}: error: {}".format(*error), f"##[error] {step} failed"]
                failed.append(step)
        lines.append("##[group] test")
        lost = [t for t in TESTS if rng.random() < FLAKY.get(t, 0)]
        lines += [f"{t} {'FAILED' if t in lost else 'PASSED'}" for t in TESTS]
        if lost:
            lines.append("##[error] test failed")
            failed.append("test")
        good.update(t for t in TESTS if t not in lost)
        bad.update(lost)
        first.update(failed[:1])
        (here / "runs" / f"{number:03}.log").write_text("\n".join(lines) + "\n")
    truth = {
        "first": [{"step": s, "runs": n} for s, n in sorted(first.items())],
        "errors": errors,
        "flaky": [{"test": t, "good": good[t], "bad": bad[t]} for t in TESTS if good[t] and bad[t]],
    }
    (here / "truth.json").write_text(json.dumps(truth, indent=2) + "\n")


if __name__ == "__main__":
    main()
