"""`use "acme/legal"`: by the lock alone, as it was locked, and only what is exported."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rlmlang.runtime.trust_list import Listed, keep
from tests.conftest import Rlm
from tests.packages.repositories import LEGAL, USER, Published, dep, legal, manifest


def test_a_locked_package_is_used_without_its_repository(
    project: Path, published: Published, rlm: Rlm
) -> None:
    assert rlm("deps", "lock").code == 0
    shutil.rmtree(published.folder)
    assert rlm("check", "go.rlm").code == 0
    done = rlm("run", "go.rlm", "--source", "contract=contract.txt")
    assert (done.code, json.loads(done.out)) == (0, [])
    first = json.loads(rlm("export", "last", "--format", "jsonl").out.splitlines()[0])
    assert list(first["packages"]) == ["acme/legal@3.2.1"]
    assert first["packages"]["acme/legal@3.2.1"] in (project / "rlm.lock").read_text()


def use(project: Path, line: str) -> None:
    """Writes a recipe with this `use`."""
    (project / "go.rlm").write_text(f"rlm 1\n\n{line}\n")


SAID = [
    ('use "acme/leagl" { all }', "package-unknown", "`acme/legal` is near"),
    ('use "acme/legal" @^4.0 { all }', "package-version", "locked at 3.2.1, where @^4.0"),
    ('use "acme/legal" @^3.3 { all }', "package-version", "rlm deps update acme/legal"),
    ('use "acme/legal" { hidden }', "not-exported", "does not export `hidden`"),
    ('use "acme/legal" { unknown }', "unknown-import", "declares no `unknown`"),
    ('use "acme/legal" { al }', "unknown-import", "`all`"),
    ('use "acme/legal/other" { all }', "import-missing", "has no file other.rlm"),
    ('use "./words.rlm" @^1 { all }', "package-version", "is a file, and has no version"),
    ('use "std/needle" @^0.9 { find }', "package-version", "`std` is at"),
    ('use "std/rlm" { reader }', "not-exported", "does not export `reader`"),
]


@pytest.mark.parametrize(("line", "code", "words"), SAID, ids=lambda x: str(x)[:40])
def test_what_cannot_be_used_is_said(
    project: Path, published: Published, rlm: Rlm, line: str, code: str, words: str
) -> None:
    assert rlm("deps", "lock").code == 0
    (project / "words.rlm").write_text("rlm 1\n")
    use(project, line)
    done = rlm("check", "go.rlm")
    assert done.code == 65
    assert f"error[{code}]" in done.err
    assert words in " ".join(done.err.split())


@pytest.mark.parametrize(
    "line",
    ['use "acme/legal" as legal { all }', 'use "acme/legal/words" { known }', 'use "acme/legal/words.rlm"',
     'use "acme/legal" @>=3', 'use "acme/legal" { known }', 'use "std/needle" @>=0 { find }'],
)  # fmt: skip
def test_what_can_be_used_is_not_remarked_on(
    project: Path, published: Published, rlm: Rlm, line: str
) -> None:
    assert rlm("deps", "lock").code == 0
    use(project, line)
    assert rlm("check", "go.rlm").code == 0


def test_behind_the_name_of_a_package_stands_only_what_it_exports(
    project: Path, published: Published, rlm: Rlm
) -> None:
    assert rlm("deps", "lock").code == 0
    use(
        project,
        'use "acme/legal" as law\n\nrecipe go(c: Text) -> Text {\n  return law.hidden(c)\n}',
    )
    assert "law.hidden" in rlm("check", "go.rlm").err
    use(
        project,
        'use "acme/legal" as law\n\nrecipe go(c: Text) -> [law.Clause] {\n  return law.all(c)\n}',
    )
    assert "hidden" not in rlm("check", "go.rlm").err


def test_before_it_is_locked_and_after_it_was_changed_that_is_said(
    project: Path, published: Published, rlm: Rlm
) -> None:
    assert "error[package-not-locked]" in rlm("check", "go.rlm").err
    assert rlm("deps", "lock").code == 0
    assert rlm("check", "go.rlm").code == 0
    published.commit(legal("3.3.0"), "v3.3.0")
    (project / "rlm.toml").write_text(
        "[deps]\n" + dep("acme/legal", git=published.url, tag="v3.3.0")
    )
    assert "error[lock-outdated]" in rlm("check", "go.rlm").err
    assert "error[lock-outdated]" in rlm("deps", "lock", "--locked").err
    assert rlm("deps", "lock").code == 0
    assert 'version = "3.3.0"' in (project / "rlm.lock").read_text()


def test_a_lock_is_the_same_text_each_time(project: Path, published: Published, rlm: Rlm) -> None:
    assert rlm("deps", "lock").code == 0
    first = (project / "rlm.lock").read_text()
    (project / "rlm.lock").unlink()
    assert rlm("deps", "lock").code == 0
    assert (project / "rlm.lock").read_text() == first


def test_only_what_a_change_of_a_package_touches_is_asked_again(
    project: Path, published: Published, rlm: Rlm
) -> None:
    (project / "go.rlm").write_text(
        USER.replace("{ Clause, all }", "{ Clause, clauses }").replace(
            "return all(contract)",
            "let found = map (split contract by paragraphs(max: 100tok)) with clauses()\n"
            "  let own = map (split contract by paragraphs(max: 100tok)) with mine()\n"
            "  return concat(flatten(found), flatten(own))",
        )
        + '\nprompt mine(page: Slice) -> [Clause] max 4 "List what is mine."\n'
    )
    run = ("run", "go.rlm", "--source", "contract=contract.txt")
    assert rlm("deps", "lock").code == 0
    assert " 2 calls" in rlm(*run).err
    assert " 0 calls" in rlm(*run).err
    published.commit(legal("3.2.2", "# another text, which says the same\n"), "v3.2.2")
    assert rlm("deps", "update").code == 0
    assert " 0 calls" in rlm(*run).err
    changed = LEGAL.replace("List the clauses.", "List all of the clauses.")
    published.commit({**legal("3.2.3"), "legal.rlm": changed}, "v3.2.3")
    assert rlm("deps", "update").code == 0
    assert " 1 calls" in rlm(*run).err


def with_code(version: str = "3.2.1") -> dict[str, str | bytes]:
    """`acme/legal` with Python in it."""
    toml = manifest("acme/legal", version, 'include = ["*.rlm", "rules.py"]\n')
    text = 'rlm 1\n\nexport code twice(n: Int) -> Int from "rules.py:twice"\n'
    return {"rlm.toml": toml, "legal.rlm": text, "rules.py": "def twice(n):\n    return n * 2\n"}


CODED = 'rlm 1\n\nuse "acme/legal" { twice }\n\nrecipe go(n: Int) -> Int {\n  return twice(n)\n}\n'


def test_python_of_a_package_runs_only_where_the_project_says_so_and_is_trusted(
    project: Path, folder: Path, published: Published, rlm: Rlm
) -> None:
    published.commit(with_code(), "v3.2.1")
    (project / "go.rlm").write_text(CODED)
    assert "rules.py" in rlm("deps", "lock").err
    assert 'code = ["rules.py"]' in (project / "rlm.lock").read_text()
    assert "error[code-not-allowed]" in rlm("check", "go.rlm").err
    assert rlm("run", "go.rlm", "--set", "n=21", "--trust").code == 65
    with (project / "rlm.toml").open("a") as toml:
        toml.write('\n[code]\nallow = ["acme/legal"]\n')
    assert "error[code-not-allowed]" in rlm("check", "go.rlm").err
    assert rlm("trust", ".").code == 0
    done = rlm("run", "go.rlm", "--set", "n=21")
    assert (done.code, done.out.strip()) == (0, "42")


def test_a_package_cannot_run_python_that_is_not_in_it(
    project: Path, published: Published, rlm: Rlm
) -> None:
    (project / "evil.py").write_text("def twice(n):\n    return 666\n")
    text = str(with_code()["legal.rlm"]).replace(
        "rules.py:", f"../../../../../..{project}/evil.py:"
    )
    published.commit({**with_code(), "legal.rlm": text}, "v3.2.1")
    (project / "go.rlm").write_text(CODED)
    with (project / "rlm.toml").open("a") as toml:
        toml.write('\n[code]\nallow = ["acme/legal"]\n')
    assert rlm("deps", "lock").code == 0
    assert rlm("trust", ".").code == 0
    assert "error[code-not-allowed]" in rlm("run", "go.rlm", "--set", "n=21").err


def test_a_package_sees_neither_the_project_nor_what_it_does_not_declare(
    project: Path, published: Published, rlm: Rlm
) -> None:
    (project / "own.rlm").write_text("rlm 1\n\nexport const known = 1\n")
    for line, code in (
        (f'use "../../../../../../..{project}/own.rlm" {{ known }}', "import-missing"),
        ('use "team/common" { known }', "package-unknown"),
    ):
        published.commit({**legal(), "legal.rlm": f"rlm 1\n\n{line}\n"}, "v3.2.1")
        (project / "rlm.lock").unlink(missing_ok=True)
        assert rlm("deps", "lock").code == 0
        use(project, 'use "acme/legal"')
        assert code in rlm("check", "go.rlm").err


def shared(folder: Path, version: str = "1.0.0", text: str = "export const word = 1") -> Path:
    """The package `team/common` in a folder."""
    folder.mkdir(exist_ok=True)
    (folder / "rlm.toml").write_text(manifest("team/common", version))
    (folder / "common.rlm").write_text(f"rlm 1\n\n{text}\n")
    return folder


def test_a_folder_is_used_as_it_is_and_locked_as_it_was(
    project: Path, folder: Path, rlm: Rlm
) -> None:
    shared(folder / "common")
    assert rlm("deps", "add", "team/common", "--path", "../common").code == 0
    use(project, 'use "team/common" { word }')
    assert rlm("check", "--locked", "go.rlm").code == 0
    shared(folder / "common", text="export const word = 2\n\nexport const more = 3")
    use(project, 'use "team/common" { more }')
    assert rlm("check", "go.rlm").code == 0
    assert "error[package-changed]" in rlm("check", "--locked", "go.rlm").err
    assert "error[package-changed]" in rlm("plan", "--locked", "go.rlm").err
    assert rlm("deps", "verify").code == 1
    assert rlm("deps", "lock").code == 0
    assert rlm("check", "--locked", "go.rlm").code == 0


def test_a_folder_outside_of_what_is_trusted_is_not_read(
    project: Path, folder: Path, rlm: Rlm
) -> None:
    shared(folder / "common")
    assert rlm("deps", "add", "team/common", "--path", "../common").code == 0
    use(project, 'use "team/common" { word }')
    keep(Listed())
    assert "recipe-untrusted" in rlm("check", "go.rlm").err


def test_two_majors_of_a_package_stand_under_two_names(
    project: Path, published: Published, rlm: Rlm
) -> None:
    old = LEGAL.replace("export recipe all", "export recipe every")
    published.commit({**legal("2.9.0"), "legal.rlm": old}, "v2.9.0")
    (project / "rlm.toml").write_text(
        "[deps]\n"
        + dep("acme/legal", git=published.url, tag="v3.2.1")
        + dep("acme/legal@2", git=published.url, tag="v2.9.0")
    )
    assert rlm("deps", "lock").code == 0
    use(
        project,
        'use "acme/legal" @^2.1 as old { every }\nuse "acme/legal" @^3 as law { all }\nuse "acme/legal" as usual',
    )
    assert rlm("check", "go.rlm").code == 0
    (project / "rlm.toml").write_text(
        "[deps]\n" + dep("acme/legal@2", git=published.url, tag="v3.2.1")
    )
    assert "`acme/legal@2` is 3.2.1" in rlm("deps", "lock").err


def test_what_packages_ask_for_is_locked_too_and_why_says_for_whom(
    project: Path, published: Published, rlm: Rlm, tmp_path_factory: pytest.TempPathFactory
) -> None:
    terms = Published(tmp_path_factory.mktemp("git") / "terms")
    for version in ("1.0.0", "1.4.0"):
        text = 'rlm 1\n\nexport const term = "30 days"\n'
        terms.commit(
            {"rlm.toml": manifest("acme/terms", version), "terms.rlm": text}, f"v{version}"
        )
    asks = "[deps]\n" + dep("acme/terms", git=terms.url, tag="v1.4.0")
    text = LEGAL.replace("rlm 1\n", 'rlm 1\n\nuse "acme/terms" @^1.4 { term }\n', 1)
    published.commit({**legal("3.2.1", asks), "legal.rlm": text}, "v3.2.1")
    (project / "rlm.toml").write_text(
        "[deps]\n"
        + dep("acme/legal", git=published.url, tag="v3.2.1")
        + dep("acme/terms", git=terms.url, tag="v1.0.0")
    )
    assert rlm("deps", "lock").code == 0
    assert rlm("check", "go.rlm").code == 0
    assert "acme/terms 1.4.0" in rlm("deps", "list").out
    assert "1.0.0" not in rlm("deps", "list").out
    assert rlm("deps", "why", "acme/terms").out.splitlines() == [
        "this project → acme/legal@3.2.1 → acme/terms@1.4.0",
        "this project → acme/terms@1.4.0",
    ]
    assert "`acme/terms` is near" in rlm("deps", "why", "acme/term").err
    assert rlm("deps", "remove", "acme/terms").code == 0
    assert "acme/terms" not in (project / "rlm.toml").read_text()
    use(project, 'use "acme/terms" { term }')
    assert "error[package-unknown]" in rlm("check", "go.rlm").err


WRONG = [
    ('"acme/legal" = { }', "one of path, git, python"),
    ('"acme/legal" = { path = "a", python = ">=1" }', "one of path, git, python"),
    ('"acme/legal" = { git = "https://x.org/a" }', "one of tag, branch, rev"),
    ('"acme/legal" = { git = "ext::sh -c touch% x", tag = "v1" }', "`git` takes a URL"),
    ('"acme/legal" = { git = "--upload-pack=touch x", tag = "v1" }', "`git` takes a URL"),
    ('"acme/legal" = { git = "-x@host:a", tag = "v1" }', "`git` takes a URL"),
    ('"acme/legal" = { git = "ssh://-oProxyCommand=x/a", tag = "v1" }', "`git` takes a URL"),
    ('"acme/legal" = { git = "https://ann:secret@x.org/a", tag = "v1" }', "a URL with a password"),
    ('"acme/legal" = { git = "https://x.org/a", tag = "--output=x" }', "a name as git takes it"),
    ('"acme/legal" = { git = "https://x.org/a", branch = "a..b" }', "a name as git takes it"),
    ('"acme/legal" = { git = "https://x.org/a", rev = "HEAD" }', "hexadecimal digits"),
    (
        '"acme/legal" = { git = "https://x.org/a", tag = "v1", subdir = "../b" }',
        "a folder of the repository",
    ),
    ('"acme/legal" = { path = "a", tag = "v1" }', "`tag` goes with `git` alone"),
    ('"acme/legal" = { python = "newest" }', "versions such as"),
    ('"Acme Legal" = { path = "a" }', "no setting"),
    ('"acme/legal" = { gti = "https://x.org/a" }', "`git` is near"),
]


@pytest.mark.parametrize(("line", "words"), WRONG, ids=lambda x: str(x)[:50])
def test_what_deps_cannot_say_is_refused_with_its_line(
    project: Path, rlm: Rlm, line: str, words: str
) -> None:
    (project / "rlm.toml").write_text(f"# mine\n[deps]\n{line}\n")
    done = rlm("deps", "lock")
    assert done.code == 2
    assert "error[bad-project]" in done.err and "rlm.toml:3" in done.err
    assert words in " ".join(done.err.split())
    assert "secret" not in done.err


@pytest.mark.parametrize(
    ("text", "words"),
    [('name = "acme/legal"\nversion = "newest"', "three numbers"), ('name = "Acme"\nversion = "1.0.0"', "a package's name"),
     ('name = "std"\nversion = "1.0.0"', "the standard library is called std"), ('name = "a"', "has no `version`"),
     ('name = "a"\nversion = "1.0.0"\nedition = 9', "reads no edition 9")],
)  # fmt: skip
def test_what_a_package_cannot_be_is_refused(
    project: Path, rlm: Rlm, text: str, words: str
) -> None:
    (project / "rlm.toml").write_text(f"[package]\n{text}\n")
    done = rlm("deps", "lock")
    assert (done.code, words in " ".join(done.err.split())) == (2, True), done.err


def test_lines_that_deps_did_not_write_stay_as_they_are(
    project: Path, folder: Path, rlm: Rlm
) -> None:
    shared(folder / "common")
    before = '# mine\n[models]\ndefault = "a/b"  # ours\n\n[deps] # used\n'
    (project / "rlm.toml").write_text(before + "\n[values]\nx = 1\n")
    assert rlm("deps", "add", "team/common", "--path", "../common").code == 0
    line = '"team/common" = { path = "../common" }\n'
    assert (project / "rlm.toml").read_text() == before + line + "\n[values]\nx = 1\n"
    assert rlm("deps", "remove", "team/common").code == 0
    assert (project / "rlm.toml").read_text() == before + "\n[values]\nx = 1\n"


def test_a_package_of_a_python_distribution_is_found_by_its_entry_point(
    project: Path,
    rlm: Rlm,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = tmp_path_factory.mktemp("site")
    for version in ("1.4.2", "1.5.0"):
        distribution(site, version)
    monkeypatch.syspath_prepend(str(site))
    use(project, 'use "acme/terms" @^1.4 { term }')
    assert "error[package-missing]" in rlm("deps", "add", "acme/other", "--python", ">=1").err
    assert "is installed, where >=2 is wanted" in " ".join(
        rlm("deps", "add", "acme/terms", "--python", ">=2").err.split()
    )
    assert rlm("deps", "add", "acme/terms", "--python", ">=1.4,<2").code == 0
    assert 'version = "1.5.0"' in (project / "rlm.lock").read_text()
    assert rlm("check", "go.rlm").code == 0
    distribution(site, "1.6.0")
    assert "error[package-changed]" in rlm("check", "go.rlm").err
    assert rlm("deps", "update").code == 0
    assert rlm("check", "go.rlm").code == 0


def distribution(site: Path, version: str) -> None:
    """Installs a distribution with a package as an installer would; to import it is a mistake."""
    inside = site / "acme_terms"
    inside.mkdir(exist_ok=True)
    (inside / "__init__.py").write_text("raise AssertionError('imported')\n")
    (inside / "rlm.toml").write_text(manifest("acme/terms", "0.0.0"))
    (inside / "terms.rlm").write_text('rlm 1\n\nexport const term = "30 days"\n')
    for old in site.glob("*.dist-info"):
        shutil.rmtree(old)
    info = site / f"acme_terms-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-terms\nVersion: {version}\n")
    (info / "entry_points.txt").write_text("[rlmlang.packages]\nacme/terms = acme_terms\n")
