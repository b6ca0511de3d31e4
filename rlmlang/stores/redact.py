"""Secrets taken out of texts, once, on their way to disk and into messages; never out of a value
that is in use.

What is looked for: the exact values of variables whose names speak of secrets, and the well-known
shapes of keys. Names are read as words: `API_KEY` and `apiKey` are such names, `MONKEY` and
`KEYBOARD_LAYOUT` are not.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

MASK = "[secret]"
SHORTEST, LONG = 8, 16
ENDS = 4  # characters of a secret by which one that is cut is found
LINE_END = r"(?:[ \t]*(?:\r?\n|\\n|\\\n)[ \t>#|*]*)?"
URL_SAFE = str.maketrans("+/", "-_")
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
SECRET = frozenset(
    "KEY KEYS TOKEN SECRET SECRETS PASSWORD PASSWORDS PASSWD PASSPHRASE PASS PWD CREDENTIAL "
    "CREDENTIALS AUTH AUTHORIZATION BEARER PAT DSN COOKIE".split()
)
RUN_ON = re.compile(r"(API|ACCESS|SECRET|PRIVATE|AUTH)KEY|\w+(TOKEN|SECRET|PASSWORD|PASSWD)")
# what is no secret whatever its variable is called: plain words and short numbers; paths; URLs
# that hold no password
PLAIN = re.compile(r"(?:[A-Z]?[a-z]+|[A-Z]+)(?:[-_. ](?:[A-Z]?[a-z]+|[A-Z]+))*")
HARMLESS = re.compile(r"\d{,15}|(?:~|\.{,2})(?:/[\w.@:-]{1,40}){2,}/?|[a-z][a-z+.-]*://[^@?]*")
# what a text must hold for a shape to be looked for at all, and the shape
# where a key may begin: `task-management-…` holds none; after an escape of JSON or a URL it may
BEGIN = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=\\u[0-9a-fA-F]{4})|(?<=%[0-9a-fA-F]{2}))"
# what of a key stands on the next line, where a line's end has cut it
ON = r"(?:[ \t]*(?:\r?\n|\\n)[ \t>#|*]*(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{6,})?"
# in a URL or a header: what is said to be a key, if it has a digit
VALUE = r"(?=[^\s\d&\"'#]*\d)[^\s&\"'#\\]{8,}"
QUERY = (
    r"(?P<keep>[?&;](?:[A-Za-z]+[_-])?(?i:api[_-]?key|key|token|secret|password|passwd|sig"
    r"|signature)=)" + VALUE
)
HEADER = (
    r"(?P<keep>(?i:api[_-]?key|auth[_-]?token|access[_-]?token)\"?[:=] ?\"?"
    r"|(?i:authorization)\"?: ?\"?(?i:basic|token|bearer) )" + VALUE
)
HEADERS = "uthorization UTHORIZATION pi-key pi-Key PI-KEY pi_key PI_KEY oken: oken= OKEN=".split()
SHAPES = (
    ("=", QUERY),
    *((word, HEADER) for word in HEADERS),
    ("sk-", BEGIN + r"sk-[A-Za-z0-9_-]{16,}" + ON),
    ("AKIA", BEGIN + r"AKIA[0-9A-Z]{16}"),
    ("ASIA", BEGIN + r"ASIA[0-9A-Z]{16}"),
    ("gh", BEGIN + r"gh[pousr]_[A-Za-z0-9]{30,}" + ON),
    ("github_pat_", r"github_pat_[A-Za-z0-9_]{30,}"),
    ("glpat-", r"glpat-[A-Za-z0-9_-]{20,}"),
    ("xox", BEGIN + r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("AIza", r"AIza[0-9A-Za-z_-]{35}"),
    ("ya29.", r"ya29\.[0-9A-Za-z_-]{20,}"),
    ("hf_", BEGIN + r"hf_[A-Za-z0-9]{30,}" + ON),
    ("gsk_", BEGIN + r"gsk_[A-Za-z0-9]{30,}"),
    ("xai-", BEGIN + r"xai-[A-Za-z0-9]{30,}"),
    ("pplx-", BEGIN + r"pplx-[A-Za-z0-9]{30,}"),
    ("k_live_", r"[sr]k_live_[A-Za-z0-9]{16,}"),
    ("k_test_", r"[sr]k_test_[A-Za-z0-9]{16,}"),
    ("npm_", BEGIN + r"npm_[A-Za-z0-9]{36}"),
    ("pypi-", r"pypi-[A-Za-z0-9_-]{50,}"),
    ("SG.", r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("eyJ", r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    ("PRIVATE KEY-----", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]*?"
     r"(?:-----END (?:[A-Z]+ )?PRIVATE KEY-----|\Z)"),
    ("earer ", r"(?<=[Bb]earer )(?=[^\s\d]*\d)[A-Za-z0-9._~+/-]{16,}=*"),
    ("://", r"(?<=://)[^\s/:@\"]+:[^\s/@\"]+(?=@)"),
)  # fmt: skip


class Redactor:
    """Replaces secrets in a text by `[secret]`. `environments` are variables with their values."""

    def __init__(self, *environments: Mapping[str, str]) -> None:
        values = {v for e in environments for v in secrets_in(e)}
        exact = {form for v in values for form in _forms(v)}
        self._exact = sorted(exact, key=len, reverse=True)
        self._cut = [(v[:ENDS], v[-ENDS:], _cut_form(v)) for v in values if len(v) >= 2 * ENDS]
        self._shapes = [(mark, re.compile(shape)) for mark, shape in SHAPES]

    def __call__(self, text: str) -> str:
        """The text without its secrets."""
        for value in self._exact:
            if value in text:
                text = text.replace(value, MASK)
        for head, tail, cut in self._cut:
            if head in text or tail in text:  # a line's end can have cut one of them only
                text = cut.sub(MASK, text)
        for mark, shape in self._shapes:
            if mark in text:
                text = shape.sub(_masked, text)
        return text


def _masked(found: re.Match[str]) -> str:
    """What stands in the place of a key; its name in a URL or header stays."""
    return (found.groupdict().get("keep") or "") + MASK


def secrets_in(environment: Mapping[str, str]) -> Iterator[str]:
    """The values that are secrets, by the names of their variables and by how they look."""
    for name, found in environment.items():
        value = found.strip()
        if len(value) >= SHORTEST and speaks_of_secrets(name) and not _harmless(value):
            yield value


def speaks_of_secrets(name: str) -> bool:
    """Whether one of the words of a variable's name says that it holds a secret."""
    words = [w.upper() for w in WORDS.findall(name)]
    return name.upper().endswith("DATABASE_URL") or any(
        w in SECRET or RUN_ON.fullmatch(w) for w in words
    )


def _harmless(value: str) -> bool:
    words = len(value) < LONG and PLAIN.fullmatch(value)
    return bool(words or HARMLESS.fullmatch(value))


def _forms(value: str) -> set[str]:
    """A secret as it is, as it stands inside JSON and URLs, and in base64, alone or behind other
    bytes as in `user:password`."""
    plain = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return plain | {quote(value, safe=""), quote(value)} | set(_encoded(value.encode()))


def _encoded(data: bytes) -> Iterator[str]:
    """What base64 has of some bytes wherever they begin, but for the characters that hold bits of
    their neighbours (RFC 4648, section 4)."""
    for before in range(3):
        whole = b64encode(bytes(before) + data).decode().rstrip("=")
        end = len(whole) - bool((before + len(data)) % 3)
        inside = whole[(0, 2, 3)[before] : end]
        if len(inside) >= SHORTEST:
            yield from {inside, inside.translate(URL_SAFE)}


def _cut_form(value: str) -> re.Pattern[str]:
    """A secret that a line's end has cut somewhere."""
    return re.compile(LINE_END.join(map(re.escape, value)))


def written(values: Mapping[str, object], redact: Callable[[str], str]) -> str:
    """Values as the JSON that is kept of them."""
    return json.dumps(without_secrets(values, redact), ensure_ascii=False, default=str)


def without_secrets(value: Any, redact: Callable[[str], str]) -> Any:
    """JSON values with every text in them redacted, names too, so that they stay JSON."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(str(k)): without_secrets(v, redact) for k, v in value.items()}
    if isinstance(value, Sequence):
        return [without_secrets(v, redact) for v in value]
    return value
