"""The rows that the examples of functions are about."""

ROW = """enum Label { sales, support }
record Row { id: Int, user: Text, label: Label?, n: Int, day: Date }"""
FIELDS = ("id", "user", "label", "n", "day")
ROWS = tuple(
    dict(zip(FIELDS, row, strict=True))
    for row in (
        (1, "ann", "sales", 3, "2026-01-05"),
        (2, "bob", "support", 5, "2026-01-20"),
        (3, "ann", "support", 4, "2026-02-03"),
    )
)
