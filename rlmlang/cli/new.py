"""`rlm new`: a recipe that runs as it is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click

from rlmlang import resources
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.schema.setting import KINDS

RECIPE = re.compile(r"^(export )?(main )?recipe ", re.MULTILINE)
PACKAGE = {
    "rlm.toml": '[package]\nname = "PACKAGE"\nversion = "0.1.0"\nedition = 1\n',
    "CHANGELOG.md": "# Changes\n\n## 0.1.0\n\n- The first version.\n",
    "OWN.rlm": """rlm 1

/// What a page says.
export prompt note(page: Slice) -> Text? max 60tok "What matters here? Empty if nothing."

/// What matters in a text, page by page.
export recipe notes(text: Text) -> [Text] {
  let found = map (split text by paragraphs(max: 500tok)) with note()

  return present(found)
}

test "a page without anything is left out" for notes {
  given text: "It rained.\\n\\nAnn pays."
  mock note returns if contains(page, "Ann") then "Ann pays." else none
  expect result == ["Ann pays."]
}
""",
}
SKILLS = "skills"
RUNS = re.compile(r"std/\w+")


@click.command()
@click.argument("file", default="")
@click.option(
    "--from",
    "template",
    default="needle",
    show_default=True,
    metavar="NAME",
    help="Which recipe of the standard library to begin with.",
)
@click.option("--list", "only_list", is_flag=True, help="List the standard library.")
@click.option("--package", metavar="NAME", default="", help="A folder FILE with a package instead.")
@click.option(
    "--agent",
    is_flag=True,
    help="Write a skill for coding agents instead, in the folder FILE of their skills.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def command(
    file: str, template: str, only_list: bool, package: str, agent: bool, force: bool
) -> None:
    """Write FILE: a copy of a recipe of the standard library, to be changed.

    \b
    rlm new find.rlm
    rlm new --agent .claude/skills
    """
    if agent:
        _skill(Path(file or SKILLS), force=force)
        return
    if package:
        _package(package, Path(file or package.rsplit("/", 1)[-1]))
        return
    known = resources.names("stdlib", ".rlm")
    if only_list or not file:
        for name in known:
            click.echo(f"std/{name:<16} {_first_words(name)}")
        return
    if template.removeprefix("std/") not in known:
        raise failed(
            "recipe-missing", f"there is no std/{template}", hint=did_you_mean(template, known)
        )
    target = Path(file)
    if target.exists() and not force:
        raise failed("file-exists", f"{file} is there already", hint="--force writes over it")
    text = resources.text("stdlib", f"{template.removeprefix('std/')}.rlm")
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as mistake:
        raise failed("file-unwritable", f"{file} cannot be written: {mistake.strerror}") from None
    name = shlex.quote(file)
    usage = next((x[3:] for x in text.splitlines() if x.startswith("// rlm run")), "")
    click.echo(f"wrote {file}. Next:\n  rlm check {name}", err=True)
    if RECIPE.search(text):
        click.echo(f"  rlm plan {name}", err=True)
    if usage:
        click.echo(f"  {RUNS.sub(lambda _: name, usage, count=1)}", err=True)


def _package(name: str, folder: Path) -> None:
    """Writes a package that checks, passes its test and may be published. Raises CodedError
    (wrong-input, file-exists, file-unwritable)."""
    if not KINDS["package"].holds(name):
        raise failed("wrong-input", f"{name} is no name of a package", hint="such as acme/legal")
    if folder.exists():
        raise failed("file-exists", f"{folder} is there already", hint="name another folder")
    own = re.sub(r"[^a-z0-9_]", "_", name.rsplit("/", 1)[-1])
    try:
        folder.mkdir(parents=True)
        for file, text in PACKAGE.items():
            text = text.replace("PACKAGE", name).replace("OWN", own)
            (folder / file.replace("OWN", name.rsplit("/", 1)[-1])).write_text(text, "utf-8")
    except OSError as mistake:
        words = f"{folder} cannot be written: {mistake.strerror}"
        raise failed("file-unwritable", words) from None
    where = shlex.quote(str(folder))
    click.echo(f"wrote {where}. Next:\n  rlm test {where}\n  rlm deps check {where}", err=True)


def _skill(folder: Path, *, force: bool) -> None:
    """Writes what a coding agent is to know of rlmlang, in the form that it looks for. Raises
    CodedError (file-exists, file-unwritable)."""
    target = folder / "rlmlang" / "SKILL.md"
    if target.exists() and not force:
        raise failed("file-exists", f"{target} is there already", hint="--force writes over it")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(resources.package_text("serving/SKILL.md"), encoding="utf-8")
    except OSError as mistake:
        words = f"{target} cannot be written: {mistake.strerror}"
        raise failed("file-unwritable", words) from None
    click.echo(f"wrote {target}. Agents that look into {folder} for skills know it now.", err=True)


def _first_words(name: str) -> str:
    lines = resources.text("stdlib", f"{name}.rlm").splitlines()
    return next((x.strip("/ ") for x in lines if x.startswith("//")), "")
