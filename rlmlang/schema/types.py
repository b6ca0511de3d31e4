"""The types of the language as the reference tells of them; their rules are in `ir/types.py`.

The tests hold this table against the names of types there.
"""

from __future__ import annotations

from rlmlang.value import Frozen, value


@value
class TypeWord(Frozen):
    """A type: `form` is how it is written, `name` the word by which it is looked up. `fields` are
    those of its values, `size` what the plan counts with; `example` names the page of
    `grammar/examples` that shows it."""

    name: str
    form: str
    title: str
    doc: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    size: str = "what `max` says, else what its source holds"
    example: str = "types"


OF_ITEMS = "so many times its item"
TYPE_WORDS = (
    TypeWord("Text", "Text max 300tok", "a text"),
    TypeWord("Slice", "Slice", "a piece of a source",
             "It knows which bytes of which source it is; a receipt is made of that.",
             example="split"),
    TypeWord("Slice<T>", "Slice<Row>", "a piece of a list of rows",
             "What `split rows by items(per: 25)` gives.", example="partitions/items"),
    TypeWord("Doc", "Doc", "a file of a folder, or a document"),
    TypeWord("Quote", "Quote max 60tok",
             "words that stand in what a model was shown, to the letter",
             "An answer whose quote does not occur is refused."),
    TypeWord("Id", "Id", "a text that names a row"),
    TypeWord("Path", "Path", "the path of a file"),
    TypeWord("Range", "Range", "where in a source something stands", size="16 tok"),
    TypeWord("Date", "Date", "a day as ISO 8601 writes it: 2026-11-30", size="16 tok"),
    TypeWord("Time", "Time", "an instant as ISO 8601 writes it: 2026-11-30T08:15:00Z",
             size="16 tok"),
    TypeWord("Int", "Int", "a whole number", size="12 tok"),
    TypeWord("Float", "Float", "a number", size="14 tok"),
    TypeWord("Bool", "Bool", "true or false", size="3 tok"),
    TypeWord("Tree", "Tree", "the files of a folder", example="sources/files"),
    TypeWord("Image", "Image", "an image, as a parameter",
             "A PNG, JPEG, WebP or GIF, given as a file; a prompt shows it to a model that takes "
             "images. `[Image]` is several: a folder, a glob or a list. No model answers one.",
             size="what its model's rule counts (`rlm explain images`), at most; nothing in tok",
             example="sources/image"),
    TypeWord("Size", "Size", "a whole number that is a size: 4ktok", size="12 tok"),
    TypeWord("[T]", "[Row] max 20_000", "a list",
             "`max` bounds how many items it has; that of an item stands in it: "
             "`[Text max 20tok] max 5`.",
             size=OF_ITEMS),
    TypeWord("T?", "Text?", "of a type, or none"),
    TypeWord("Table", "Table<Row>", "rows that a model is shown as a table",
             "A list, shown as CSV: the names of the fields stand once.", size=OF_ITEMS,
             example="table"),
    TypeWord("Pair", "Pair<A, B>", "two values that belong together",
             "What `cross` and `zip` give.",
             (("left", "the first"), ("right", "the second")), "both", "cross"),
    TypeWord("Map", "Map<Text, Int>", "values by name: a JSON object of any keys",
             "What `by_key` and `nest` give; `get(map, key)`, `keys`, `values` read it.",
             size="what its record or source holds, else what a model may write", example="maps"),
    TypeWord("Json", "Json", "any value of JSON, as a parameter",
             "Nothing is known of it before it is there: a session of code looks into it (`repl`), "
             "a `code` function takes it, and no other step does. No prompt answers with it.",
             size="not counted: it is not shown", example="json"),
    TypeWord("prompt(A) -> B", "prompt(Slice) -> Text", "a prompt, as a parameter of a pattern",
             example="pattern"),
)  # fmt: skip
