"""Tok counted by tokenizers that a project names, each model's requests by its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

import rlmlang
from rlmlang.partitions.atoms import atoms
from rlmlang.partitions.measure import Encoded, Estimate, measure_for, shared
from rlmlang.partitions.tokenizers import tokenizer_of
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options
from tests.conftest import ROOT, Rlm
from tests.servers import chat_server, completion

PROSE = (ROOT / "README.md").read_text()
MARKS = ["<|im_start|>", "<|im_end|>"]
TEXTS = {
    "prose": PROSE[:6_000],
    "digits": "".join(str(i * 7919 % 1000) for i in range(1_500)),
    "times": "\n".join(f"2026-11-{i % 28:02} 10:{i % 60:02}:07.{i:06}" for i in range(100)),
    "hex": "".join(f"{i * 2654435761 % 2**32:08x}" for i in range(400)),
    "cjk": "".join(chr(0x4E00 + i * 97 % 20_000) for i in range(900)),
    "emoji": "👩‍👧🏽🇩🇪😀" * 60,
    "blank": " \n\t  \n\n   " * 90 + "x",
    "marks": f"{MARKS[0]}system\nobey{MARKS[1]}\n" * 40,
}


@pytest.fixture(autouse=True)
def trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project files here are the user's own."""
    monkeypatch.setenv("RLM_TRUST", "1")


def byte_level(path: Path) -> Path:
    """A tokenizer of the kind of SmolLM2: bytes, and each digit by itself."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)]
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        PROSE.splitlines(),
        trainers.BpeTrainer(
            vocab_size=1_000, initial_alphabet=alphabet, special_tokens=MARKS, show_progress=False
        ),
    )
    made.save(str(path))
    return path


def byte_fallback(path: Path) -> Path:
    """A tokenizer of the kind of Llama 2: characters, a blank put in front, bytes for the rest."""
    pieces = sorted({c for c in PROSE if c.isascii()} | {"▁"} - {" ", "0"})
    names = ["<unk>", *(f"<0x{b:02X}>" for b in range(256)), *pieces, "▁t", "th", "▁th", "in", "e▁"]
    made = Tokenizer(
        models.BPE(
            {n: i for i, n in enumerate(dict.fromkeys(names))},
            [("▁", "t"), ("▁t", "h"), ("t", "h"), ("i", "n"), ("e", "▁")],
            byte_fallback=True,
            unk_token="<unk>",
            fuse_unk=True,
        )
    )
    made.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    made.decoder = decoders.ByteFallback()
    made.save(str(path))
    return path


KINDS: list[Callable[[Path], Path]] = [byte_level, byte_fallback]


@pytest.fixture(scope="session", params=KINDS, ids=lambda k: k.__name__)
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer.json of each kind."""
    path: Path = request.param(tmp_path_factory.mktemp("tokenizer") / "tokenizer.json")
    return path


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_has_no_more_tokens_than_bytes_nor_than_its_words(file: Path, text: str) -> None:
    measure = measure_for("m", {"m": file})
    assert isinstance(measure, Encoded)
    real = Tokenizer.from_file(str(file))
    tokens = len(real.encode(text, add_special_tokens=False))
    assert tokens <= measure.tokens(text) <= 1.01 * measure.tok(text)  # a merge more or less
    assert tokens <= len(text.encode()) + 1 <= Estimate().tokens(text) + 1
    words = atoms(text)
    assert all(measure.tok(w) <= measure.grain for w in words)


def test_what_a_project_names_is_counted_with(book: Path, rlm: Rlm, tmp_path: Path) -> None:
    (book / "models").mkdir()
    real = Tokenizer.from_file(str(byte_level(book / "models" / "tokenizer.json")))
    (book / "rlm.toml").write_text('[tokenizers]\n"my/model" = "models/tokenizer.json"\n')
    (book / "book.txt").write_text("\n".join(f"{i},{i * 31 % 97},0.{i}" for i in range(400)))
    given = ("find.rlm", "--source", "book=book.txt", "--set", "question=q", "--model", "my/model")

    def answer(body: dict[str, Any]) -> Any:
        texts = [m["content"] for m in body["messages"]]
        tokens = sum(5 + len(real.encode(t)) for t in texts) + 3
        return completion(
            "[[ ## result ## ]]\nx\n\n[[ ## completed ## ]]",
            {"prompt_tokens": tokens, "completion_tokens": 5},
        )

    plan = json.loads(rlm("plan", *given, "--json").out)
    assert plan["measure"] == f"counted: {book}/models/tokenizer.json"
    with chat_server(answer) as server:
        done = rlm("run", *given, "--api-base", server.base, "--json")
    assert done.code == 0, done.err
    used = json.loads(done.out)["usage"]
    worst = plan["totals"]["worst"]["tokens_in"]
    assert used["tokens_in"] <= worst
    pages = [
        m["content"] for r in server.requests for m in r["messages"] if "page ##" in m["content"]
    ]
    texts = [p.split("[[ ## page ## ]]\n")[1].split("\n\n[[ ## question")[0] for p in pages[1::2]]
    assert max(len(real.encode(t)) for t in texts) <= 200


TWO = """rlm 1
model small { context <= 8ktok  output <= 100tok }
model large { output <= 100tok }
prompt note(page: Slice) -> Text { model: small  task: "Note." }
prompt merge(notes: [Text]) -> Text { model: large  task: "Merge." }
recipe find(book: Text) -> Text {
  let notes = map (split book by tokens(max: 200tok)) with note()
  return reduce notes with merge()
}
"""


def test_models_with_different_tokenizers_share_the_estimate(book: Path) -> None:
    one = byte_level(book / "one.json")
    byte_fallback(book / "two.json")
    (book / "two.rlm").write_text(TWO)
    (book / "rlm.toml").write_text('[tokenizers]\n"a/one" = "one.json"\n"a/two" = "two.json"\n')

    def prepared(small: str, large: str) -> Any:
        options = Options(models=(f"small={small}", f"large={large}"), sources={"book": "book.txt"})
        return prepare("two.rlm", options, need_all=True)

    both = prepared("a/one", "a/two")
    assert [both.measures[n].name for n in ("small", "large")] == [
        f"counted: {book}/{n}.json" for n in ("one", "two")
    ]
    assert (both.measure, both.binding.most) == (Estimate(), 2)
    assert isinstance(prepared("a/one", "b/unknown").measure, Estimate)
    same = prepared("a/one", "a/one")
    assert (same.measure.name, same.binding.most) == (f"counted: {one}", 1)
    assert same.plan.totals.worst.tokens_in.value() < both.plan.totals.worst.tokens_in.value()


def test_the_models_of_readme_are_counted() -> None:
    names = {
        tokenizer_of(f"openai/{n}", {}).name for n in ("gpt-5-mini", "gpt-5.2", "o3", "gpt-4o")
    }  # type: ignore[union-attr]
    assert names == {"o200k_base"}
    assert isinstance(shared([measure_for("openai/gpt-5"), measure_for("gpt-4o-mini")]), Encoded)
    assert tokenizer_of("anthropic/claude-opus-5", {}) is None


@pytest.mark.parametrize("data", [None, b"", b"{}", b"no json", b"\xff\x00", b'{"model": 1}'])
def test_a_file_that_is_no_tokenizer_is_told(book: Path, rlm: Rlm, data: bytes | None) -> None:
    if data is not None:
        (book / "tokenizer.json").write_bytes(data)
    (book / "rlm.toml").write_text('[tokenizers]\n"my/model" = "tokenizer.json"\n')
    done = rlm("plan", "find.rlm", "--model", "my/model")
    assert done.code == 2
    assert "error[bad-tokenizer]" in done.err
    assert len(done.err.splitlines()) <= 8
    assert rlm("plan", "find.rlm", "--model", "other/model").code == 0


def test_tokenizers_that_are_no_files_are_told(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").write_text('[tokenizers]\n"my/model" = { file = "x" }\n')
    assert "error[bad-project]" in rlm("plan", "find.rlm").err


def test_a_context_that_dense_text_may_pass_is_said(book: Path, rlm: Rlm) -> None:
    text = (book / "find.rlm").read_text().replace("200tok", "4ktok")
    tight = 'model small { context <= 10ktok  output <= 500tok }\n\nprompt note(page: Slice, question: Text max 50tok) -> Text? { model: small  task: "Say." }\n'
    (book / "find.rlm").write_text(
        text.replace(
            'prompt note(page: Slice, question: Text) -> Text? "What does the page say about the question?"\n',
            tight,
        ).replace("recipe find(question: Text,", "recipe find(question: Text max 50tok,")
    )
    done = rlm("plan", "find.rlm", "--model", "my/model")
    assert done.code == 0
    assert "warning[context-tight]" in done.err, done.err + done.out
    byte_level(book / "tokenizer.json")
    (book / "rlm.toml").write_text('[tokenizers]\n"my/model" = "tokenizer.json"\n')
    assert "context-tight" not in rlm("plan", "find.rlm", "--model", "my/model").err
    assert rlm("check", "find.rlm").code == 0


def test_rlmlang_plans_with_an_estimate_where_nothing_is_at_hand(book: Path) -> None:
    plan = rlmlang.plan_recipe("find.rlm", sources={"book": "book.txt"}, models=("x/y",))
    assert plan.binding.measure == "estimated: 2 bytes of UTF-8 a tok, at worst 1"


@pytest.mark.parametrize("more", [lambda t: t + 3_000, lambda t: 3 * t, lambda t: 2 * t + 500])
@pytest.mark.parametrize("most", [30_000, 33_300, 41_000])
def test_a_server_that_counts_more_than_can_be_passes_no_budget(
    book: Path, rlm: Rlm, more: Callable[[int], int], most: int
) -> None:
    """After one call it is known, and the next ones set aside as much more."""
    (book / "book.txt").write_text(
        "".join(f"{i} is the number of this line.\n" for i in range(2_000))
    )

    def answer(body: dict[str, Any]) -> Any:
        sent = sum(len(m["content"].encode()) for m in body["messages"])
        return completion(
            "[[ ## result ## ]]\nx\n\n[[ ## completed ## ]]",
            {"prompt_tokens": more(sent), "completion_tokens": 9},
        )

    with chat_server(answer) as server:
        done = rlm(
            "run",
            "find.rlm",
            "--source",
            "book=book.txt",
            "--set",
            "question=q",
            "--json",
            "--model",
            "my/model",
            "--api-base",
            server.base,
            "--parallel",
            "1",
            "--set",
            f"budget.tokens={most}",
        )
    found = json.loads(done.out)
    assert found["problem"]["code"] == "budget-spent"
    spent = found["usage"]["tokens_in"] + found["usage"]["tokens_out"]
    assert 0.7 * most <= spent <= most
    assert [n["code"] for n in found["notices"]] == ["usage-above-worst"]


def test_text_that_a_tokenizer_expands_is_reserved_in_full() -> None:
    """Claude 2 and others cut the normal form NFKC: 33 bytes of the three that begin this text."""
    made = Tokenizer(models.BPE({f"<0x{b:02X}>": b for b in range(256)}, [], byte_fallback=True))
    made.normalizer = normalizers.NFKC()
    for text in ("ﷺ½…㍿" * 20, "naïve café", "한국어 テキスト", "plain", "\ud800"):
        counted = 0 if "\ud800" in text else len(made.encode(text))
        assert counted <= Estimate().tokens(text)
