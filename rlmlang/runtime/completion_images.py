"""The images of what a question is asked about, taken out of it: its root model is shown them, and
a line that names each stands where it stood."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from rlmlang.images import Image, begins, from_bytes, from_url, image_of
from rlmlang.runtime.python_images import is_of, made
from rlmlang.sources.local import stored

HEAD = 32
"""Bytes by which a file is known as an image."""
KINDS = ("image_url", "input_image", "image")
"""Parts of messages that are images, as providers call them."""


def image_file(path: str) -> bool:
    """Whether a file of this machine begins as an image does."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return begins(file.read(HEAD))


def of_files(paths: Sequence[str]) -> list[Image]:
    """The images that files are, if all of them are some; else none. Raises CodedError as
    `image_of`."""
    if not all(map(image_file, paths)):
        return []
    return [image_of(stored(path, path)) for path in paths]


def opened(file: object) -> bytes:
    """What is left of an open file that holds an image; of any other nothing is read."""
    if not isinstance(file, io.BufferedIOBase) or not file.seekable():
        return b""
    at, head = file.tell(), file.read(HEAD)
    file.seek(at)
    return file.read() if begins(head) else b""


def lifted(value: object, images: list[Image]) -> object:
    """A context in which a line stands for each image; they are put into `images`. Raises
    CodedError (image-not-local, those of `image_of`)."""
    if (found := _image(value, len(images) + 1)) is not None:
        images.append(found)
        return f"[image {len(images)}: {found.media_type}, {found.width}x{found.height}]"
    if is_of(value, "dspy", "History"):
        return {"messages": lifted(vars(value)["messages"], images)}
    if isinstance(value, Mapping):
        part = _part if "role" in value else lifted
        return {k: (part if k == "content" else lifted)(v, images) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [lifted(x, images) for x in value]
    return value


def _image(value: object, number: int) -> Image | None:
    """The image that a value of a program is; None for any other."""
    name = f"image {number}"
    if isinstance(value, bytes | bytearray) and begins(bytes(value)):
        return from_bytes(bytes(value), name)
    if isinstance(value, PurePath) and image_file(str(value)):
        return image_of(stored(str(value), str(value)))
    return made(value, name)


def _part(content: object, images: list[Image]) -> object:
    """What a message says: a text, or parts, of which some are images."""
    if not isinstance(content, list):
        return lifted(content, images)
    seen = (isinstance(p, Mapping) and p.get("type") in KINDS for p in content)
    return [
        {"type": "text", "text": lifted(_shown(p), images)} if is_seen else lifted(p, images)
        for p, is_seen in zip(content, seen, strict=True)
    ]


def _shown(part: Mapping[str, object]) -> Image:
    """The image of a part of a message, in the words of OpenAI and of Anthropic."""
    said = part.get("image_url") or part.get("source") or part.get("image")
    if isinstance(said, Mapping) and said.get("type") == "base64":
        said = f"data:{said.get('media_type')};base64,{said.get('data')}"
    if isinstance(said, Mapping):
        said = said.get("url")
    return from_url(str(said), "an image of a message")
