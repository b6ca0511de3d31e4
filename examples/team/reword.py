"""What the contracts team does for 1.0.1: another question, another version, a line of changes."""

from pathlib import Path

EDITS = [
    ("contracts.rlm", "which number binds?", "what is the number in it?"),
    ("rlm.toml", '"1.0.0"', '"1.0.1"'),
    ("CHANGELOG.md", "## 1.0.0", "## 1.0.1\n\n- The prompt asks in other words.\n\n## 1.0.0"),
]


def main() -> None:
    """Edits the package beside this file."""
    for name, old, new in EDITS:
        path = Path(__file__).parent / "contracts" / name
        path.write_text(path.read_text().replace(old, new))


if __name__ == "__main__":
    main()
