"""transformers, llama.cpp and the training see the same token ids."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from pocket import corpus
from pocket.corpus import words
from pocket.server import prompts
from pocket.server.shipped import TINY
from pocket.training import agreement, convert, tokens


@pytest.fixture(scope="module")
def ours() -> Any:
    """The shipped SentencePiece tokenizer."""
    return tokens.load_tokenizer(TINY)


@pytest.fixture(scope="module")
def theirs() -> Any:
    """The same one in transformers."""
    return agreement.transformers_tokenizer(TINY)


@pytest.fixture(scope="module")
def llama() -> Iterator[httpx.Client]:
    """llama.cpp's own server on the shipped model."""
    server = agreement.llama_server(TINY / "pocket.gguf")
    with httpx.Client(base_url=server.listening_address, trust_env=False) as client:
        yield client


def test_the_same_ids_everywhere(ours: Any, theirs: Any, llama: httpx.Client) -> None:
    chats = agreement.chats(agreement.COUNT)
    assert len(chats) == 1000
    for prompt, prefill in chats:
        messages = [{"role": "user", "content": prompt}]
        if prefill:
            messages.append({"role": "assistant", "content": prefill})
        rendered = prompts.render(convert.CHAT_TEMPLATE, messages)
        expected = tokens.chat_ids(ours, prompt, prefill)
        assert agreement.llama_ids(llama, rendered) == expected
        assert theirs(rendered, add_special_tokens=False)["input_ids"] == expected


def test_the_same_stories_everywhere(ours: Any, theirs: Any, llama: httpx.Client) -> None:
    completions = (example.completion for example in islice(corpus.examples(22), 200))
    for text in [*agreement.ODD_TEXTS, *completions]:
        ids = ours.encode(text)
        assert agreement.llama_ids(llama, text) == ids
        assert theirs(text, add_special_tokens=False)["input_ids"] == ids
        assert ours.decode(ids) == text


def test_no_two_familiar_names_begin_with_the_same_token(ours: Any) -> None:
    names = [one.text for part in ("heroes", "companions") for one in words.familiar(part)]
    before = len(ours.encode("met"))
    assert len({ours.encode(f"met {name}")[before] for name in names}) == len(names) == 48


def test_a_limit_is_one_token_everywhere(ours: Any, theirs: Any, llama: httpx.Client) -> None:
    """Of the app's limits, all to 999 and the full hundreds above."""
    for limit in (*range(20, 1000), *range(1000, 5001, 100)):
        expected = ours.piece_to_id(str(limit))
        for text in (f"maximum {limit} words", f"x{limit}\n\n"):
            ids = ours.encode(text)
            assert ids.count(expected) == 1
            assert ours.decode([i for i in ids if i != expected]) == text.replace(str(limit), "")
            assert agreement.llama_ids(llama, text) == ids
            assert theirs(text, add_special_tokens=False)["input_ids"] == ids


def test_hardly_any_token_of_a_word_is_never_seen_in_training(ours: Any) -> None:
    """One that is seldom seen is not copied: of "exams" nothing was left."""
    seen: set[int] = set()
    for example in islice(corpus.examples(24), 3000):
        seen.update(ours.encode(example.prompt), ours.encode(example.completion))
    pieces = {token: ours.id_to_piece(token).lstrip("▁") for token in range(ours.vocab_size())}
    words = {token for token, piece in pieces.items() if len(piece) > 2 and piece.isalpha()}
    assert len(words) > 3000
    assert len(words - seen) < 0.02 * len(words)


def test_the_template_is_transformers_too(theirs: Any) -> None:
    messages = [{"role": "user", "content": "Write."}]
    rendered = theirs.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    assert rendered == prompts.render(convert.CHAT_TEMPLATE, messages)


def test_a_tokenizer_is_trained_without_touching_white_space(tmp_path: Path) -> None:
    texts = (example.story for example in islice(corpus.examples(23), 3000))
    tokens.train_tokenizer(texts, tmp_path, letters="Čğ")
    tokens.add_numbers(tmp_path)
    trained = tokens.load_tokenizer(tmp_path)
    for text in agreement.ODD_TEXTS:
        assert trained.decode(trained.encode(text)) == text
    assert {"Č", "ğ"} <= set(trained.encode("Čağ", out_type=str)), "no bytes"
    assert trained.bos_id() != trained.eos_id()
    assert tokens.completion_ids(trained, "The end.")[-1] == trained.eos_id()
    assert trained.vocab_size() == tokens.VOCABULARY_SIZE
    assert trained.encode("of 140 words", out_type=str)[-3:-1] == ["▁", "140"]
    before = (tmp_path / "tokenizer.model").read_bytes()
    tokens.add_numbers(tmp_path)
    assert (tmp_path / "tokenizer.model").read_bytes() == before


def test_tokens_inside_of_spans_are_told(ours: Any) -> None:
    story = "Then Čestmír took the lamp, \n\nand – at last – 🦊 slept."
    spans = [(5, 12), (story.index("🦊"), story.index("🦊") + 1)]
    marks = tokens.inside(ours, story, spans)
    ids = tokens.completion_ids(ours, story)
    assert len(marks) == len(ids)
    told = ours.decode([i for i, mark in zip(ids, marks, strict=True) if mark])
    assert told.replace(" ", "") == "Čestmír🦊"
