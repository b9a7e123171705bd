"""Which of the held-out names and keywords stand in training stories, and so are none.

python -m pocket.measuring.clashes stories.csv
"""

import argparse
import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pocket.measuring import held_out
from prose import languages, prompts, words
from prose.settings import Settings

# What stands before a name, or in it, and is nobody's own.
_TITLE_WORDS = (
    "abbot abuela abuelo admiral agent alderman ambassador aunt auntie baron baroness big "
    "bishop brother captain chief coach colonel commander constable consul corporal count "
    "countess cousin dame detective director doctor dom don dona doña dr duchess duke emperor "
    "empress engineer ensign envoy father flight fra frau fru general governor grandfather "
    "grandma grandmother grandpa granny great her herr his ibn inspector judge king lady "
    "leader lieutenant little lord lt madam madame mademoiselle maestro magistrate major "
    "master mayor midshipman miss mister monsieur mother mr mrs ms nurse officer old pastor "
    "petty pilot pope prince princess private professor queen rabbi reverend san santa senhor "
    "ser sergeant señor señora signor signora sir sister squadron telegraphist the tía tío "
    "uncle unit widow young κυρία κύριος дед доктор дядя пан тётя "
)
_TITLES = frozenset(_TITLE_WORDS.split())
_LONGEST_CELL = 10_000_000  # characters


@dataclass(frozen=True)
class Learned:
    """A training story."""

    settings: Settings
    text: str


class TrainingFileError(Exception):
    """The file holds no training stories; the message is one sentence."""


def read(path: Path) -> list[Learned]:
    """Return the stories of a `Prompt,Story` file. Raises `TrainingFileError`."""
    csv.field_size_limit(_LONGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [(row["Prompt"], row["Story"]) for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise TrainingFileError(f"{path} is no Prompt,Story file.") from error
    asked = [(prompts.read_prompt(prompt), story) for prompt, story in rows]
    learned = [Learned(settings, story) for settings, story in asked if settings is not None]
    if not learned or len(learned) < len(rows):
        raise TrainingFileError(
            f"{path}: {len(rows) - len(learned)} of {len(rows)} prompts are not worded as ours."
        )
    return learned


def names(chosen: Iterable[Settings], learned: Sequence[Learned]) -> dict[str, list[str]]:
    """Return the names of `chosen` of which a word of their own stands in a training story: which.

    Titles and small words ("de") are nobody's own; capitals matter, so that a person called Rain
    is no weather.
    """
    known = set[str]()
    for each in learned:
        known |= _told(each.text) | _told(each.settings.main_characters)
    all_names = (name for settings in chosen for name in settings.character_list)
    return {name: sorted(own) for name in all_names if (own := _own(name) & known)}


def keywords(chosen: Iterable[Settings], learned: Sequence[Learned]) -> list[str]:
    """Return the keywords of `chosen` that are a training story's keyword, in any inflected form.

    One that merely occurs in a story is none.
    """
    known = {_stems(word) for each in learned for word in each.settings.keyword_list}
    all_words = (word for settings in chosen for word in settings.keyword_list)
    return [word for word in dict.fromkeys(all_words) if _stems(word) in known]


def _told(text: str) -> set[str]:
    return {text[start:end].removesuffix("'s") for start, end in words.spans(text)}


def _own(name: str) -> set[str]:
    return {
        word
        for word in _told(name)
        if len(word) > 1 and not word[0].islower() and word.casefold() not in _TITLES
    }


def _stems(phrase: str) -> tuple[str, ...]:
    folded = words.folded(phrase)
    told = (folded[start:end] for start, end in words.spans(folded))
    return tuple(languages.stem(word, languages.ENGLISH) for word in told)


def _named(clashing: dict[str, list[str]]) -> list[str]:
    return [f"{name} ({', '.join(own)})" for name, own in clashing.items()]


def main() -> None:
    """Print what clashes; the status is 1 if anything does."""
    parser = argparse.ArgumentParser(prog="python -m pocket.measuring.clashes", description=__doc__)
    parser.add_argument("stories", type=Path, nargs="+", help="Prompt,Story files")
    options = parser.parse_args()
    try:
        learned = [story for path in options.stories for story in read(path)]
    except TrainingFileError as error:
        sys.exit(str(error))
    chosen = held_out.settings()
    letters = [letter.settings for letter in held_out.letters()]
    found = {
        "names": _named(names(chosen, learned)),
        "keywords": keywords(chosen, learned),
        "names of letters": _named(names(letters, learned)),
    }
    for kind, clashing in found.items():
        print(f"{kind}: {len(clashing)} of them in {len(learned)} training stories")
        print("".join(f"  {one}\n" for one in clashing), end="")
    sys.exit(1 if found["names"] or found["keywords"] else 0)


if __name__ == "__main__":
    main()
