"""`image("cat.png")`, `images("photos/*.jpg")`: images where they lie. One that cannot be read is
never left out of several."""

from __future__ import annotations

import os
from collections.abc import Mapping

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.images import Image, image_of, not_local
from rlmlang.schema.image_rules import FORMS
from rlmlang.sources.files import glob_at
from rlmlang.sources.folder import Found, folder_at
from rlmlang.sources.local import stored
from rlmlang.sources.place import LOCAL, Place
from rlmlang.sources.remote import is_remote
from rlmlang.unicode import file_name

GLOB = frozenset("*?[")


def opened(place: Place) -> Image:
    """One image. Raises CodedError (image-not-local, those of a file, those of `image_of`)."""
    _hold_local(place)
    return image_of(place.stored)


def several(place: Place) -> list[Image]:
    """The images of a glob, of a folder, or the one that is named, in the order of their paths.
    Raises CodedError (nothing-matches, and as `opened`)."""
    _hold_local(place)
    if os.path.isfile(place.path):
        return [image_of(place.stored)]
    found = _found(place.written, place.path, place.folder, place.options)
    if not found:
        raise failed(
            "nothing-matches",
            f"no image matches {file_name(place.written)}",
            reason=f"Of a folder, files that end in {', '.join(FORMS)} are taken.",
            hint='name a folder or a glob: "photos/*.jpg"',
        )
    return [image_of(stored(one.path, one.name)) for one in found]


def _found(written: str, path: str, base: str, options: Mapping[str, object]) -> list[Found]:
    """The files that are meant: of a folder those whose names end as images do."""
    if os.path.isdir(path):
        return [f for f in folder_at(path, options).files() if _is_image(f.name)]
    if not GLOB & set(written):
        stored(path, written)  # raises what is wrong with it
    folder, prefix = glob_at(written, base, options)
    return [Found(f.path, prefix + f.name) for f in folder.files()]


def _is_image(name: str) -> bool:
    return name.rpartition(".")[2].lower() in FORMS


def _hold_local(place: Place) -> None:
    if is_remote(place.path) and not place.path.startswith(LOCAL):
        raise not_local(place.path, "an image")
