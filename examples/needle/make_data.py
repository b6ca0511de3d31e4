"""Makes book.txt: half a million words of weather and roads, and one sentence that matters."""

import random
from pathlib import Path

PLACES = (
    "the harbour, the north road, the old mill, the bridge, the upper meadow, the chapel".split(
        ", "
    )
)
WHO = "The miller, A carter, The ferryman, Two sisters, The clerk, An old soldier".split(", ")
DID = (
    "waited for the rain to end, counted sacks of flour, spoke of the price of salt, "
    "mended a wheel, watched the geese go south, kept a ledger of small debts"
).split(", ")
WHEN = "before dawn, at noon, toward evening, in the second week of frost, after the fair".split(
    ", "
)
NEEDLE = "The iron key of the archive hangs behind the third bell, where Marta Vey left it in 1848."


def main() -> None:
    """Writes the book beside this file; the same seed makes the same book."""
    rng = random.Random(1848)
    paragraphs = []
    for _ in range(9_000):
        sentences = [
            f"{rng.choice(WHO)} {rng.choice(DID)} near {rng.choice(PLACES)} {rng.choice(WHEN)}."
            for _ in range(rng.randint(2, 6))
        ]
        paragraphs.append(" ".join(sentences))
    paragraphs.insert(6_111, NEEDLE)
    Path(__file__).with_name("book.txt").write_text("\n\n".join(paragraphs) + "\n")


if __name__ == "__main__":
    main()
