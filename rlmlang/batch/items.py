"""The items of a batch: found one after another, named, none of them held."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path, PurePosixPath

from rlmlang import plugins
from rlmlang.context import Datum
from rlmlang.context import items_of as rows_in
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.evaluate import evaluate
from rlmlang.functions.values import shown
from rlmlang.ir.expressions import Constant, Expr, Joined
from rlmlang.ir.suite import FILE_FIELDS, Batch, Each
from rlmlang.ir.types import list_of
from rlmlang.runtime.code import call_code
from rlmlang.runtime.inputs import open_source
from rlmlang.sources.files import glob_at
from rlmlang.sources.place import Place, kind_at

LONGEST = 200  # bytes of each part of an item's name
MEANINGFUL = '\\:*?"<>|'  # in paths, on one system or another


@dataclass(frozen=True)
class Item:
    """One of the inputs: its place among them, its name, what it gives to parameters, as values or
    as `sources` by path, what it `sets` besides, and the file of its answer, empty for none."""

    number: int
    name: str
    values: Mapping[str, Datum] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    sets: Mapping[str, str] = field(default_factory=dict)
    output: str = ""


@dataclass(frozen=True)
class Survey:
    """What was seen of all items before any is run: how many there are, a hash of their names in
    order, and the files that globs leave out, with the reasons."""

    count: int
    listing: str
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Found:
    """An element of one `each`: what it is called, its value, the path it is opened from."""

    label: str
    value: Datum
    path: str = ""


def items_of(batch: Batch) -> Iterator[Item]:
    """The items in order. Raises CodedError for a file that cannot be read, a row that is not of
    its type, and names that cannot be those of files."""
    together = _zipped if batch.zipped else _product
    for number, found in enumerate(together(batch.each, folder_of(batch)), 1):
        yield _item(batch, number, found)


def survey(batch: Batch) -> Survey:
    """Looks at all items. Raises CodedError (items-alike) where two have one name or one file,
    (no-items) where there is none, and what `items_of` raises."""
    names, outputs, count = set[bytes](), set[bytes](), 0
    listing = hashlib.blake2b(digest_size=16)
    for item in items_of(batch):
        count += 1
        listing.update(item.name.encode("utf-8", "surrogatepass") + b"\0")
        _once(names, item.name, f"two items are called {item.name}", 'such as name: "{x.path}"')
        if item.output:
            words = f"the answers of two items would go to {item.output}"
            _once(outputs, os.path.normpath(item.output), words, "let {name} stand in `output`")
    if not count:
        raise failed("no-items", f"batch `{batch.name}` has no items", hint=_looked(batch))
    return Survey(count, listing.hexdigest(), tuple(_left_out(batch)))


def folder_of(batch: Batch) -> str:
    """The folder that its paths begin at."""
    return str(Path(batch.base).resolve().parent)


def _once(seen: set[bytes], text: str, words: str, hint: str) -> None:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    if digest in seen:
        raise failed("items-alike", words, hint=hint)
    seen.add(digest)


def _looked(batch: Batch) -> str:
    where = [f"`{e.name}` goes over {e.path}" for e in batch.each if e.path]
    return f"{'; '.join(where)}, from {folder_of(batch)}" if where else ""


# ── what each goes over ──────────────────────────────────────────────────────


def _product(each: tuple[Each, ...], folder: str) -> Iterator[tuple[_Found, ...]]:
    """Each with each, the last changing fastest."""
    if not each:
        yield ()
        return
    for first in FINDERS[each[0].over](each[0], folder):
        for rest in _product(each[1:], folder):
            yield (first, *rest)


def _zipped(each: tuple[Each, ...], folder: str) -> Iterator[tuple[_Found, ...]]:
    """The first of all, the second of all. Raises CodedError (items-uneven)."""
    sides = [FINDERS[e.over](e, folder) for e in each]
    for number, found in enumerate(zip_longest(*sides), 1):
        if None in found:
            short = each[found.index(None)].name
            long = next(e.name for e, f in zip(each, found, strict=True) if f is not None)
            raise failed(
                "items-uneven",
                f"`{short}` has {number - 1:,} elements, and `{long}` has more",
                hint="`pairs: zip` takes lists of one length; leave it out for each with each",
            )
        yield found


def _files(each: Each, folder: str) -> Iterator[_Found]:
    below, prefix = glob_at(each.path, folder, {})
    for one in below.files():
        path = PurePosixPath(prefix + one.name)
        texts = (str(path), path.name, path.stem, str(path.parent))
        label = str(PurePosixPath(one.name).with_suffix(""))
        yield _Found(label, dict(zip(FILE_FIELDS, texts, strict=True)), one.path)


def _left_out(batch: Batch) -> Iterator[tuple[str, str]]:
    for each in batch.each:
        if each.over == "glob":
            below, prefix = glob_at(each.path, folder_of(batch), {})
            below.files()
            yield from ((prefix + x.name, x.reason) for x in below.left_out)


def _lines(each: Each, folder: str) -> Iterator[_Found]:
    rows = plugins.opened("lines", Place(each.path, list_of(each.type), folder))
    return _numbered(rows_in(rows))


def _rows(each: Each, folder: str) -> Iterator[_Found]:
    if each.source is not None:
        return _numbered(rows_in(open_source(each.source)))
    place = Place(each.path, list_of(each.type), folder)
    return _numbered(rows_in(plugins.opened(kind_at(place.path, place.type), place)))


def _list(each: Each, folder: str) -> Iterator[_Found]:
    return _numbered(evaluate(e, {}, call_code) for e in each.values)


def _numbered(found: Iterable[Datum]) -> Iterator[_Found]:
    return (_Found(str(number), value) for number, value in enumerate(found, 1))


FINDERS: dict[str, Callable[[Each, str], Iterator[_Found]]] = {
    "glob": _files,
    "lines": _lines,
    "rows": _rows,
    "list": _list,
}


# ── an item ──────────────────────────────────────────────────────────────────


def _item(batch: Batch, number: int, found: tuple[_Found, ...]) -> Item:
    both = list(zip(batch.each, found, strict=True))
    env = {e.name: f.value for e, f in both}
    name = "-".join(f.label for f in found)
    if batch.called is not None:
        name = str(evaluate(batch.called, env, call_code))
    if not name.strip() or len(name) > LONGEST or not name.isprintable():
        raise _unfit(name, number)
    given = {e.name: f.value for e, f in both if e.fills and not f.path}
    given |= {p: evaluate(e, env, call_code) for p, e in batch.sets if p in batch.params}
    return Item(
        number,
        name,
        given,
        {e.name: f.path for e, f in both if e.fills and f.path},
        {p: str(evaluate(e, env, call_code)) for p, e in batch.sets if p not in batch.params},
        _output(batch.output, {**env, "name": name}, number),
    )


def _output(template: Expr | None, env: Mapping[str, Datum], number: int) -> str:
    """The file of an item's answer. Raises CodedError (item-name) where data would choose another
    folder for it than the batch says."""
    if template is None:
        return ""
    parts = template.parts if isinstance(template, Joined) else (template,)
    texts = [shown(evaluate(e, env, call_code)) for e in parts]
    for part, text in zip(parts, texts, strict=True):
        if not isinstance(part, Constant):
            if any(_odd(x) for x in text.split("/")):
                raise _unfit(text, number, " for a file")
    return "".join(texts)


def _odd(part: str) -> bool:
    """Whether it is no name of a file everywhere: it comes from data, which must not choose where
    answers go."""
    odd = part in ("", ".", "..") or part != part.strip() or len(part.encode()) > LONGEST
    return odd or not part.isprintable() or any(c in MEANINGFUL for c in part)


def _unfit(name: str, number: int, where: str = "") -> CodedError:
    return failed(
        "item-name",
        f"item {number:,} would be called {name!r:.80}, which is no name{where}",
        hint="rename the file, leave it out of the glob, or choose the names with `name`, from "
        "fields that hold short plain texts",
    )
