"""Questions about images: shown to the model that writes code, and to no other."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dspy
import pytest
from PIL import Image as Pillow

import rlmlang
from tests.pictures import counted, parts_of, png, shown
from tests.servers import Reply, Server, chat_server, completion

PHOTO = png(640, 480)
URL = "data:image/png;base64," + base64.b64encode(PHOTO).decode()
CODES = ("print(llm_query('what?', str(context)))", "SUBMIT(str(context))")


def answer(body: dict[str, Any]) -> Reply:
    """The cells of a session, one a turn; whoever is asked by code says so."""
    texts = " ".join(p["text"] for p in parts_of(body) if p["type"] == "text")
    used = {"prompt_tokens": counted(body), "completion_tokens": 5}
    if "[[ ## turn ## ]]" not in texts:
        return completion("asked by code", used)
    turn = int(texts.rpartition("[[ ## turn ## ]]")[2].split()[1])
    return completion(f"```python\n{CODES[turn - 1]}\n```", used)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    with chat_server(answer) as found:
        yield found


def ask(server: Server, context: Any) -> rlmlang.Completion:
    """An answer about a context."""
    how = {"model": "openai/gpt-4o", "api_base": server.base, "store": None}
    return rlmlang.completion("What is it?", context, **how)


def message(part: dict[str, Any]) -> list[dict[str, Any]]:
    """A message with an image."""
    return [{"role": "user", "content": [{"type": "text", "text": "Look:"}, part]}]


LINE = "[image 1: image/png, 640x480]"
CONTEXTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "path": (lambda path: path, "[image 1: "),
    "bytes": (lambda path: PHOTO, LINE),
    "file": (lambda path: path.open("rb"), LINE),
    "dspy": (lambda path: dspy.Image(url=URL), LINE),
    "row": (lambda path: [{"page": dspy.Image(url=URL)}], LINE),
    "history": (lambda path: dspy.History(messages=[{"page": dspy.Image(url=URL)}]), LINE),
    "openai": (
        lambda path: message({"type": "image_url", "image_url": {"url": URL}}), LINE,
    ),
    "responses": (lambda path: message({"type": "input_image", "image_url": URL}), LINE),
    "anthropic": (
        lambda path: message({"type": "image", "source": {
            "type": "base64", "media_type": "image/png", "data": URL.partition(",")[2]}}),
        LINE,
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("kind", CONTEXTS)
def test_the_root_model_is_shown_images_in_each_turn(
    folder: Path, server: Server, kind: str
) -> None:
    path, (given, line) = folder / "photo.png", CONTEXTS[kind]
    path.write_bytes(PHOTO)
    found = ask(server, given(path))
    assert line in found.text
    first, sub, second = server.requests
    assert shown(first) == shown(second) == [PHOTO] and not shown(sub)
    assert found.usage.tokens_in == sum(map(counted, server.requests))
    assert not found.outcome.notices
    (read,) = found.receipt
    assert (read.source, read.read, read.by_code) == ("images", len(PHOTO), True)


def test_several_images_have_numbers(folder: Path, server: Server) -> None:
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(png(20, 10, name))
    found = ask(server, [folder / "a.png", folder / "b.png"])
    assert "[image 1: " in found.text and "[image 2: " in found.text
    assert shown(server.requests[0]) == [png(20, 10, "a.png"), png(20, 10, "b.png")]


def test_an_image_of_pillow_is_one_of_them(folder: Path, server: Server) -> None:
    assert ask(server, [Pillow.new("RGB", (30, 20)), "a note"]).text == (
        "['[image 1: image/png, 30x20]', 'a note']"
    )


@pytest.mark.parametrize(("context", "model", "code"), [
    (message({"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}),
     "openai/gpt-4o", "image-not-local"),
    (dspy.Image(url="data:image/png;base64,aaaa"), "openai/gpt-4o", "image-unreadable"),
    (PHOTO[:-20], "openai/gpt-4o", "image-unreadable"),
    (PHOTO, "offline/reader", "images-not-taken"),
    (PHOTO, "openai/gpt-5.2", "images-undeclared"),
], ids=range(5))  # fmt: skip
def test_what_cannot_be_shown_is_refused_before_anything_is_sent(
    folder: Path, server: Server, context: Any, model: str, code: str
) -> None:
    with pytest.raises(rlmlang.CodedError) as found:
        rlmlang.completion("?", context, model=model, api_base=server.base, store=None)
    assert found.value.diagnostic.code == code and not server.requests


def test_data_that_only_looks_like_a_part_is_data(folder: Path, server: Server) -> None:
    assert (
        ask(server, [{"type": "image", "title": "x"}]).text == "[{'type': 'image', 'title': 'x'}]"
    )
