"""What can be counted about a story beside its settings, and about a rewritten passage."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import islice

import Stemmer

from pocket import corpus
from pocket.corpus import banks, split_sentences, twist_markers
from pocket.corpus.words import familiar
from prose import sentences
from prose.settings import Settings

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_WHOLE_START = re.compile(r"[\"“(]?[^\Wa-z_]")
# Characters; shorter sentences may well be said twice.
_LONG_SENTENCE = 20
_VOCABULARY_STORIES = 2000

_stem = cache(Stemmer.Stemmer("english").stemWord)


def names_present(story: str, settings: Settings) -> bool:
    """Tell whether every name stands in the story, whole and in any capitals."""
    return all(
        re.search(rf"(?<!\w){re.escape(name)}(?!\w)", story, re.IGNORECASE)
        for name in settings.character_list
    )


def keywords_present(story: str, settings: Settings) -> bool:
    """Tell whether every keyword stands in the story, in any capitals and any inflected form.

    Words are compared by their English stems (Snowball); a hyphen counts as a space.
    """
    said = _stems(story)
    return all(_within(_stems(keyword), said) for keyword in settings.keyword_list)


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(text.lower())]


def _within(phrase: list[str], text: list[str]) -> bool:
    return any(text[i : i + len(phrase)] == phrase for i in range(len(text) - len(phrase) + 1))


def ends_whole(story: str) -> bool:
    """Tell whether the story ends with a whole sentence."""
    return sentences.ends_sentence(story)


@cache
def _familiar_names() -> frozenset[str]:
    return frozenset(one.text for one in (*familiar("heroes"), *familiar("companions")))


def names_somebody(story: str) -> bool:
    """Tell whether a story whose prompt names nobody tells of somebody with a first name.

    It is one that the model was taught, whole, and stands in two paragraphs at least.
    """
    told = Counter(
        name
        for paragraph in story.split("\n\n")
        for name in {*_WORD.findall(paragraph)} & _familiar_names()
    )
    return max(told.values(), default=0) > 1


def repeats(story: str) -> bool:
    """Tell whether a sentence of some length stands in the story twice."""
    long_ones = [s for s in split_sentences(story) if len(s) >= _LONG_SENTENCE]
    return len(long_ones) > len(set(long_ones))


def turns(story: str) -> bool:
    """Tell whether the final paragraph has a twist: one of the phrases that open each of them."""
    final = story.rsplit("\n\n", 1)[-1].lower()
    return any(marker.lower() in final for marker in twist_markers())


@cache
def vocabulary() -> frozenset[str]:
    """Return the words that the training stories are written in, without names and keywords.

    Stricter than a dictionary: an English word that no training story uses is not among them.
    """
    lines = [*banks.all_lines(), *_familiar_names()]
    words = {word for line in lines for word in _WORD.findall(line.lower())}
    # What the registers make of them: contractions, leads, joints.
    for example in islice(corpus.examples(4141, kind="write"), _VOCABULARY_STORIES):
        words.update(other_words(example.story, example.settings))
    return frozenset(words)


def other_words(story: str, settings: Settings) -> list[str]:
    """Return the story's words in lower case, without those of the names and keywords."""
    given = {
        word
        for text in (*settings.character_list, *settings.keyword_list)
        for word in _WORD.findall(text.lower())
    }
    words = [word.removesuffix("'s") for word in _WORD.findall(story.lower().replace("’", "'"))]
    return [word for word in words if word not in given]


def strange_words(story: str, settings: Settings) -> list[str]:
    """Return the words that are no words of the language, names or keywords."""
    return [word for word in other_words(story, settings) if word not in vocabulary()]


def count_words(story: str) -> int:
    """Return how many words `strange_words` looks at, names and keywords included."""
    return len(_WORD.findall(story))


def seam_faults(initial: str, answer: str, final: str, *, ended: bool) -> list[str]:
    """Return what is wrong where a rewritten passage meets what stands before and after it.

    `answer` is all that the model wrote after `initial`: the passage, then `final`, to which it
    has to come by itself; `ended` tells whether it stopped by itself.
    """
    passage, faults = answer, []
    if final:
        place = answer.find(_beginning(final))
        if place < 0:
            return ["the text after it is not reached"]
        passage = answer[:place]
        if not re.search(r"\S(?: |\n\n)\Z", passage):
            faults.append("white space before the text after it")
    elif not ended:
        faults.append("no end")
    if not re.match(r"(?: |\n\n)\S" if initial else r"\S", passage):
        faults.append("white space after the text before it")
    faults += _passage_faults(passage.strip(), split_sentences(f"{initial} {final}"))
    return faults


def _beginning(text: str) -> str:
    """Return enough of `text` to know it by: its first sentence, 60 characters at most."""
    return split_sentences(text)[0][:60]


def _passage_faults(passage: str, around: Sequence[str]) -> list[str]:
    faults = []
    if not passage:
        return ["nothing written"]
    if not ends_whole(passage):
        faults.append("no whole sentence at the end")
    if not _WHOLE_START.match(passage):
        faults.append("no whole sentence at the start")
    neighbours = {sentence for sentence in around if len(sentence) >= _LONG_SENTENCE}
    if neighbours & set(split_sentences(passage)):
        faults.append("a sentence of the surroundings again")
    return faults
