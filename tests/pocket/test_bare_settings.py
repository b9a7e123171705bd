"""What pocket tells where a writer leaves out the names, the keywords, or both."""

from itertools import islice
from pathlib import Path

import httpx

from pocket import corpus
from pocket.training import evaluate, measures
from tests.support.pocket import pocket


def test_a_story_of_whoever_is_named_by_nobody() -> None:
    told = 'Nora lit the lamp.\n\n"Emil!" called Nora.\n\nNames smiled. Names were Dor Dor.'
    assert measures.names_somebody(told)
    assert not measures.names_somebody(told.replace("called Nora", ""))


def test_whatever_is_left_out_the_story_is_whole(tmp_path: Path) -> None:
    examples = list(islice(corpus.examples(6262, vocabulary="held-out", kind="write"), 30))
    with (
        pocket(tmp_path, "--only-tiny") as url,
        httpx.Client(base_url=url, timeout=300, trust_env=False) as client,
    ):
        figures = evaluate.bare(client, examples, at_once=2)
    assert figures["bare_stories"] == 90
    # The card has 90 %, 97 %, 98 % and 3 %; before it learned from any, 0 %, 23 %, 87 % and 7 %.
    assert figures["bare_somebody"] >= 0.8, "no word of the prompt is taken for a name"
    assert figures["bare_known"] >= 0.9
    assert figures["bare_ended"] >= 0.9
    assert figures["bare_repeated"] <= 0.1
