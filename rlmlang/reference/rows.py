"""The rows that the examples of functions are about: as a recipe declares them, as a type, as
values."""

from rlmlang.ir.types import INT, TEXT, EnumType, Field, TextType, record

TEXT_OF_ROW = """enum Label { sales, support }
record Row { id: Int, user: Text, label: Label?, n: Int, day: Date }"""
LABEL = EnumType((("sales", ""), ("support", "")), "Label")
ROW = record(Field("id", INT), Field("user", TEXT), Field("label", LABEL.maybe()), Field("n", INT),
             Field("day", TextType("Date")), name="Row")  # fmt: skip
ROWS = tuple(
    dict(zip(("id", "user", "label", "n", "day"), row, strict=True))
    for row in (
        (1, "ann", "sales", 3, "2026-01-05"),
        (2, "bob", "support", 5, "2026-01-20"),
        (3, "ann", "support", 4, "2026-02-03"),
    )
)
