"""Folders of hostile strangers, and every command in each of them: nothing happens outside."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rlmlang.runtime.trust_list import Listed, keep
from tests.conftest import Rlm
from tests.servers import Server, chat_server
from tests.servers import field as reply

SECRET = "the words of a file outside"
HEAD = """rlm 1
record Row { n: Int }
prompt note(book: Text max 2_000tok, q: Text max 20tok) -> Text max 20tok { task: "Note." }
"""
TAIL = """
recipe find(book: Text max 2_000tok%s, q: Text max 20tok = "q") -> Text { return note(book, q) }
dataset rows { path: "rows.jsonl" bind: { q: q } want: want }
eval seen for find { over: rows score exact weight 1 }
tune seen for find {
  optimizer: bootstrap
  trials: 1
  split: { train: 40%%, dev: 30%%, test: 30%%, seed: 1 }
  knob note.demos in [0, 1]
}
test "seen" for find {
  mock note returns "y"
  expect result == "y"
}
"""
RUNS_CODE = """open({marker!r}, "a").write("x")
f = lambda *values: 1.0
g = lambda *values: "b"
h = lambda *values: True
"""
COMMANDS = (
    ("check", "r.rlm"), ("plan", "r.rlm"), ("plan", "r.rlm", "--json"), ("plan", "r.rlm", "--tune"),
    ("graph", "r.rlm"), ("graph", "r.rlm", "--format", "svg"), ("fmt", "--check", "r.rlm"),
    ("test", "r.rlm"), ("test",), ("eval", "r.rlm"), ("tune", "r.rlm"), ("tune", "r.rlm", "--dry-run"),
    ("run", "r.rlm", "--replay"), ("show",), ("runs",), ("export", "last"), ("explain", "code"),
    ("doctor",), ("models",), ("trust", "--list"), ("store", "verify"),
)  # fmt: skip


@dataclass
class World:
    """What a hostile folder may reach for: a file that it writes, a port that counts who comes, a
    file outside, a model."""

    folder: Path
    port: int
    model: Server
    visits: list[str] = field(default_factory=list)

    @property
    def marker(self) -> str:
        return str(self.folder.parent / "marker")

    @property
    def outside(self) -> Path:
        return self.folder.parent / "outside.txt"

    def write(self, middle: str = "", default: str = "", tail: str = TAIL) -> None:
        (self.folder / "r.rlm").write_text(HEAD + middle + tail % default)

    def happened(self) -> list[str]:
        """What a command did that it may not."""
        found = [f"a visit: {v[:60]}" for v in self.visits]
        made = [self.folder.parent / name for name in ("marker", "made.db", "more.db")]
        found += [f"{path.name} was made" for path in made if path.exists()]
        asked = json.dumps(self.model.requests)
        return [*found, *(["outside was sent"] if SECRET in asked else [])]


@pytest.fixture
def world(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A folder below another one, with everything that could be hit."""
    inside = tmp_path / "theirs"
    inside.mkdir()
    monkeypatch.chdir(inside)
    keep(Listed())
    (tmp_path / "outside.txt").write_text(SECRET)
    (inside / "rows.jsonl").write_text("".join(f'{{"q": "{n}", "want": "y"}}\n' for n in range(9)))
    listening = socket.create_server(("127.0.0.1", 0))
    with chat_server(lambda body: reply("y")) as model:
        found = World(inside, listening.getsockname()[1], model)
        thread = threading.Thread(target=_count, args=(listening, found.visits))
        thread.start()
        monkeypatch.setenv("RLM_API_BASE", model.base)
        monkeypatch.setenv("RLM_MODEL", "m")
        yield found
        with socket.create_connection(listening.getsockname()) as last:
            last.sendall(b"end\r\n\r\n")
        thread.join()
        listening.close()


def _count(listening: socket.socket, visits: list[str]) -> None:
    """Notes who comes, until the test itself does."""
    while True:
        visitor, _ = listening.accept()
        said = visitor.recv(4_096).decode(errors="replace")
        visitor.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        visitor.close()
        if said.startswith("end"):
            return
        visits.append(said)


# ── the corpus ───────────────────────────────────────────────────────────────


def _python(world: World, name: str = "evil.py") -> None:
    (world.folder / name).write_text(RUNS_CODE.format(marker=world.marker))


def code_in_a_step(world: World) -> None:
    _python(world)
    step = TAIL.replace("note(book, q)", "note(book, seed(q))")
    world.write('code seed(q: Text) -> Text max 9tok from "evil.py:g"\n', ' = "b"', step)


def code_in_a_default(world: World) -> None:
    _python(world)
    world.write('code seed() -> Text max 9tok from "evil.py:g"\n', " = seed()")


def code_in_a_check(world: World) -> None:
    _python(world)
    world.write('code good(x: Text) -> Bool from "evil.py:h"\n', ' = "b"')
    recipe = (world.folder / "r.rlm").read_text()
    checked = recipe.replace('task: "Note."', 'task: "Note." check: good(result)')
    (world.folder / "r.rlm").write_text(checked)


def code_in_a_record(world: World) -> None:
    _python(world)
    kind = 'code good(x: Text) -> Bool from "evil.py:h"\nrecord Odd { t: Text max 9tok where good(it) }\n'
    odd = 'prompt odd(b: Text max 2_000tok, q: Text max 20tok) -> Odd { task: "x" }\n'
    tail = TAIL.replace("return note(book, q)", "let o = odd(book, q) return o.t")
    tail = tail.replace("knob note", "knob o")
    world.write(kind + odd, ' = "b"', tail.replace('note returns "y"', 'odd returns Odd(t: "y")'))


def code_in_a_mock(world: World) -> None:
    _python(world)
    world.write("", ' = "b"', TAIL.replace('returns "y"', 'returns scripted("evil.py:f")'))


def code_in_a_metric(world: World) -> None:
    _python(world)
    metric = 'metric mine(got: Text, want: Text) -> Float from "evil.py:f"\n'
    world.write(metric, ' = "b"', TAIL.replace("exact", "mine"))


def code_in_an_import(world: World) -> None:
    _python(world)
    (world.folder / "lib.rlm").write_text(
        'rlm 1\ncode seed() -> Text max 9tok from "evil.py:g"\nrecipe deep() -> Text { return seed() }\n'
    )
    world.write('use "./lib.rlm" { seed }\n', " = seed()")


def files_that_python_runs_by_itself(world: World) -> None:
    for name in ("conftest.py", "sitecustomize.py", "usercustomize.py", "json.py", "dspy.py"):
        _python(world, name)
    (world.folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "-p evil"\n')
    (world.folder / "evil.pth").write_text(f"import os; open({world.marker!r}, 'a')\n")
    world.write("", ' = "b"')


def _source(world: World, source: str, type_: str = "Text") -> None:
    world.write(f"source page: {type_} = {source}\n", " = page")


def a_url(world: World) -> None:
    _source(world, f'url("http://127.0.0.1:{world.port}/latest/meta-data")')


def a_url_as_a_file(world: World) -> None:
    _source(world, f'text("http://127.0.0.1:{world.port}/x")')


def a_chained_url(world: World) -> None:
    _source(world, f'url("simplecache::http://127.0.0.1:{world.port}/x")')


def a_repository(world: World) -> None:
    _source(world, f'url("git://127.0.0.1:{world.port}/x/y")')


def a_shell_elsewhere(world: World) -> None:
    _source(world, f'url("ssh://127.0.0.1:{world.port}/etc/passwd")')


def another_file_system(world: World) -> None:
    _source(world, f'url("webhdfs://127.0.0.1:{world.port}/x")')


def a_database(world: World) -> None:
    _rows(
        world,
        f'sql("create table x (n int)", url: "sqlite:///{world.folder.parent}/made.db")',
    )


def a_database_that_attaches(world: World) -> None:
    sqlite3.connect(world.folder / "own.db").close()
    attach = f"attach '{world.folder.parent}/more.db' as x"
    _rows(world, f'sql("{attach}", url: "sqlite:///own.db")')


def _rows(world: World, source: str) -> None:
    prompt = 'prompt look(rows: [Row], q: Text max 20tok) -> Text max 20tok { task: "x" }\n'
    tail = (
        TAIL.replace("book: Text max 2_000tok", "rows: [Row] max 9")
        .replace("note(book, q)", "look(rows, q)")
        .replace("note", "look")
    )
    world.write(f"{prompt}source page: [Row] = {source}\n", " = page", tail)


def a_file_outside(world: World) -> None:
    _source(world, f'text("{world.outside}")')


def a_file_above(world: World) -> None:
    _source(world, 'text("../outside.txt")')


def a_file_url(world: World) -> None:
    _source(world, f'text("file://{world.outside}")')


def a_link_to_a_file(world: World) -> None:
    (world.folder / "in.txt").symlink_to(world.outside)
    _source(world, 'text("in.txt")')


def a_link_to_a_folder(world: World) -> None:
    (world.folder / "in").symlink_to(world.folder.parent)
    _source(world, 'text("in/outside.txt")')


def a_dataset_outside(world: World) -> None:
    row = json.dumps({"q": SECRET, "want": "y"}) + "\n"
    (world.folder.parent / "rows.jsonl").write_text(row * 9)
    world.write("", ' = "b"', TAIL.replace('"rows.jsonl"', '"../rows.jsonl"'))


def a_task_that_climbs(world: World) -> None:
    attack = "{{ ''.__class__.__mro__[1].__subclasses__() }}{% set x = cycler.__init__.__globals__.os.system('touch ../marker') %}"
    (world.folder / "r.rlm").write_text(
        (HEAD + TAIL % ' = "b"').replace("Note.", attack.replace('"', ""))
    )


def a_tuning_that_climbs(world: World) -> None:
    world.write("", ' = "b"')
    task = "{{ cycler.__init__.__globals__.os.system('touch ../marker') }}"
    (world.folder / "find.tuned.json").write_text(
        json.dumps({"format": 1, "recipe": "find", "prompts": {"note": {"task": task}}})
    )


def a_project_file(world: World) -> None:
    world.write("", ' = "b"')
    (world.folder / "rlm.toml").write_text(
        f'[models]\ndefault = "m"\napi_base = "http://127.0.0.1:{world.port}/v1"\n'
        'api_key_env = "HOME"\n[sandbox]\ntiers = ["cpython"]\n'
    )
    os.environ.pop("RLM_API_BASE")


def a_store_with_triggers(world: World) -> None:
    world.write("", ' = "b"')
    (world.folder / ".rlm").mkdir()
    store = sqlite3.connect(world.folder / ".rlm" / "store.db")
    store.execute("create table run(name text, plan text)")
    store.execute("create view call as select load_extension('../marker')")
    store.commit()
    store.close()


CORPUS: tuple[Callable[[World], None], ...] = (
    code_in_a_step, code_in_a_default, code_in_a_check, code_in_a_record, code_in_a_mock,
    code_in_a_metric, code_in_an_import, files_that_python_runs_by_itself, a_url, a_url_as_a_file,
    a_chained_url, a_repository, a_shell_elsewhere, another_file_system, a_database,
    a_database_that_attaches, a_file_outside, a_file_above, a_file_url, a_link_to_a_file,
    a_link_to_a_folder, a_dataset_outside, a_task_that_climbs, a_tuning_that_climbs,
    a_project_file, a_store_with_triggers,
)  # fmt: skip


LIVE = tuple(
    a
    for a in CORPUS
    if a
    not in (
        files_that_python_runs_by_itself,
        a_chained_url,
        a_repository,
        a_shell_elsewhere,
        a_task_that_climbs,
        a_tuning_that_climbs,
        a_store_with_triggers,
    )
)
"""What does happen once it is trusted; the others need a package, or work nowhere."""


def named(attack: Callable[[World], None]) -> str:
    return attack.__name__


@pytest.mark.parametrize("attack", CORPUS, ids=named)
def test_no_command_does_what_a_stranger_wants(
    world: World, rlm: Rlm, attack: Callable[[World], None]
) -> None:
    attack(world)
    for command in COMMANDS:
        done = rlm(*command)
        assert world.happened() == [], (command, done.err)
        assert SECRET not in done.out, command
        assert "[internal]" not in done.err, (command, done.err)
        if command[0] == "check" and attack is not a_task_that_climbs:
            assert done.code == 0, done.err


@pytest.mark.parametrize("attack", LIVE, ids=named)
def test_what_is_trusted_is_done(
    world: World, rlm: Rlm, attack: Callable[[World], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    attack(world)
    assert rlm("trust", ".").code == 0
    for command in (("plan", "r.rlm"), ("test",), ("eval", "r.rlm"), ("run", "r.rlm")):
        rlm(*command)
    assert world.happened()


@pytest.mark.parametrize(
    "attack",
    [a_file_outside, a_file_above, a_file_url, a_link_to_a_file, a_link_to_a_folder],
    ids=named,
)
def test_a_run_reads_nothing_outside_unless_it_is_trusted(
    world: World, rlm: Rlm, attack: Callable[[World], None]
) -> None:
    attack(world)
    done = rlm("run", "r.rlm")
    assert (done.code, world.happened()) == (2, [])
    words = " ".join(done.err.split())
    assert "[recipe-untrusted]" in words
    assert str(world.outside) in words
    assert f"rlm trust {world.folder}" in words
    assert "--source page=PATH" in words
    assert rlm("run", "r.rlm", "--source", f"page={world.outside}").code == 0


@pytest.mark.parametrize("attack", [code_in_a_default, a_url], ids=named)
def test_a_run_does_what_the_plan_did_not_and_shows_the_plan_with_it(
    world: World, rlm: Rlm, attack: Callable[[World], None]
) -> None:
    attack(world)
    planned = rlm("plan", "r.rlm")
    assert (planned.code, world.happened()) == (0, [])
    assert "warning[recipe-untrusted]" in planned.err
    done = rlm("run", "r.rlm")
    assert world.happened()
    shown = done.err.partition("plan of find")[2]
    assert "budget calls" in shown


# ── what is named and lies elsewhere, or is no file ──────────────────────────

LIB = f"""rlm 1
// {SECRET}
recipe seed() -> Text {{ return "x" }}
"""
READING = (
    ("check", "r.rlm"),
    ("plan", "r.rlm"),
    ("test", "r.rlm"),
    ("eval", "r.rlm"),
    ("run", "r.rlm"),
)


def _used(world: World, path: str) -> None:
    (world.folder.parent / "lib.rlm").write_text(LIB)
    world.write(f'use "{path}" {{ seed }}\n', ' = "b"')


@pytest.mark.parametrize("path", ["../lib.rlm", "./in.rlm", "./sub/lib.rlm", "./sub/../../lib.rlm"])
def test_a_recipe_that_a_stranger_uses_from_outside_is_not_read(
    world: World, rlm: Rlm, path: str
) -> None:
    (world.folder / "in.rlm").symlink_to("../lib.rlm")
    (world.folder / "sub").symlink_to("..") if path == "./sub/lib.rlm" else (
        world.folder / "sub"
    ).mkdir()
    _used(world, path)
    for command in READING:
        done = rlm(*command)
        assert done.code == 2, (command, done.err)
        assert "[recipe-untrusted]" in done.err
        assert "lies outside its folder" in " ".join(done.err.split())
        assert SECRET not in done.err + done.out
    assert world.happened() == []
    assert rlm("trust", ".").code == 0
    assert rlm("check", "r.rlm").code == 0


def test_a_recipe_that_a_stranger_uses_from_its_own_folder_is_read(world: World, rlm: Rlm) -> None:
    _used(world, "./sub/own.rlm")
    (world.folder / "sub").mkdir()
    (world.folder / "sub" / "own.rlm").write_text('rlm 1\nuse "../top.rlm" { seed }\n' + TOP)
    (world.folder / "top.rlm").write_text(LIB)
    recipe = (world.folder / "r.rlm").read_text()
    (world.folder / "r.rlm").write_text(recipe.replace("{ seed }", "{ more }"))
    done = rlm("check", "r.rlm")
    assert done.code == 0, done.err


TOP = "recipe more() -> Text { return seed() }\n"


@pytest.mark.parametrize("kind", ["pipe", "device", "long"])
def test_what_is_no_recipe_of_an_ordinary_size_is_not_read_as_one(
    world: World, rlm: Rlm, kind: str
) -> None:
    file = world.folder / "odd.rlm"
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    else:
        file.write_text("//" + " " * (1 << 20))
    _used(world, "./odd.rlm")
    for trusted in (False, True):
        if trusted:
            assert rlm("trust", ".").code == 0
        for command in READING:
            done = rlm(*command)
            assert done.code in (2, 65), (command, done.err)
            wanted = {"recipe-unreadable"} | ({"recipe-untrusted"} if not trusted else set())
            assert any(f"[{code}]" in done.err for code in wanted), done.err
    assert rlm("check", "/dev/zero").code == 65


@pytest.mark.parametrize("path", ["../outside.py", "./in.py", "/dev/zero", "./pipe.py"])
def test_python_outside_or_that_is_no_file_is_refused_and_not_read(
    world: World, rlm: Rlm, path: str
) -> None:
    (world.folder.parent / "outside.py").write_text(RUNS_CODE.format(marker=world.marker))
    (world.folder / "in.py").symlink_to("../outside.py")
    os.mkfifo(world.folder / "pipe.py")
    step = TAIL.replace("note(book, q)", "note(book, seed(q))")
    world.write(f'code seed(q: Text) -> Text max 9tok from "{path}:g"\n', ' = "b"', step)
    code = "code-missing" if path == "./pipe.py" else "recipe-untrusted"
    for command in (("check", "r.rlm"), ("run", "r.rlm")):
        done = rlm(*command)
        assert done.code != 0
        assert f"[{code}]" in done.err, (command, done.err)
    assert world.happened() == []


@pytest.mark.parametrize("source", ['tree(".", links: follow)', 'files("*.txt", links: follow)'])
def test_links_inside_a_folder_lead_nowhere_else_for_a_stranger(
    world: World, rlm: Rlm, source: str
) -> None:
    """What a stranger's recipe asks to follow is asked about; what it does not is left out."""
    (world.folder / "own.txt").write_text("its own")
    (world.folder / "in.txt").symlink_to("../outside.txt")
    look = 'prompt look(t: Slice, q: Text max 20tok) -> Text max 20tok { task: "x" }\n'
    recipe = f"""rlm 1
{look}source page: Tree = {source}
recipe find(t: Tree = page, q: Text max 20tok = "q") -> [Text] {{
  return map (split t by files(max: 900tok)) with look(q)
}}
"""
    file = world.folder / "r.rlm"
    file.write_text(recipe)
    done = rlm("run", "r.rlm")
    assert (done.code, world.happened()) == (2, []), done.err
    assert "[recipe-untrusted]" in done.err
    assert str(world.outside) in " ".join(done.err.split())
    file.write_text(recipe.replace(", links: follow", ""))
    rlm("run", "r.rlm")
    assert world.happened() == []
    file.write_text(recipe)
    assert rlm("trust", ".").code == 0
    rlm("run", "r.rlm")
    assert world.happened() == ["outside was sent"]
