"""The files of a package: their hash, their names, their sizes, and what its lock says of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.packages.lock import Lock, Locked, lock_of, lock_text
from rlmlang.packages.source import Source
from rlmlang.packages.tree import (
    folder_name,
    hash_of,
    included,
    main_file,
    require_names,
    require_sizes,
)
from rlmlang.packages.version import Version

# base64 of the sha256 of lines "sha256  name", as `sha256sum` and `base64` give it
HASHES = [
    ({}, "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
    ({"rlm.toml": b"", "a/b.rlm": b"abc"}, "h1:IHflLQqrRIQ+jma7rtNfEe5ncyNi9Z7srNRSt+Z5nco="),
    ({"a.rlm": b"abc", "B.rlm": b""}, "h1:9ee8KXno+oVt4q66z2dGh5F6P0vy78pZQ61+pdUqdrk="),
]


@pytest.mark.parametrize(("tree", "found"), HASHES, ids=lambda x: str(x)[:20])
def test_a_tree_has_the_hash_that_go_gives_it(tree: dict[str, bytes], found: str) -> None:
    assert hash_of(tree) == found
    assert len(folder_name(found)) == 64


@settings(deadline=None)
@given(st.dictionaries(st.text("abc/.", min_size=1), st.binary(), min_size=1), st.data())
def test_whatever_changes_in_a_tree_changes_its_hash(
    tree: dict[str, bytes], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(tree)))
    rest = {k: v for k, v in tree.items() if k != name}
    assert hash_of({**tree, name: tree[name] + b"\n"}) != hash_of(tree)
    assert hash_of(rest) != hash_of(tree) != hash_of({**rest, name + "x": tree[name]})


@pytest.mark.parametrize(
    "name",
    [
        "../a.rlm",
        "/a.rlm",
        "a//b",
        "a/./b",
        "a\\b",
        "C:x",
        "a\nb",
        "nul.\x00",
        "a.",
        "b /c",
        "x" * 201,
    ],
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(CodedError) as stopped:
        require_names([name], "acme/legal")
    assert stopped.value.diagnostic.code == "package-unsafe"


def test_names_that_some_file_systems_take_for_one_are_refused() -> None:
    with pytest.raises(CodedError):
        require_names(["a.rlm", "A.rlm"], "acme/legal")
    require_names(["a.rlm", "b/A.rlm", "-x.rlm", "ä ö.rlm"], "acme/legal")


def test_what_is_too_large_or_too_much_is_refused() -> None:
    for sizes in (
        {"a": 8_000_001},
        {str(n): 1 for n in range(2_001)},
        {str(n): 7_000_000 for n in range(5)},
    ):
        with pytest.raises(CodedError) as stopped:
            require_sizes(sizes, "acme/legal")
        assert stopped.value.diagnostic.code == "package-too-large"
    require_sizes({"a": 8_000_000}, "acme/legal")


def test_a_package_is_what_it_includes() -> None:
    names = (
        "rlm.toml a.rlm b/c.rlm a.py b/d.py .git/x.rlm b/.x.rlm vendor/y/z.rlm data.jsonl".split()
    )
    assert [n for n in names if included(n, ["**/*.rlm"])] == ["rlm.toml", "a.rlm", "b/c.rlm"]
    assert [n for n in names if included(n, ["*.rlm"])] == ["rlm.toml", "a.rlm"]
    assert [n for n in names if included(n, ["b/*.py", "dat?.jsonl"])] == [
        "rlm.toml",
        "b/d.py",
        "data.jsonl",
    ]


def test_the_main_file_has_the_last_name_or_is_the_only_one() -> None:
    assert main_file("acme/legal", ["legal.rlm", "other.rlm"]) == "legal.rlm"
    assert main_file("acme/legal", ["other.rlm", "b/legal.rlm"]) == "other.rlm"
    assert main_file("acme/legal", ["other.rlm", "more.rlm"]) == ""


TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)


@settings(deadline=None)
@given(st.dictionaries(TEXT, TEXT, max_size=3), st.lists(TEXT, max_size=3))
def test_a_lock_is_read_as_it_is_written(asked: dict[str, str], code: list[str]) -> None:
    found = Locked("a/b", Version(1, 2, 3), Source("path", "../b"), hash_of({}), tuple(code))
    user = Locked(
        "c", Version(0, 1, 0), Source("git", "u", "tag", "t"), hash_of({}), (), {"a/b": found.id}
    )
    lock = Lock(asked, dict.fromkeys(asked, found.id), {found.id: found, user.id: user})
    assert lock_of(lock_text(lock), "rlm.lock") == lock


@pytest.mark.parametrize(
    "text",
    ["", "version = 2", "<<<<<<< ours", "version = 1\n[[package]]\nname = 3", "version = 1\npackage = 3",
     'version = 1\n[deps]\na = { asked = "path+a", package = "a@1.0.0" }'],
)  # fmt: skip
def test_what_is_no_lock_is_refused(text: str) -> None:
    with pytest.raises(CodedError) as stopped:
        lock_of(text, "rlm.lock")
    assert stopped.value.diagnostic.code == "lock-unreadable"
