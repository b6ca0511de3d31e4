"""Makes invoices/ and orders.csv, two wrong sums among them, and truth.json with what must be found."""

import json
import random
from pathlib import Path

SUPPLIERS = ["Acme Metals", "Borealis Paper", "Cobalt & Sons"]
GOODS = [("Bolt M8", 0.12), ("Sheet A4", 0.04), ("Lamp", 18.5), ("Cable 5 m", 7.25), ("Ink", 31.9)]
ALTERED = {4: 10.0, 17: -0.5}
LATE = {9, 23}


def main() -> None:
    """Writes all beside this file; the same seed makes the same invoices."""
    rng = random.Random(3)
    here = Path(__file__).parent
    (here / "invoices").mkdir(exist_ok=True)
    orders, sums, wrong, more = ["order,ordered"], {}, [], []
    for number in range(1, 31):
        supplier = rng.choice(SUPPLIERS)
        items = [(*rng.choice(GOODS), rng.randint(1, 90)) for _ in range(rng.randint(1, 6))]
        total = round(sum(price * n for _, price, n in items), 2)
        stated = round(total + ALTERED.get(number, 0), 2)
        name, order = f"R-{number:03}", f"PO-{700 + number}"
        lines = "".join(f"{good:<12}{n} x {price:.2f}\n" for good, price, n in items)
        head = f"Invoice {name}\nSupplier: {supplier}\nOrder: {order}\n"
        (here / "invoices" / f"{name}.txt").write_text(f"{head}\n{lines}\nTotal: {stated:.2f}\n")
        if number not in LATE:
            orders.append(f"{order},{total:.2f}")
        count, so_far = sums.get(supplier, (0, 0.0))
        sums[supplier] = (count + 1, so_far + total)
        if stated != total:
            wrong.append(f"invoices/{name}.txt says {stated}, its lines {total}")
        if number in LATE:
            more.append(f"{name} of {supplier}: no order {order}")
    (here / "orders.csv").write_text("\n".join(orders) + "\n")
    suppliers = [{"supplier": s, "invoices": n, "items": round(x, 2)} for s, (n, x) in sorted(sums.items())]  # fmt: skip
    truth = {"suppliers": suppliers, "wrong": wrong, "without_order": more}
    (here / "truth.json").write_text(json.dumps(truth, indent=2) + "\n")


if __name__ == "__main__":
    main()
