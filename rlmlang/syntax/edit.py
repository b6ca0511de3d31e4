"""A piece of a file's text exchanged for another, in its place; all else stays as it is."""

from __future__ import annotations

from rlmlang.syntax import tree as t


def with_task(text: str, file: t.File, prompt: str, task: str) -> str | None:
    """The text with another task in a prompt; None where the file declares no such task."""
    for item in file.items:
        if isinstance(item, t.Prompt) and item.name.text == prompt:
            written = _task(item)
            if written is not None:
                start, end = written.span.start, written.span.end
                return f"{text[:start]}{quoted(task)}{text[end:]}"
    return None


def _task(prompt: t.Prompt) -> t.Text | None:
    if isinstance(prompt.body, t.Text):
        return prompt.body
    for entry in prompt.body.entries:
        if isinstance(entry, t.Setting) and entry.key.text == "task":
            return entry.value if isinstance(entry.value, t.Text) else None
    return None


def quoted(text: str) -> str:
    """A text as a block of the language; as a string where it has a block's own quotes."""
    if '"""' not in text and not text.endswith('"'):
        return f'"""\n{text}\n"""'
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
