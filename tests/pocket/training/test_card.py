"""The shipped model is the one that its card describes."""

import json
from typing import Any

import pytest

from pocket import corpus
from pocket.training import card, tokens
from pocket.training.card import MODEL


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    """What the card was made of."""
    loaded: dict[str, Any] = json.loads((MODEL / "facts.json").read_text())
    return loaded


def test_the_files_are_those_of_the_card(facts: dict[str, Any]) -> None:
    text = (MODEL / "card.md").read_text()
    for name in card.FILES:
        assert facts[name] == card.sha256(MODEL / name)
        assert facts[name] in text
    assert (MODEL / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert (MODEL / "pocket.gguf").stat().st_size <= 12_000_000


def test_the_corpus_is_that_of_the_card(facts: dict[str, Any]) -> None:
    assert facts["corpus_hash"] == corpus.corpus_hash()
    assert facts["corpus_hash"] in (MODEL / "card.md").read_text()


def test_the_tokenizer_is_the_models(facts: dict[str, Any]) -> None:
    assert tokens.load_tokenizer(MODEL).get_piece_size() == facts["vocabulary"]


def test_the_card_says_what_was_measured(facts: dict[str, Any]) -> None:
    text = (MODEL / "card.md").read_text()
    for name in ("names", "keywords", "ended", "twist_asked", "rewrites_joined"):
        assert f"{facts[name]:.1%}" in text
    assert text.count("You are a writer.") == 10
