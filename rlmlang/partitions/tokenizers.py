"""Tokenizers that are at hand without a network: OpenAI's, and files that a project names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rlmlang.diagnostics.diagnostic import failed

O200K = ("gpt-5", "o1", "o3", "o4", "chatgpt-4o")
"""Models of OpenAI with the encoding o200k_base that `bpe_openai` does not know by name."""


@dataclass(frozen=True)
class OpenAi:
    """An encoding of `bpe_openai`. `name` is the same for the same counts."""

    name: str
    encoding: Any

    def tokens(self, text: str) -> int:
        """The tokens of a text; special tokens in it are text."""
        return len(self.encoding.encode_ordinary(text))

    word = tokens


@dataclass(frozen=True)
class FromFile:
    """A `tokenizer.json` of Hugging Face."""

    name: str
    encoding: Any

    def tokens(self, text: str) -> int:
        """The tokens of a text; those that a chat template adds are not among them."""
        return len(self.encoding.encode(text, add_special_tokens=False))

    def word(self, text: str) -> int:
        """The tokens at the beginning of a text, where some put a blank before it, or in it."""
        return max(self.tokens(text), self.tokens(f"\n{text}") - self.tokens("\n"))


Tokenizer = OpenAi | FromFile


def tokenizer_of(model: str, files: Mapping[str, Path]) -> Tokenizer | None:
    """The tokenizer of a model, or None where none is at hand.

    Raises CodedError (extra-missing, bad-tokenizer) for one that the project names.
    """
    path = files.get(model) or files.get(model.removeprefix("openai/"))
    return _from_file(path) if path is not None else _openai(model.rsplit("/", 1)[-1])


@lru_cache(maxsize=16)
def _openai(name: str) -> Tokenizer | None:
    try:
        import bpe_openai
    except ImportError:
        return None
    try:
        if name.startswith(O200K):
            encoding = bpe_openai.get_encoding("o200k_base")
        else:
            encoding = bpe_openai.encoding_for_model(name)
    except (KeyError, ValueError, bpe_openai.TokenizerError):
        return None
    return OpenAi(encoding.name, encoding)


@lru_cache(maxsize=16)
def _from_file(path: Path) -> Tokenizer:
    try:
        import tokenizers
    except ImportError:
        raise failed(
            "extra-missing",
            f"{path} is read with `tokenizers`, which is not installed",
            hint="pip install 'rlmlang[tokens]'",
        ) from None
    try:
        encoding = tokenizers.Tokenizer.from_file(str(path))
    except Exception as mistake:  # the library raises nothing more special
        raise failed(
            "bad-tokenizer",
            f"{path} is no tokenizer: {mistake}",
            reason="`[tokenizers]` of rlm.toml names a `tokenizer.json` in Hugging Face's form.",
            hint="name the `tokenizer.json` beside the model's weights, or remove the line",
        ) from None
    encoding.no_truncation()
    encoding.no_padding()
    encoding.encode_special_tokens = True  # text that looks like one is counted as text
    return FromFile(str(path), encoding)
