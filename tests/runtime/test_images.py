"""Images given to recipes: shown to a real server, counted, kept by reference, refused in words."""

from __future__ import annotations

import io
import sqlite3
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dspy
import pytest
from PIL import Image as Pillow

import rlmlang
from rlmlang.models.engines.meter import key_of
from rlmlang.runtime.trust_list import Listed, keep
from tests.conftest import Rlm
from tests.pictures import counted, parts_of, png, seeing, shown
from tests.servers import Server

RECIPE = """rlm 1

prompt describe(photo: Image, question: Text max 60tok) -> Text max 60tok "Answer from the photo."

prompt compare(photos: [Image], best: Image?) -> Text max 60tok "Which photo is the sharpest?"

recipe look(photo: Image, question: Text max 60tok = "What is it?") -> Text {
  return describe(photo, question)
}

record Named {
  name: Text
  said: Text
}

main recipe all(photos: [Image], question: Text max 60tok = "What is it?") -> [Named] {
  let said = map photos with describe(question)
  return map said with Named(name: it.name, said: it)
}

recipe sharpest(photos: [Image], best: Image? = none) -> Text {
  return compare(photos, best)
}
"""
SIZES = ((640, 480), (2049, 513), (1, 16_000), (769, 769), (512, 512))
MODEL = "openai/gpt-4o"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("RLM_API_KEY", "none")
    with seeing() as found:
        yield found


def ask(server: Server, recipe: str = "all", **more: Any) -> rlmlang.Outcome:
    """A run against the server."""
    how = {"recipe": recipe, "model": MODEL, "api_base": server.base, **more}
    return rlmlang.run(RECIPE, **how)


def photos(folder: Path) -> list[bytes]:
    """A folder with images of some sizes, and something else in it."""
    files = [png(w, h, f"{n}") for n, (w, h) in enumerate(SIZES)]
    (folder / "photos").mkdir()
    for number, data in enumerate(files):
        (folder / "photos" / f"p{number}.png").write_bytes(data)
    (folder / "photos" / "notes.txt").write_text("none of them")
    return files


def test_images_of_a_folder_are_sent_as_they_are_and_never_cost_more_than_planned(
    folder: Path, server: Server
) -> None:
    files = photos(folder)
    values = {"photos": folder / "photos"}
    plan = rlmlang.plan_recipe(RECIPE, recipe="all", model=MODEL, values=values)
    found = ask(server, values=values, store=str(folder / "runs.db"))
    sent = [data for body in server.requests for data in shown(body)]
    assert found.problem is None and sorted(sent) == sorted(files)
    named = [(f"p{n}.png", f"{w}x{h}") for n, (w, h) in enumerate(SIZES)]
    assert [(x["name"], x["said"]) for x in found.result] == named
    most = plan.totals.worst.tokens_in.value()
    assert found.usage.tokens_in == sum(map(counted, server.requests)) <= (most or 0)
    assert not found.notices
    (line,) = found.receipt
    assert line.promised == "exact" and line.read == line.total == sum(map(len, files))

    again = ask(server, values=values, store=str(folder / "runs.db"))
    assert again.result == found.result and again.usage.calls == 0
    (folder / "photos" / "p1.png").write_bytes(png(*SIZES[1], "another"))
    changed = ask(server, values=values, store=str(folder / "runs.db"))
    assert changed.usage.calls == 1 and len(server.requests) == len(SIZES) + 1


def test_a_reservation_of_a_call_holds_what_the_endpoint_counts(
    folder: Path, server: Server
) -> None:
    values = {"photo": png(1024, 1024)}
    first = ask(server, "look", values=values, store=None)
    least = first.usage.tokens_in
    budget = {"budget.tokens": f"{least + 60}tok"}
    spent = ask(server, "look", values=values, store=None, sets=budget)
    assert spent.problem is not None and spent.problem.diagnostic.code.startswith("budget")
    assert len(server.requests) == 1 and spent.usage.calls == 0


def test_the_store_has_a_reference_and_not_the_bytes(folder: Path, server: Server) -> None:
    data, store = png(64, 48, "x" * 5_000), folder / "runs.db"
    found = ask(server, "look", values={"photo": data}, store=str(store))
    assert found.result == "64x48"
    with sqlite3.connect(store) as kept:
        held = b"".join(bytes(str(row), "utf-8") for row in kept.iterdump())
    assert b"x" * 1_000 not in store.read_bytes() and b"iVBOR" not in held
    (call,) = found.trajectory.calls
    assert "[image image/png 64x48" in call.prompt and "sha256:" in call.prompt


def test_a_text_that_looks_like_an_image_is_another_request() -> None:
    said = ("settings", "system", "user: [image image/png 1x1 sha256:00]")
    assert key_of(*said) != key_of(*said, images=["00"])


def test_several_images_stand_where_their_fields_are(folder: Path, server: Server) -> None:
    two = [png(10, 20), png(30, 40)]
    found = ask(server, "sharpest", values={"photos": two, "best": two[1]}, store=None)
    assert found.result == "10x20 30x40 30x40"
    (body,) = server.requests
    user = [p for p in parts_of(body) if p["type"] == "image_url" or "## photos" in p["text"]]
    kinds = [p["type"] for p in parts_of(body)[1:]]
    assert user and kinds == ["text", "image_url", "text", "image_url", "text", "image_url", "text"]
    texts = [p["text"] for p in parts_of(body)[1:] if p["type"] == "text"]
    assert texts[:3] == ["[[ ## photos ## ]]\n[1] ", "\n[2] ", "\n\n[[ ## best ## ]]\n"]


def test_a_request_is_that_of_the_chat_adapter_of_dspy(folder: Path, server: Server) -> None:
    ask(server, "look", values={"photo": png(10, 20)}, store=None, sets={"question": "Why?"})
    (body,) = server.requests
    signature = dspy.Signature({
        "photo": (dspy.Image, dspy.InputField(desc="")),
        "question": (str, dspy.InputField(desc="")),
        "result": (str, dspy.OutputField(desc="At most 60 tokens.")),
    }, "Answer from the photo.")  # fmt: skip
    url = parts_of(body)[2]["image_url"]["url"]
    given = {"photo": dspy.Image(url=url), "question": "Why?"}
    theirs = dspy.ChatAdapter().format(signature, [], given)[-1]["content"]
    ours = parts_of(body)[1:]
    assert [p["type"] for p in ours] == [p["type"] for p in theirs]
    assert ours[:2] == theirs[:2]
    assert ours[2]["text"].startswith("\n\n[[ ## question ## ]]\nWhy?\n\n")


def test_an_adapter_of_the_users_shows_images_too(folder: Path, server: Server) -> None:
    with dspy.context(adapter=dspy.XMLAdapter()):
        load = rlmlang.load(RECIPE, recipe="look", model=MODEL, api_base=server.base, store=None)
        with pytest.raises(rlmlang.CodedError):  # the server answers in no XML
            load(photo=png(10, 20))
    assert shown(server.requests[0]) == [png(10, 20)]


def url_of(path: Path) -> str:
    return str(dspy.Image.from_path(str(path)).url)


KINDS: dict[str, Callable[[Path], Any]] = {
    "path": lambda path: path,
    "bytes": lambda path: path.read_bytes(),
    "memory": lambda path: memoryview(path.read_bytes()),
    "file": lambda path: io.BytesIO(path.read_bytes()),
    "url": url_of,
    "dspy": lambda path: dspy.Image(url=url_of(path)),
    "pillow": lambda path: Pillow.new("CMYK", (64, 48)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_image_of_a_program_is_taken(folder: Path, server: Server, kind: str) -> None:
    path = folder / "photo.png"
    path.write_bytes(png(64, 48))
    one, few = {"photo": KINDS[kind](path)}, {"photos": [KINDS[kind](path), path]}
    assert ask(server, "look", values=one, store=None).result == "64x48"
    assert ask(server, "sharpest", values=few, store=None).result == "64x48 64x48"
    assert kind == "pillow" or shown(server.requests[0]) == [png(64, 48)]


@pytest.mark.parametrize(("value", "code"), [
    ("https://example.com/cat.png", "image-not-local"),
    (dspy.Image(url="https://example.com/cat.png"), "image-not-local"),
    (Path("https://example.com/cat.png"), "source-missing"),
    ("cat.png", "wrong-input"),
    ({"photo": "cat.png"}, "wrong-input"),
    (io.StringIO("a cat"), "wrong-input"),
    (Path("missing.png"), "source-missing"),
    (b"", "image-unreadable"),
    (b"a cat", "image-unreadable"),
    (b"II*\0" + bytes(100), "image-unreadable"),
    (png(64, 48)[:40], "image-unreadable"),
    (png(64, 48)[:-12], "image-unreadable"),
    ("data:image/png;base64,a*b", "image-unreadable"),
    (png(64, 48)[:16] + struct.pack(">II", 20_000, 10) + png(64, 48)[24:], "image-too-large"),
    (png(64, 48) + bytes(20_000_000), "image-too-large"),
], ids=range(15))  # fmt: skip
def test_what_is_no_image_is_refused_before_anything_is_sent(
    folder: Path, server: Server, value: object, code: str
) -> None:
    with pytest.raises(rlmlang.CodedError) as found:
        ask(server, "look", values={"photo": value}, store=None)
    assert found.value.diagnostic.code == code and not server.requests


@pytest.mark.parametrize(("model", "code"), [
    ("offline/reader", "images-not-taken"),
    ("deepseek/deepseek-chat", "images-not-taken"),
    ("my/model", "images-undeclared"),
    ("anthropic/claude-sonnet-4-5", "image-too-large"),
])  # fmt: skip
def test_a_model_that_could_not_be_shown_an_image_is_refused_at_the_plan(
    folder: Path, model: str, code: str
) -> None:
    values = {"photo": png(64, 48) + bytes(5_000_000)}
    with pytest.raises(rlmlang.CodedError) as found:
        rlmlang.plan_recipe(RECIPE, recipe="look", model=model, values=values)
    assert found.value.diagnostic.code == code


def test_what_an_image_costs_may_be_declared(folder: Path, server: Server, rlm: Rlm) -> None:
    (folder / "look.rlm").write_text(RECIPE)
    (folder / "photo.png").write_bytes(png(64, 48))
    given = ("--recipe", "look", "--source", "photo=photo.png", "--model", "my/model")
    assert "images-undeclared" in rlm("plan", "look.rlm", *given).err
    (folder / "rlm.toml").write_text('[takes]\n"my/model" = { image_tokens = 300 }\n')
    assert rlm("plan", "look.rlm", *given).code == 0
    done = rlm("run", "look.rlm", *given, "--api-base", server.base)
    assert (done.code, done.out) == (0, "64x48\n")


@pytest.mark.parametrize(("source", "words"), [
    ("photos=photos", "p4.png"),
    ("photos=photos/p[12].png", "p2.png"),
    ("photos=photos/p3.png", "p3.png"),
])  # fmt: skip
def test_the_command_line_takes_a_folder_a_glob_or_a_file(
    folder: Path, server: Server, rlm: Rlm, source: str, words: str
) -> None:
    photos(folder)
    (folder / "look.rlm").write_text(RECIPE)
    done = rlm("run", "look.rlm", "--source", source, "--model", MODEL, "--api-base", server.base)
    assert done.code == 0 and words in done.out, done.err


@pytest.mark.parametrize(("given", "code"), [
    (("--source", "photos=https://example.com/*.png"), "image-not-local"),
    (("--source", "photos=photos/*.gif"), "nothing-matches"),
    (("--source", "photos=photos/*"), "image-unreadable"),
    (("--source", "photos=nowhere"), "source-missing"),
    (("--set", "photos=photos"), "wrong-input"),
])  # fmt: skip
def test_what_the_command_line_cannot_open_is_refused(
    folder: Path, rlm: Rlm, given: tuple[str, str], code: str
) -> None:
    photos(folder)
    (folder / "look.rlm").write_text(RECIPE)
    done = rlm("plan", "look.rlm", *given, "--model", MODEL)
    assert done.code != 0 and code in done.err


def test_an_image_behind_a_url_that_an_adapter_writes_is_not_sent(
    folder: Path, server: Server
) -> None:
    class Elsewhere(dspy.ChatAdapter):
        def format(self, *args: Any, **more: Any) -> Any:
            away = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
            return [{"role": "user", "content": [{"type": "text", "text": "Look."}, away]}]

    with dspy.context(adapter=Elsewhere(use_json_adapter_fallback=False)):
        load = rlmlang.load(RECIPE, recipe="look", model=MODEL, api_base=server.base, store=None)
        with pytest.raises(rlmlang.CodedError, match=r"example\.com"):
            load(photo=png(10, 20))
    assert not server.requests


EYE = "model eye { takes: { image_tokens: 300 } }\n"
MOCKED = """
test "a photo is shown" for look {
  given photo: file("photo.png")
  mock describe returns "a cat"
  expect result == "a cat"
}

batch every for look {
  each photo in glob("photos/*.png")
}
"""


def test_tests_and_batches_take_images(folder: Path, server: Server, rlm: Rlm) -> None:
    photos(folder)
    (folder / "photo.png").write_bytes(png(64, 48))
    (folder / "look.rlm").write_text(RECIPE + MOCKED)
    assert rlm("test", "look.rlm").code == 0  # with no model at all
    said = RECIPE.replace('"Answer from the photo."', '{ model: eye task: "Look." }') + EYE
    (folder / "said.rlm").write_text(said + MOCKED)
    assert rlm("test", "said.rlm").code == 0
    done = rlm("batch", "look.rlm", "--model", MODEL, "--api-base", server.base)
    assert done.code == 0 and len(server.requests) == len(SIZES), done.err


FOLLOWED = """rlm 1

source photos: [Image] = images("PLACE", links: follow)

recipe names(seen: [Image] = photos) -> [Text] {
  return map seen with it.name
}
"""


@pytest.mark.parametrize("place", [".", "*.png"])
def test_a_link_to_an_image_elsewhere_is_followed_for_who_trusts_it(
    folder: Path, rlm: Rlm, place: str
) -> None:
    inside = folder / "recipe"
    inside.mkdir()
    keep(Listed())  # nothing is trusted
    (folder / "away.png").write_bytes(png(8, 8))
    (inside / "link.png").symlink_to("../away.png")
    (inside / "names.rlm").write_text(FOLLOWED.replace("PLACE", place))
    done = rlm("run", "recipe/names.rlm")
    assert done.code != 0 and "[recipe-untrusted]" in done.err
    done = rlm("run", "recipe/names.rlm", "--trust")
    assert (done.code, "link.png" in done.out) == (0, True), done.err
