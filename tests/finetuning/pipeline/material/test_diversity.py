"""How alike stories are: figures that can be worked out by hand."""

import math

import pytest

from finetuning.pipeline.material import diversity


def test_the_same_story_thrice_has_nothing_of_its_own() -> None:
    texts = ["a b c d e f"] * 3
    assert diversity.self_bleu(texts) == pytest.approx([1, 1, 1])
    assert diversity.distinct(texts) == pytest.approx(1 / 3)


def test_bleu_is_the_geometric_mean_of_four_precisions() -> None:
    # Of the first: 5 of 6 words, 4 of 5 pairs, 3 of 4 triples, 2 of 3 fours stand in the second.
    first, second = diversity.self_bleu(["a b c d e x", "A B C D E y"])
    assert first == pytest.approx((5 / 6 * 4 / 5 * 3 / 4 * 2 / 3) ** 0.25)
    assert second == pytest.approx(first)
    assert diversity.distinct(["a b c d e x", "A B C D E y"]) == pytest.approx(4 / 6)


def test_a_repeated_word_counts_as_often_as_another_text_has_it() -> None:
    [first, *_] = diversity.self_bleu(["the the the the", "the cat the dog", "a"])
    # 2 of 4 words; no longer sequence is found.
    assert first == pytest.approx((2 / 4 * 0.1 / 3 * 0.1 / 2 * 0.1 / 1) ** 0.25)


def test_a_short_story_pays_for_its_brevity() -> None:
    short, _ = diversity.self_bleu(["a b c d", "a b c d e f g h"])
    assert short == pytest.approx(math.exp(1 - 8 / 4))


def test_nothing_to_compare() -> None:
    assert diversity.self_bleu(["", "a b c d e"]) == [0, 0]
    assert diversity.self_bleu([]) == []
    assert diversity.distinct(["", "a b"]) == 1
