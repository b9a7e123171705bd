"""Which choices are learned from, by the written rule, and what is held out of them."""

from typing import Any

import pytest

from finetuning.pipeline.material import choices
from finetuning.pipeline.material.choices import Choice

ONE = "The lamp was out when Zoe came down the stairs, and nobody had seen the cat since supper."
OTHER = "Far off a bell rang twice. Old Ben put his pipe away, and rowed home through the reeds."


def choice(chosen: str = ONE, rejected: str = OTHER, prompt: str = "Write.", **more: Any) -> Choice:
    found: Any = {"key": "pair:1", "story": 0, "prompt": prompt, "chosen": chosen}
    made: Choice = found | {"rejected": rejected} | more
    return made


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        ([choice()], {}),
        ([choice(rejected="  …  ")], {"empty": 1}),
        ([choice(rejected=f"{OTHER} " * 20)], {"too long": 1}),
        ([choice(rejected=ONE.replace("supper", "dinner"))], {"alike": 1}),
        ([choice(rejected=f"{ONE} {OTHER}")], {"only longer": 1}),
        ([choice(chosen=f"{ONE} {OTHER}", rejected=ONE)], {"only longer": 1}),
        ([choice(), choice(chosen=OTHER, rejected=ONE.upper())], {"contradicted": 2}),
        ([choice(), choice(chosen=f" {ONE}\n")], {"repeated": 1}),
        # Another prompt is another question.
        ([choice(), choice(chosen=OTHER, rejected=ONE, prompt="Write again.")], {}),
    ],
)
def test_what_says_little_is_left_out(given: list[Choice], reasons: dict[str, int]) -> None:
    kept, dropped = choices.telling(given, most_words=100)
    assert dropped == reasons
    assert len(kept) == len(given) - sum(reasons.values())


def test_the_rule_takes_time_in_proportion_to_the_texts() -> None:
    many = [
        choice(f"{number} {ONE}", f"{OTHER} {number}", f"Write {number}.") for number in range(3000)
    ]
    assert len(choices.telling(many, 100)[0]) == 3000
    endless = "a" * 400_000
    assert choices.telling([choice(endless, f"b{endless}")], 100)[1] == {}


def test_no_prompt_and_no_story_is_on_both_sides() -> None:
    items = [
        choice(f"{ONE} {number}", prompt=f"Write {number % 30}.", story=number % 7)
        for number in range(120)
    ]
    free = [choice(f"{OTHER} {number}", ONE, f"Tell {number}.") for number in range(100)]
    train, held_out = choices.split([*items, *free], 0.2, [])
    assert len(train) + len(held_out) == 220
    for name in ("prompt", "story"):
        sides = [{one[name] for one in side} - {0} for side in (train, held_out)]
        assert not sides[0] & sides[1]
    assert len(held_out) >= 44
    again = choices.split([*free[::-1], *items], 0.2, [])
    assert {one["prompt"] for one in again[1]} == {one["prompt"] for one in held_out}


def test_what_belongs_to_a_held_out_story_is_held_out() -> None:
    story: Any = {"story": 7, "text": f"{ONE} {OTHER}", "prompt": "", "version": 1, "settings": {}}
    of_it = choice("Ann slept.", "Ben sang.", "Rewrite.", story=7)
    tells_it = choice(f"{ONE} {OTHER}", "Nothing came of it.", "Tell.")
    others = [choice(f"Story {n} of Ann.", f"Tale {n} of Ben.", f"W {n}.") for n in range(60)]
    train, held_out = choices.split([of_it, tells_it, *others], 0.1, [story])
    assert of_it in held_out
    assert tells_it in held_out
    assert of_it not in train


def test_what_was_given_of_an_answer_is_not_learned() -> None:
    [chosen, rejected] = choices.rows(choice(given="Once.", is_open=True))
    assert chosen["text"] == f"Once. {ONE}"
    assert rejected["given"] == len("Once.")
    assert rejected["is_open"]
