"""Images of a program as a recipe takes them: paths, open files, bytes, `dspy.Image`, Pillow's."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Protocol, runtime_checkable

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.images import Image, from_bytes, from_url
from rlmlang.ir.types import IMAGE, Type


@runtime_checkable
class Picture(Protocol):
    """An image of Pillow's."""

    @property
    def mode(self) -> str:
        """How its pixels are kept."""

    def convert(self, mode: str, /) -> Picture:
        """The same with pixels of another kind."""

    def save(self, out: io.BytesIO, form: str, /) -> None:
        """Writes a file of it."""


Open = Callable[[str, Type], Datum]
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16")
"""What Pillow writes as PNG; anything else is made RGB first."""
HINT = "give a Path, an open file, bytes, a dspy.Image or an image of Pillow"


def images_given(value: object, name: str, type_: Type, open_path: Open) -> Datum:
    """A value of a program for an image, or for a list of them; a path is opened by `open_path`.
    Raises CodedError (wrong-input, those of images)."""
    if value is None and type_.optional:
        return None
    if not type_.is_list:
        return _image(value, name, open_path)
    if isinstance(value, PurePath):
        return open_path(str(value), type_)
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise _no_image(value, name, "a list of images, or the Path of a folder or glob")
    return [_image(x, f"{name}[{n}]", open_path) for n, x in enumerate(value, 1)]


def _image(value: object, name: str, open_path: Open) -> Datum:
    if isinstance(value, PurePath):
        return open_path(str(value), IMAGE)
    if isinstance(value, bytes | bytearray | memoryview):
        return from_bytes(bytes(value), name)
    if isinstance(value, str):
        if "://" not in value[:16] and not value.startswith("data:"):
            words = f"a string is no image: Path({value!r:.40}) is a place to read from"
            raise _no_image(value, name, words)
        return from_url(value, name)
    if (found := made(value, name)) is not None:
        return found
    read = getattr(value, "read", None)
    data = read() if callable(read) else None
    if not isinstance(data, bytes):
        raise _no_image(value, name, HINT)
    return from_bytes(data, name)


def is_of(value: object, package: str, kind: str) -> bool:
    """Whether a value is of a class of a package, which need not be here."""
    return any(
        k.__name__ == kind and k.__module__.partition(".")[0] == package
        for k in type(value).__mro__
    )


def made(value: object, name: str) -> Image | None:
    """What is an image already: ours, DSPy's or Pillow's; None for any other value. Raises
    CodedError (image-not-local, those of `image_of`)."""
    if isinstance(value, Image):
        return value
    if is_of(value, "dspy", "Image"):
        return from_url(str(vars(value)["url"]), name)
    return _picture(value, name)


def _picture(value: object, name: str) -> Image | None:
    """An image of Pillow's, without loss; None for any other value."""
    if not is_of(value, "PIL", "Image") or not isinstance(value, Picture):
        return None
    out = io.BytesIO()
    (value if value.mode in MODES else value.convert("RGB")).save(out, "PNG")
    return from_bytes(out.getvalue(), name)


def _no_image(value: object, name: str, hint: str) -> CodedError:
    words = f"the value given for `{name}` is a {type(value).__name__}, and no image"
    return failed("wrong-input", words, hint=hint)
