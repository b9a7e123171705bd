"""Which tokens weigh more in training."""

from itertools import groupby

from pocket import corpus
from pocket.training import emphasis, tokens
from pocket.training.card import MODEL
from prose.settings import Settings

SETTINGS = Settings(
    main_characters="Zoltanmira",
    keywords="silver bellows",
    genre="Fantasy",
    register="Formal",
    child_friendly=False,
    max_words=100,
    final_twist=False,
)
FINAL = "The road to the mill was long and steep, and that night there was nobody on it."


def stretches(example: corpus.Example, least: float = emphasis.HEAVY) -> list[str]:
    """Return the texts of the completion's tokens of that weight or more, neighbours together."""
    tokenizer = tokens.load_tokenizer(MODEL)
    ids = tokens.completion_ids(tokenizer, example.completion)
    weighed = zip(ids, emphasis.weights(tokenizer, example), strict=True)
    runs = groupby(weighed, key=lambda pair: pair[1] >= least)
    return [tokenizer.decode([i for i, _ in run]) for is_heavy, run in runs if is_heavy]


def test_what_goes_on_with_names_and_keywords_and_how_sentences_begin_weighs_more() -> None:
    completion = "At noon the silver bellows woke Zoltanmira. Nobody else heard."
    first, bellows, name, second, end = stretches(
        corpus.Example("write", SETTINGS, "", "", completion)
    )
    assert first == "At"
    # Not the first tokens, which would be the decision to name them.
    assert " silver bellows".endswith(bellows)
    assert "ellows" in bellows
    assert name
    assert "Zoltanmira".endswith(name)
    assert name != "Zoltanmira"
    assert second == " Nobody"
    assert end == ""  # the end of the turn, which has no text


def test_a_rewrites_seam_weighs_more_up_to_a_point() -> None:
    completion = f" It rained on the hill.\n\n{FINAL}"
    example = corpus.Example("rewrite", SETTINGS, "", "A day began.", completion, FINAL)
    heavy = stretches(example)
    assert heavy[0].lstrip() == "It"
    assert "\n\nThe road to the mill was long" in heavy[1]
    assert "nobody on it" not in heavy[1]
    assert heavy[-1] == ""
    assert len(heavy) == 3
    assert stretches(example, emphasis.HEAVIEST) == heavy[:2]


def test_what_a_prefill_brings_weighs_nothing_more() -> None:
    """A completion that only ends has two decisions: how it begins, and that it ends."""
    example = corpus.Example("continue", SETTINGS, "", "Zoltanmira slept.", " It was late.")
    assert len(stretches(example)) == 2
