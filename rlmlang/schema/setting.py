"""What a setting is: a name, the kind of value it takes, its range, and what it is for.

Whatever is written as `name: value`, `name <= value` or an argument is one of these, in a recipe as
in `rlm.toml`; readers, `rlm explain` and `--set` know no more than what stands here.
"""

from __future__ import annotations

import re

from rlmlang.schema.modules import FORM
from rlmlang.value import Frozen, value

MOMENT = 0.001
"""The least time that a limit may give, in seconds."""
MOST = 1e15
"""No amount is as large; what is not finite is."""
NUMBERS = (int, float)


@value
class Kind(Frozen):
    """A kind of value: in words, the types that hold it, the units that a number of it may have
    ("" is none), and the form of a text. Without types it is read by whoever asks for it."""

    words: str
    types: tuple[type, ...] = (str,)
    units: tuple[str, ...] = ()
    form: str = ""

    def holds(self, found: object) -> bool:
        """Whether a value is of this kind."""
        if self.types == (object,):
            return True
        if not isinstance(found, self.types) or isinstance(found, bool) != (self.types == (bool,)):
            return False
        if isinstance(found, int | float):
            return abs(found) <= MOST
        if isinstance(found, list | tuple):
            return all(isinstance(x, str) for x in found)
        return not self.form or re.fullmatch(self.form, str(found)) is not None


ENCODINGS = (
    "ascii utf-8 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be latin-1 iso-8859-2 "
    "iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-9 iso-8859-10 "
    "iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16 windows-1250 windows-1251 windows-1252 "
    "windows-1253 windows-1254 windows-1255 windows-1256 windows-1257 windows-1258 cp437 cp850 "
    "cp852 cp855 cp857 cp866 cp874 koi8-r koi8-u mac-roman shift-jis cp932 euc-jp iso-2022-jp "
    "gb2312 gbk gb18030 big5 big5-hkscs euc-kr cp949 johab"
).split()
"""How a text can be written in bytes, as Python and others call it."""
MODEL = r"(?!\S*://)\S([^\n\r\t]*\S)?"
PACKAGE = r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*(/[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*){0,3}"
KINDS = {
    "count": Kind("a whole number", (int,), ("",)),
    "tok": Kind("a number such as 500_000 or 2Mtok", (int,), ("", "tok")),
    "size": Kind("a size such as 4ktok", (int,), ("tok", "ch")),
    "memory": Kind("a size such as 256MB", (int,), ("MB", "GB", "KB")),
    "dollars": Kind("an amount of dollars such as 2.50", NUMBERS, ("",)),
    "duration": Kind("a time such as 90s or 30min", NUMBERS, ("s", "min", "h", "ms")),
    "fraction": Kind("a percentage", NUMBERS, ("%", "")),
    "number": Kind("a number", NUMBERS, ("",)),
    "truth": Kind("true or false", (bool,)),
    "text": Kind("text"),
    "value": Kind("text or a number", (str, *NUMBERS)),
    "given": Kind("a value of the parameter's type", (object,)),
    "character": Kind("one character", form=r'[^"\r\n]'),
    "quote": Kind('one character, or "" for none', form=r"[^\r\n]?"),
    "encoding": Kind("an encoding such as utf-16, windows-1252 or shift-jis",
                     form=f"(?i){'|'.join(ENCODINGS)}"),
    "model": Kind("a model's name, as text", form=MODEL),
    "module": Kind('a file and a class, such as "mine.py:Careful", or "dspy:NAME"', form=FORM),
    "path": Kind("the path of a file, as text", form=r"(?s).*\S.*"),
    "hash": Kind("a hash in hexadecimal digits", form=r"[0-9a-fA-F]+"),
    "url": Kind("a URL that begins with http:// or https://", form=r"(?i)https?://[^\s/?#]+\S*"),
    "variable": Kind("the name of a variable of the environment, never the key itself",
                     form=r"[A-Za-z_][A-Za-z0-9_]{0,63}"),
    "command": Kind("a command and its arguments, as a list of texts", (list,)),
    "package": Kind('a package\'s name such as "acme/legal"', form=PACKAGE),
    "version": Kind("a version of three numbers", form=r"[0-9]+(\.[0-9]+){1,2}(-[0-9A-Za-z.-]+)?"),
    "versions": Kind("versions such as >=1.4,<2 or ^3.2", form=r"[\^~<>=0-9., ]*[0-9]"),
    "names": Kind("a list of names", (list,)),
    "texts": Kind('a list of texts such as ["a", "b"]', (tuple,)),
    "choice": Kind("one of its names"),
    "name": Kind("a bare name", ()),
    "block": Kind("a block: { … }", ()),
    "expression": Kind("an expression", ()),
}  # fmt: skip


@value
class Setting(Frozen):
    """One setting or argument. `least` and `most` bound a number in the unit it is counted in (tok,
    bytes, seconds, dollars or things); `unit` says what it counts where the kind does not.

    A `limit` is written `name <= …`, and one that may be `of_model` also `name of MODEL <= …`, one
    `of_tool` also `name of TOOL <= …`, anything else `name: …`. `outside` is the path below which
    it may be set with `--set`, as STEP; `choices` are the only names it takes; `opens` is the kind
    of block that it begins.
    """

    name: str
    kind: str
    default: object = None
    required: bool = False
    doc: str = ""
    least: float | None = None
    most: float | None = None
    unit: str = ""
    example: str = ""
    limit: bool = False
    of_model: bool = False
    of_tool: bool = False
    outside: str = ""
    choices: tuple[str, ...] = ()
    opens: str = ""

    @property
    def of(self) -> Kind:
        """The kind of its value."""
        return KINDS[self.kind]

    @property
    def form(self) -> str:
        """How it is written, the value left open."""
        return f"{self.name} {'<=' if self.limit else ':'} …".replace(" :", ":")

    @property
    def takes(self) -> str:
        """What it takes, in words."""
        words = self.example if self.kind == "expression" else self.of.words
        if self.choices and self.kind != "names":
            words = " | ".join(self.choices)
        return ", ".join(x for x in (words, self.range, self.unit and f"in {self.unit}") if x)

    @property
    def range(self) -> str:
        """Between which bounds it lies, in words; empty where it has none."""
        sign = ".0%" if self.kind == "fraction" else "g"
        if self.most is not None and self.least is not None:
            return f"{self.least:{sign}} to {self.most:{sign}}"
        if self.least is None:
            return ""
        return "more than 0" if self.least == MOMENT else f"{self.least:g} or more"

    def refuses(self, found: object) -> str:
        """What a value must be where it is not, in words; empty where it fits."""
        if not self.of.holds(found) or not self._chosen(found):
            return f"takes {self.takes}"
        if isinstance(found, int | float) and not isinstance(found, bool):
            return self._out_of_range(found)
        return ""

    def _chosen(self, found: object) -> bool:
        """Whether a value, or each of a list, is one of the choices, where there are any."""
        chosen = found if isinstance(found, list) else [found]
        return not self.choices or all(x in self.choices for x in chosen)

    def _out_of_range(self, amount: float) -> str:
        if self.least is not None and amount < self.least:
            return f"is at least {self.least:g}"
        if self.most is not None and amount > self.most:
            return f"is at most {self.most:g}"
        return ""
