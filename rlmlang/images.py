"""Images: their bytes where they lie, and what is read off them: form, width, height and digest.

An image is sent as it is and kept as a reference: nothing of it is decoded, shrunk or converted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rlmlang.context import Cut, Document, Part, TextDocument
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.schema.image_rules import AROUND, MOST_BYTES, MOST_SIDE, ImageRule

SIGNATURES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n.{4}IHDR", re.DOTALL),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF.{4}WEBPVP8[ LX]", re.DOTALL),
}
"""How files of each form begin."""
ENDS = {"image/png": b"IEND", "image/jpeg": b"\xff\xd9", "image/gif": b";"}
"""What stands at the end of a whole file, of forms that do not say their length."""
DATA = re.compile(r"data:image/[\w.+-]+;base64,", re.IGNORECASE)
HINT = "give a PNG, JPEG, WebP or GIF"


@dataclass(frozen=True)
class Image(Cut):
    """An image with its size in pixels; `digest` is the sha256 of its bytes."""

    parts: tuple[Part, ...] = field(repr=False, compare=False)
    media_type: str
    width: int
    height: int
    size: int
    digest: str

    @property
    def name(self) -> str:
        """Its file, as the source names it."""
        return self.parts[0].document.id

    def read(self) -> bytes:
        """Its bytes. Raises CodedError (source-changed) where they are others now."""
        part = self.parts[0]
        return part.document.read(part.start, part.end)

    def tokens(self, rule: ImageRule) -> int:
        """The most tokens that it is counted as, with what stands around it."""
        return rule.count(self.width, self.height) + AROUND

    def __str__(self) -> str:
        shown = f"{self.width}x{self.height} {self.size:,} bytes"
        return f"[image {self.media_type} {shown} sha256:{self.digest}]"


def image_of(document: Document) -> Image:
    """The image that a document is. Raises CodedError (image-too-large, image-unreadable)."""
    if document.size > MOST_BYTES:
        raise _beyond(document.id, f"{document.size:,} bytes", f"{MOST_BYTES:,}")
    data = document.read(0, document.size)
    found = (kind for kind, begins in SIGNATURES.items() if begins.match(data))
    media_type = next(found, "")
    width, height = _sides(data) if media_type and _whole(data, media_type) else (0, 0)
    if width <= 0 or height <= 0:
        words = f"is a broken {media_type.removeprefix('image/').upper()}" if media_type else ""
        raise _unreadable(document.id, words or "is no image of a form that models take")
    if max(width, height) > MOST_SIDE:
        raise _beyond(document.id, f"{width:,}x{height:,} pixels", f"{MOST_SIDE:,} a side")
    digest = hashlib.sha256(data).hexdigest()
    parts = (Part(document, 0, document.size),)
    return Image(parts, media_type, width, height, len(data), digest)


def begins(data: bytes) -> bool:
    """Whether some bytes begin as an image does."""
    return any(signature.match(data) for signature in SIGNATURES.values())


def from_bytes(data: bytes, name: str) -> Image:
    """The image that some bytes are. Raises CodedError as `image_of`."""
    return image_of(TextDocument(name, data))


def from_url(url: str, name: str) -> Image:
    """The image in a data: URL. Raises CodedError (image-not-local) for any other, which nobody
    here fetches, and as `image_of`."""
    head = DATA.match(url)
    if head is None:
        raise not_local(url, name)
    try:
        return from_bytes(base64.b64decode(url[head.end() :], validate=True), name)
    except binascii.Error as mistake:
        raise _unreadable(name, f"is no base64: {mistake}") from None


def images_in(value: object) -> Iterator[Image]:
    """The images that a value is or holds."""
    if isinstance(value, Image):
        yield value
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for inner in value:
            yield from images_in(inner)


def not_local(url: str, name: str) -> CodedError:
    """The problem of an image that lies elsewhere."""
    return failed(
        "image-not-local",
        f"{name} is at {url:.80}",
        reason="An image is counted, hashed and sent from here; what a provider would fetch later "
        "may be another one.",
        hint="save it to a file first, or give its bytes",
    )


def _whole(data: bytes, media_type: str) -> bool:
    """Whether nothing is missing at the end."""
    if media_type in ENDS:
        return ENDS[media_type] in data
    return int.from_bytes(data[4:8], "little") + 8 <= len(data)


def _sides(data: bytes) -> tuple[int, int]:
    """Width and height as the header says; nothing where it breaks off."""
    import imagesize  # it loads urllib, for images that lie elsewhere

    try:
        width, height = imagesize.get(io.BytesIO(data), exif_rotation=False)
    except Exception:
        return 0, 0
    return int(width), int(height)


def _unreadable(name: str, words: str) -> CodedError:
    return failed("image-unreadable", f"{name} {words}", hint=HINT)


def _beyond(name: str, has: str, most: str) -> CodedError:
    words = f"{name} has {has}; an image may have {most}"
    return too_large(words, "No provider takes a larger one, and nothing is shrunk unseen.")


def too_large(words: str, reason: str) -> CodedError:
    """The problem of an image that a provider would refuse."""
    return failed(
        "image-too-large",
        words,
        reason=reason,
        hint="make it smaller first: `magick big.png -resize 2048x2048 small.png`",
    )
