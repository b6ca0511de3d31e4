"""What is written in other languages, and what is written here: one table for all messages.

Each part maps a word, as it is written elsewhere, to ours. On the left stands no word that means
something here in the same place.
"""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, str]


def _each(**ours: str) -> Words:
    """The table that has our word for each of the words behind it."""
    return {word: our for our, words in ours.items() for word in words.split()}


TYPES = _each(
    Text="str string String text varchar char STRING TEXT AnyStr",
    Int="int integer Integer int32 int64 long i32 i64 u32 u64 usize number Number bigint INT",
    Float="float double Double Decimal decimal real f32 f64 Real float64 FLOAT",
    Bool="bool boolean Boolean BOOL",
    Date="date",
    Time="time datetime DateTime timestamp Timestamp",
    Path="path PathBuf",
    Tree="tree folder Folder Directory dir repo",
    Doc="document Document File file",
    Slice="slice Chunk chunk",
)
"""A type for a type."""

LISTS = frozenset(
    "list List array Array Sequence Iterable tuple Tuple set Set Vec vector frozenset".split()
)
"""What is written `[T]` here; the type of an item stands behind it in brackets."""

OPTIONALS = frozenset("Optional Maybe Option Nullable".split())
"""What is written `T?` here."""

MAPS = frozenset("dict Dict map Mapping HashMap Hash".split())
"""What is written `Map<Text, T>` here; both types stand behind it in brackets."""

RECORDS = frozenset("object Object TypedDict any Any".split())
"""Values with names in them: a record says which."""

VALUES = {**_each(none="None null nil undefined NULL Null nothing NaN", true="True TRUE"),
          **_each(false="False FALSE")}  # fmt: skip

DECLARATIONS = _each(
    recipe="def fn func function fun procedure proc method task workflow pipeline flow",
    use="import include require from using load",
    record="class struct type interface dataclass schema typedef message",
    const="let var val final static constant define",
    enum="enumeration union",
    source="input data",
    code="extern external python",
    partition="splitter chunker",
    prompt="ask llm agent signature",
)
"""What begins a declaration."""

STATEMENTS = {
    **_each(let="var val const final auto mut my local", require="assert ensure"),
    **dict.fromkeys(("ret", "yield", "give", "output"), "return"),
}
"""What begins a line of a body."""

ADVICE = {
    "for": "there are no loops: `map xs with prompt()` asks about every item, `filter xs where …` "
    "chooses some, functions such as `column(xs, of: field)` and `sum(xs, of: field)` count",
    "while": "there are no loops: `map` goes over a list, `recurse` goes down a context",
    "print": "nothing is printed: what `return` gives is the result, `rlm show` shows all calls",
    "raise": "`require …` stops a run where its condition does not hold",
    "throw": "`require …` stops a run where its condition does not hold",
    "try": "what fails is said with the step: `{ on_error: skip(at_most: 5%) }`",
    "switch": "a choice is a value: `let x = match … { … }`, or `return match … { … }`",
    "async": "steps that do not need each other run side by side anyway: leave it out",
    "await": "steps that do not need each other run side by side anyway: leave it out",
    "lambda": "a condition speaks of the item as `it`: `where: it.n > 1`",
    "pass": "a body has at least `return …`",
}
"""What begins a line elsewhere and has no word of ours: what is done here."""

CHOICES = {
    "if": "a choice is a value: `let x = if … then … else …`, or `return if … then … else …`",
    "match": "a choice is a value: `let x = match … { … }`, or `return match … { … }`",
}
"""What begins a line elsewhere, and a value here."""

OPERATORS = {"&&": "and", "||": "or", "!": "not", "<>": "!=", "===": "==", "!==": "!=", ":=": "=",
             "=>": "->", "AND": "and", "OR": "or", "NOT": "not"}  # fmt: skip

UNITS = {
    **_each(s="sec secs second seconds", min="minute minutes mins", h="hour hours hr hrs"),
    **_each(ms="msec millis milliseconds", KB="kb kB KiB", MB="mb MiB Mb", GB="gb GiB Gb"),
    **_each(tok="token tokens t", ktok="ktokens kt ktoks", Mtok="Mtokens", ch="char chars"),
}
"""A unit for a unit."""

FUNCTIONS = _each(
    length="len size strlen count_chars nchar",
    count="cnt COUNT num nrow",
    sum="total SUM add_up",
    mean="avg average AVG",
    lower="lowercase toLowerCase to_lower LOWER casefold",
    upper="uppercase toUpperCase to_upper UPPER",
    trim="strip",
    text="str string String toString to_string to_text",
    int="Int integer parseInt to_int",
    float="Float double to_float parseFloat number",
    contains="includes has in_text",
    starts_with="startswith startsWith hasPrefix",
    ends_with="endswith endsWith hasSuffix",
    replace="sub gsub replaceAll",
    split_text="explode",
    join_text="implode",
    matches="regex re_match regexp test",
    find_all="findall findAll scan",
    dedupe="unique uniq set",
    sort_by="sort sorted order_by orderBy",
    take="limit head",
    drop="skip offset",
    reverse="reversed",
    coalesce="ifnull nvl default isnull",
    column="pluck select",
    concat="extend chain append",
    count_by="value_counts",
    group_by="groupby groupBy",
)
"""What is called; only names that exist are offered."""

MARKS = {
    "'": "text stands between double quotes",
    "#": "a comment begins with //",
    ";": "lines need no semicolon",
    "&": "conditions are joined with `and`",
    "|": "conditions are joined with `or`; a type that may be none ends in ?",
    "!": "a condition is turned round with `not`; unequal is !=",
    "%": "a percentage is glued to its number: 10%",
    "@": 'a version stands behind a package: use "acme/legal" @^3.2',
    "$": "a value is named by its bare word",
    "`": "text stands between double quotes",
    "“": "text stands between straight double quotes",
    "”": "text stands between straight double quotes",
    "‘": "text stands between straight double quotes",
    "’": "text stands between straight double quotes",
    "«": "text stands between straight double quotes",
    "»": "text stands between straight double quotes",
    "-": "a result type is written ->",
    "\\": "a line goes on by itself: white space means nothing",
    "^": "there are no powers: multiply",
    "~": "a condition is turned round with `not`",
    "…": "a range is written with two dots: 1..3",
    "→": "a result type is written ->",
    "≤": "a limit is written <=",
    "≥": "at least is written >=",
    "≠": "unequal is written !=",
    "×": "times is written *",
    "−": "minus is written -",
}
"""Characters that have no meaning here."""

CHARACTERS = {";": "", "→": "->", "≤": "<=", "≥": ">=", "≠": "!=", "×": "*", "−": "-", "…": "..",
              "$": "", "\u00a0": " "}  # fmt: skip
"""Characters that another text can stand in for, wherever they are."""

QUOTES = {"'": "'", "`": "`", "“": "”", "”": "”", "‘": "’", "’": "’", "«": "»", "„": "“"}
"""Marks around texts, with the one that closes each."""


def ours(word: str) -> list[str]:
    """What is written here for a word of another language, whatever it stands for there; nothing
    for one that is not known."""
    forms = ((LISTS, "[T]"), (OPTIONALS, "T?"), (MAPS, "Map"), (RECORDS, "record"))
    tables = (DECLARATIONS, TYPES, STATEMENTS, VALUES, OPERATORS, FUNCTIONS, UNITS)
    found = [table[word] for table in tables if word in table]
    return list(dict.fromkeys([*found, *(form for among, form in forms if word in among)]))
