"""How a register says a sentence.

The marks in a pattern:
    {slot}     a name, a pronoun, a keyword (`telling.py` fills them)
    [x|y]      one of these
    a & b      two main clauses; the register joins or parts them
    a % b      the same, with "but"
    <detail>   left out by terse registers
    !pattern   not in a story for children
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

from pocket.corpus import banks
from pocket.corpus.articles import article

_CHOICE = re.compile(r"\[([^][]*)\]")
_DETAIL = re.compile(r"<([^<>]*)>")
# An article whose next word may have been put in the place of another. A capital may be a letter's
# name ("an R"), which only its author knows.
_ARTICLE = re.compile(r"\b([Aa])n? (?=[a-z])")
_JOINT = re.compile(r" ([&%]) (\S+)")
# What opens a clause with a subject of its own; before anything else "and" joins two verbs.
_SUBJECT = re.compile(
    r"\{(a|he|his|x|o|the_k|p|O)\}|(the|a|an|it|there|they|nobody|everybody|everyone|somebody|someone|"
    r"something|nothing|no|one|none|each|every|both|most|all|some|in|at|on|by|when|then|so|once|"
    r"that|this|these|those|its|people|few|not|with|for|next|which|who|forty|two|three|nine|"
    r"lunch|Thursday|Saturday|time|news|work|bread|books|rumours)\b"
)
_CONTRACTIONS = {
    r"\b(did|does|do|could|would|was|were|had|has|is|are|should) not\b": r"\1n't",
    r"\bcannot\b": "can't",
    r"\bwill not\b": "won't",
    r"\b([Ii]t|[Tt]hat|[Tt]here) is(?= (?!to\b)\w)": r"\1's",
    r"\bI am(?= \w)": "I'm",
    r"\b(You|you|We|we|They|they) are(?= \w)": r"\1're",
    r"\bI have(?= \w+(?:ed|t|n)\b)": "I've",
}
# First words that lose their capital behind a lead; names and quotations keep theirs.
_COMMON_STARTS = {
    "A", "After", "All", "An", "At", "Before", "Behind", "By", "Each", "Every", "Everyone",
    "Everything", "For", "From", "Half-way", "In", "Inside", "It", "Nobody", "On", "One", "Only",
    "Out", "Over", "She", "He", "Somebody", "Someone", "Something", "The", "There", "They",
    "Three", "Towards", "Two", "Under", "When", "Without",
}  # fmt: skip


@dataclass(frozen=True)
class Style:
    """A register's habits; the lists are drawn from at each sentence."""

    details: float
    contractions: bool
    joints: dict[str, list[str]]
    words: tuple[tuple[re.Pattern[str], list[str]], ...]
    leads: list[str]
    lead_share: float
    tails: list[str]
    tail_share: float
    exclaim: float
    merge_share: float
    mergers: list[str]

    def word(self, rng: random.Random, pattern: str) -> str:
        """Return `pattern` in the register's words, its slots still open."""
        text = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), pattern)
        text = _DETAIL.sub(lambda match: match[1] if rng.random() < self.details else "", text)
        text = _JOINT.sub(lambda match: self._join(rng, match[1], match[2]), text)
        for word, choices in self.words:
            text = word.sub(partial(_replace, rng, choices), text)
        if self.contractions:
            for long, short in _CONTRACTIONS.items():
                text = re.sub(long, short, text)
        return _ARTICLE.sub(_fitting_article, text)

    def _join(self, rng: random.Random, mark: str, following: str) -> str:
        if not _SUBJECT.match(following):
            return f"{' and' if mark == '&' else ', but'} {following}"
        joint = rng.choice(self.joints[mark])
        if joint == ".":
            following = re.sub(r"[a-z]", lambda match: match[0].upper(), following, count=1)
        return f"{joint} {following}"

    def merge(
        self, rng: random.Random, sentences: Sequence[str], names: Sequence[str]
    ) -> list[str]:
        """Return a paragraph's sentences, some of the neighbours made into one long sentence."""
        merged: list[str] = []
        joined = False
        for sentence in sentences:
            first, _, rest = sentence.partition(" ")
            named = sentence.startswith(tuple(names))
            if (
                merged
                and not joined
                and _mergeable(merged[-1])
                and _mergeable(sentence)
                and (named or first in _COMMON_STARTS)
                and rng.random() < self.merge_share
            ):
                following = sentence if named else f"{first[0].lower()}{first[1:]} {rest}"
                merged[-1] = f"{merged[-1][:-1]}{rng.choice(self.mergers)} {following}"
                joined = True
            else:
                merged.append(sentence)
                joined = False
        return merged

    def finish(self, rng: random.Random, sentence: str, *, lead: bool, said: set[str]) -> str:
        """Return a filled sentence with what the register sets before and after it.

        None of it twice in a story: `said` is what has been set, and what is set here joins it.
        """
        leads, tails = (
            [text for text in texts if text not in said] for texts in (self.leads, self.tails)
        )
        first, _, rest = sentence.partition(" ")
        plain = '"' not in sentence and sentence.endswith(".")
        if lead and plain and leads and rng.random() < self.lead_share and rest:
            if first in _COMMON_STARTS:
                first = first[0].lower() + first[1:]
                opening = rng.choice(leads)
                said.add(opening)
                if opening[-1] in "!":
                    first = first.capitalize()
                sentence = f"{opening} {first} {rest}"
        elif (
            lead
            and plain
            and tails
            and rng.random() < self.tail_share
            and not re.search("[,;:]", sentence)
        ):
            closing = rng.choice(tails)
            said.add(closing)
            sentence = f"{sentence[:-1]}{closing}."
        if plain and rng.random() < self.exclaim:
            sentence = f"{sentence[:-1]}!"
        return sentence


def _fitting_article(match: re.Match[str]) -> str:
    fitting = article(match.string[match.end() :])
    return f"{match[1]}{fitting[1:]} "


def _replace(rng: random.Random, choices: list[str], match: re.Match[str]) -> str:
    word = rng.choice(choices)
    return word[0].upper() + word[1:] if match[0][0].isupper() else word


def _mergeable(sentence: str) -> bool:
    return sentence.endswith(".") and not re.search('[";:!?]|, and |\\. ', sentence)


@cache
def style_of(register: str) -> Style:
    """Return the style that the register's bank describes."""
    bank = banks.load().registers[register]
    habits = dict(line.split(" ", 1) for line in bank["style"])
    words = []
    for line in bank["words"]:
        word, choices = line.split(": ", 1)
        # A quotation mark before the word restricts it to dialogue.
        start = "" if word.startswith('"') else r"(?<!all )\b"
        pattern = re.compile(rf"{start}{re.escape(word)}\b(?! out\b)", re.IGNORECASE)
        words.append((pattern, choices.split(", ")))
    return Style(
        details=float(habits["details"]),
        contractions=habits["contractions"] == "yes",
        joints={"&": habits["and"].split("|"), "%": habits["but"].split("|")},
        words=tuple(words),
        leads=bank.get("lead", []),
        lead_share=float(habits["lead"]),
        tails=bank.get("tail", []),
        tail_share=float(habits.get("tail", 0)),
        exclaim=float(habits.get("exclaim", 0)),
        merge_share=float(habits.get("merge", 0)),
        mergers=habits.get("with", "").split("|"),
    )
