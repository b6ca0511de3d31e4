"""Numbers, truths, labels and none in words: what has one reading is read, what has two is not."""

from __future__ import annotations

import math
import re
import unicodedata

from rlmlang.framing import repairs as names
from rlmlang.framing.repairs import Repairs
from rlmlang.unicode import trimmed

DRESSED = re.compile(r"(\*{1,3}|_{1,3}|`|\"|'|“|‘|„|«|»|「)(.+)(?:\1|”|’|“|»|«|」)", re.DOTALL)
STOPS = ".!,;:。．！，；：…"
BOLD = re.compile(r"(?<!\S)(\*\*|__)([^*_\s][^*_]*)\1(?!\w)")
MOST = 200  # characters of a label or number with all that may stand around it
NOTHING = frozenset(("", "none", "null", "nil", "n/a", "(none)", "(null)", "(empty)", "nothing"))
SURELY = NOTHING - {"", "nothing", "(empty)"}
TRUTHS = {
    **dict.fromkeys(("true", "yes", "y", "t", "1", "on"), True),
    **dict.fromkeys(("false", "no", "n", "f", "0", "off"), False),
}
PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?")
SIGNS = str.maketrans({"−": "-", **dict.fromkeys("\u00a0\u202f\u2009", "_")})
GROUPED = re.compile(r"[+-]?\d{1,3}(?:([,_'’])\d{3})(?:\1\d{3})*(\.\d+)?")
FRACTION = re.compile(r"([+-]?\d{1,15})\s*/\s*(\d{1,15})")
MONEY = r"(?:US\$|[A-Z]{0,2}\$|[€£¥₹]|(?:USD|EUR|GBP|JPY|CHF|CAD|AUD)\b)"
AMOUNT = re.compile(rf"({MONEY})?\s*([+-]?[\d.,][^\s%A-Za-z€£¥₹$]*)\s*({MONEY}|%|[^\W\d_]+\.?)?")
SCALE = frozenset(
    "k m b t g bn mn mio mrd tn dozen hundred thousand million billion trillion lakh crore e "
    "or and to plus more less ish fewer half not no percent pct ppm permille x times".split()
)
BULLET = re.compile(r"[*•‣·]\s+")
GAPS = re.compile(r"[\s_\u2010-\u2015-]+")
PARENTHESES = re.compile(r"\(?([^()]+)\)")
LEAST_LABEL = 3
DOUBT = re.compile(
    r"\b(?:not|no|nor|never|neither|either|or|but|except|unless|instead|rather|than|without|unlike|"
    r"maybe|perhaps|possibly|could|might|may|if|although|however|unclear|unsure)\b|n['’]t\b"
)
LEADS = re.compile(
    r"(?:\s*[-–—:;,(.]\s.*|\s*\(.*\)\W*|[ \t]*\n.*|\s+because\b.*|\s*[.!]*)", re.DOTALL
)
ENDS = re.compile(r"(?:\w[\w ,'’]*\b(?:is|be|are|as)|(?:\w+ ){0,4}\w+\s*[:=])\s*", re.DOTALL)


def undressed(text: str) -> str:
    """Without bold, quotes and code marks around it, and the period behind them."""
    text = trimmed(text)
    while len(text) < MOST and (match := DRESSED.fullmatch(text.rstrip(STOPS))):
        text = trimmed(match.group(2))
    return text


def says_none(text: str, words: frozenset[str] = NOTHING) -> bool:
    """Whether a text says that there is nothing."""
    return undressed(text).rstrip(".。").casefold() in words


def truth(text: str, done: Repairs) -> bool:
    """Yes or no. Raises ValueError."""
    word = undressed(text).rstrip(STOPS).casefold()
    if word not in TRUTHS:
        raise ValueError("a truth is wanted: true or false")
    if text.strip().casefold() not in ("true", "false"):
        done[names.TRUTH] = None
    return TRUTHS[word]


def number(text: str, done: Repairs, *, whole: bool) -> int | float:
    """A number, without the unit behind it or the currency beside it. Raises ValueError."""
    bare = undressed(text)
    even = BOLD.sub(r"\2", bare).rstrip("!;。．！；")
    if not even.isascii():
        even = unicodedata.normalize("NFKC", even.translate(SIGNS))
    if PLAIN.fullmatch(even):
        found = _plain(even, whole)
    elif even.endswith(".") and PLAIN.fullmatch(even[:-1]):
        found = _plain(even[:-1], whole)
    elif len(even) < MOST and (match := FRACTION.fullmatch(even)) and not whole:
        if int(match[2]) == 0:
            raise ValueError("a fraction by zero is no number")
        found = int(match[1]) / int(match[2])
        done[names.NUMBER] = None
    else:
        found = _amount(even, done, whole)
    if bare != text.strip():
        done[names.DRESSING] = None
    if even != bare:
        done[names.NUMBER] = None
    if isinstance(found, float) and not math.isfinite(found):
        raise ValueError(f"{text.strip()[:40]} is no finite number")
    return found


def _plain(text: str, whole: bool) -> int | float:
    if not whole:
        return float(text)
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    digits, _, behind = text.partition(".")
    exact = "e" not in text.casefold() or float(text) < 2**53
    if len(behind) == 3 and behind == "000" and digits.lstrip("+-") not in ("0", ""):
        raise ValueError(f"{text[:40]} can be read in two ways")
    if not exact or not math.isfinite(found := float(text)) or not found.is_integer():
        raise ValueError(f"{text[:40]} is no whole number")
    return int(found) if "e" in text.casefold() else int(digits or "0")


def _amount(text: str, done: Repairs, whole: bool) -> int | float:
    """A number with separators, a unit or a currency."""
    match = AMOUNT.fullmatch(text) if len(text) < MOST else None
    if match is None:
        raise ValueError("a number is wanted")
    before, digits, behind = match[1], match[2], match[3]
    unit = (behind or "").rstrip(".").casefold()
    if unit in SCALE or (before and behind):
        raise ValueError(f"{text[:40]!r} is more than a number and its unit")
    money = bool(before) or bool(behind and re.fullmatch(MONEY, behind))
    found = _digits(digits, whole, money)
    if behind == "%" and (not whole or (found and found % 100 == 0)):
        raise ValueError("a share in per cent can be read in two ways")
    if before or behind:
        done[names.UNIT] = None
    if not PLAIN.fullmatch(digits):
        done[names.NUMBER] = None
    return found


def _digits(text: str, whole: bool, money: bool) -> int | float:
    """Digits that may be grouped by thousands; a single group has two readings as a fraction."""
    grouped = GROUPED.fullmatch(text)
    if grouped is None:
        if not PLAIN.fullmatch(text) or (money and re.search(r"\.\d{3}$", text)):
            raise ValueError(f"{text[:40]!r} can be read in two ways, or is no number")
        return _plain(text, whole)
    single = grouped[1] == "," and text.count(",") == 1 and not grouped[2]
    if single and not whole and not money:
        raise ValueError(f"{text[:40]!r} can be read in two ways: a thousand or a fraction")
    return _plain(text.replace(grouped[1], ""), whole)


def label(text: str, labels: tuple[tuple[str, str], ...], done: Repairs) -> str:
    """The one label that a text means. Raises ValueError."""
    known = [name for name, _ in labels]
    if text in known:
        return text
    wanted = plain_label(text)
    meant = [name for name in known if wanted and plain_label(name) == wanted]
    if not meant:
        joined = wanted.replace("_", "")
        meant = [name for name in known if joined and _joined(name) == joined]
    if not meant:
        meant = [name for name, doc in labels if wanted and doc and plain_label(doc) == wanted]
    if not meant and len(text) < MOST:
        meant = _mentioned(text, known)
    if len(meant) != 1:
        raise ValueError(f"one of {', '.join(known)[:120]} is wanted")
    done[names.LABEL] = None
    return meant[0]


def plain_label(text: str) -> str:
    """A label without dressing, in small letters, its words joined by `_`."""
    even = unicodedata.normalize("NFKC", text.replace("\\_", "_"))
    bare = undressed(BULLET.sub("", undressed(even))).rstrip(STOPS)
    if (match := PARENTHESES.fullmatch(bare)) is not None:
        bare = match[1]
    return GAPS.sub("_", bare.casefold()).strip("_")


def _joined(name: str) -> str:
    return plain_label(name).replace("_", "")


def _mentioned(text: str, known: list[str]) -> list[str]:
    """The label that a sentence begins or ends with, where it names no other and has no doubt."""
    said = text.strip().replace("**", "").replace("`", "").replace('"', "").casefold()
    spans = {
        match.span(): name
        for name in known
        for match in re.finditer(rf"(?<!\w){_spelled(name)}(?!\w)", said)
    }
    outer = {
        span: name
        for span, name in spans.items()
        if not any(a <= span[0] and span[1] <= b and (a, b) != span for a, b in spans)
    }
    if len(set(outer.values())) != 1 or len(name := next(iter(outer.values()))) < LEAST_LABEL:
        return []
    rest = "".join(said[a:b] for a, b in _between(sorted(outer), len(said)))
    (start, end), last = min(outer), max(outer)
    leads = start == 0 and LEADS.fullmatch(said[end:])
    ends = ENDS.fullmatch(said[: last[0]]) and not said[last[1] :].strip(" .!\n")
    return [name] if (leads or ends) and not DOUBT.search(rest) else []


def _between(spans: list[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    edges = [0, *(x for span in spans for x in span), end]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _spelled(name: str) -> str:
    return r"[\s_-]+".join(map(re.escape, re.split(r"[\s_-]+", name.strip("_").casefold())))
