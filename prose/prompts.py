"""The prompts' fixed wording: written from settings, and read back.

The wording is a contract: approved stories are trained on it, so that a changed word here makes
every earlier training example a different task. It stands nowhere else.

A story in another language than English is asked for by one sentence more, the last one of all:
" Write the story in German." It comes behind the twist and the child-friendly content, and before
the parts that a rewrite must not change. Its names are `prose.languages.offered`'s, in English
like the rest; without it, the prompt is that of a story in English.

Readers of an age are asked for by a sentence before that one: " The story is for readers of about
8 years." Without it, the prompt says nothing of an age.
"""

import math
import re
from string import Formatter

from prose import words
from prose.languages.offered import CODES, NAMES, OTHER_SCRIPTS
from prose.settings import Settings

MIN_WORDS = 20
MAX_WORDS = 5_000
# English takes less; and a byte in other scripts, of a tokenizer that was not made for them.
_TOKENS_A_WORD, _TOKENS_A_BYTE = 2, 2 / 3
_MOST_TOKENS_A_WORD = 24
# Of other languages, by the letters that they are written in.
_TOKENS_A_LATIN_WORD, _TOKENS_A_WORD_ELSEWHERE = 4, 12
# Years of the readers that a story can be asked for.
MIN_AGE, MAX_AGE = 5, 14
# Characters of a free-text field that reach the prompt.
MAX_FIELD_LENGTH = 300
# Characters of what should happen in a story.
MAX_PREMISE_LENGTH = 1_000
# Characters of what a writer asks of a rewrite, or says of what happens next.
MAX_INSTRUCTION_LENGTH = 500

# What every prompt begins with; a file of prompts is told by it.
OPENING = "You are a writer. Write a story, "
_LIMIT = f"{OPENING}without extra comments or questions, of maximum {{max_words}} words"
# Left out where there are none.
_NAMES, _KEYWORDS = ", where the main characters names are ", " The keywords of the story are "
_PREMISE = " This is what should happen in the story: "
_KIND = ". The story genre is {genre} and you have to use a {register} register."
_REGISTER = " you have to use a {register} register."
_VOWELS = frozenset("aeiou")
_PARTS = " The story must have an introduction, a development and a conclusion."
_TWIST = " The finale of the story must have a twist."
_CHILD = " The content must be child-friendly. The story might not involve children."
_AGE = " The story is for readers of about {reader_age} years."
_LANGUAGE = " Write the story in {language}."
_REWRITE = (
    " It is important that the story starts with this part unchanged: {initial_part} and finishes "
    "with this part unchanged: {final_part}"
)


def _pattern(wording: str, **fields: str) -> str:
    """Return the regex of a wording whose fields have the patterns given."""
    found = (
        re.escape(literal) + (f"(?P<{name}>{fields[name]})" if name else "")
        for literal, name, *_ in Formatter().parse(wording)
    )
    return "".join(found)


# Each of them is bounded and none can begin inside itself: reading takes a text's length.
_HEAD = re.compile(_pattern(_LIMIT, max_words="0|[1-9][0-9]{0,5}"))
_MIDDLE = re.compile(
    _pattern(_KIND, genre=r"[\w-]{1,40}", register=r"[\w-]{1,40}")
    + f"(?={re.escape(_KEYWORDS)}|{re.escape(_PREMISE)}|{re.escape(_PARTS)})"
)
_END = re.compile(
    rf"{re.escape(_PARTS)}(?P<final_twist>{re.escape(_TWIST)})?"
    rf"(?P<child_friendly>{re.escape(_CHILD)})?"
    rf"(?:{_pattern(_AGE, reader_age='[5-9]|1[0-4]')})?"
    rf"(?:{_pattern(_LANGUAGE, language='|'.join(CODES))})?"
)
# Characters; the fields at their longest make a fifth of it.
_LONGEST_PROMPT = 10_000


def story_prompt(settings: Settings) -> str:
    """Return the prompt that asks for a whole story."""
    fields = settings.to_dict()
    prompt = _LIMIT.format_map(fields)
    if settings.main_characters:
        prompt += _NAMES + settings.main_characters
    prompt += _KIND.format_map(fields)
    if settings.keywords:
        prompt += f"{_KEYWORDS}{settings.keywords}."
    if settings.premise:
        prompt += f"{_PREMISE}{settings.premise}"
    prompt += _PARTS
    if settings.final_twist:
        prompt += _TWIST
    if settings.child_friendly:
        prompt += _CHILD
    if settings.reader_age:
        prompt += _AGE.format(reader_age=settings.reader_age)
    if settings.language:
        prompt += _LANGUAGE.format(language=NAMES[settings.language])
    return prompt


def shown_prompt(prompt: str, register: str) -> str:
    """Return `prompt`, whose wording is fixed, as a sentence for people: "an elegant register"."""
    before, told, after = prompt.rpartition(_REGISTER.format(register=register))
    if not told:
        return prompt
    article = "an" if register[:1].lower() in _VOWELS else "a"
    told = _REGISTER.format(register=register.lower()).replace(" a ", f" {article} ", 1)
    return before + told + after


def read_prompt(prompt: str) -> Settings | None:
    """Return the settings that made `prompt`, or None when it has another wording.

    What is read makes the very same prompt again. It is what the prompt was made of too, if genre
    and register are single words, no field is blank, none but the premise has a line break, the
    keywords do not hold the wording before a premise, and the names do not hold all of the wording
    from ". The story genre is" to "The keywords", "This is what" or "The story must have" after it,
    of which the first counts.
    """
    prompt = prompt.strip()
    found = _read(prompt, last=True)
    return found[0] if found and found[1] == len(prompt) else None


def leading_prompt(text: str) -> str | None:
    """Return the prompt that `text` begins with, or None.

    It goes to the first place where it can end: keywords or a premise that hold the wording from
    ". The story must" on can't be told from it.
    """
    found = _read(text[:_LONGEST_PROMPT], last=False)
    return text[: found[1]] if found else None


def _read(text: str, *, last: bool) -> tuple[Settings, int] | None:
    """Return the settings of the prompt that `text` begins with, and where it ends.

    That is the last place where it can, or the first.
    """
    head = _HEAD.match(text) if len(text) <= _LONGEST_PROMPT else None
    if head is None:
        return None
    names, middle = _names(text, head.end())
    if middle is None:
        return None
    keywords, premise, end = _wishes(text, middle.end(), last=last)
    if end is None or "\n" in names + keywords:
        return None
    settings = Settings(
        main_characters=names,
        keywords=keywords,
        genre=middle["genre"],
        register=middle["register"],
        child_friendly=end["child_friendly"] is not None,
        max_words=int(head["max_words"]),
        final_twist=end["final_twist"] is not None,
        premise=premise,
        language=CODES.get(end["language"], ""),
        reader_age=int(end["reader_age"]) if end["reader_age"] else None,
    )
    return settings, end.end()


def _names(text: str, start: int) -> tuple[str, re.Match[str] | None]:
    """Return the names, if any stand from `start` on, and what follows them."""
    if not text.startswith(_NAMES, start):
        return "", _MIDDLE.match(text, start)
    start += len(_NAMES)
    middle = _MIDDLE.search(text, start + 1)
    return text[start : middle.start()] if middle else "", middle


def _wishes(text: str, start: int, *, last: bool) -> tuple[str, str, re.Match[str] | None]:
    """Return the keywords and the premise that stand from `start` on, and the last end for them.

    Or the first one. Either of the two may be missing.
    """
    keywords = ""
    if text.startswith(_KEYWORDS, start):
        start += len(_KEYWORDS)
        # A story that begins behind the prompt may hold the wording too. Where the prompt ends with
        # the text, its keywords may: a premise can stand behind them and end without a full stop.
        end = _last_end(text, start + 2, "" if last else ".", last=last)
        stop = text.find(f".{_PREMISE}", start + 1, end.start() if end else None)
        if stop < 0:
            whole = end if end and text.endswith(".", start + 1, end.start()) else None
            return (text[start : whole.start() - 1] if whole else ""), "", whole
        keywords, start = text[start:stop], stop + 1
    if not text.startswith(_PREMISE, start):
        return keywords, "", _END.match(text, start)
    start += len(_PREMISE)
    end = _last_end(text, start + 1, "", last=last)
    return keywords, text[start : end.start()] if end else "", end


def _last_end(text: str, start: int, stop: str, *, last: bool) -> re.Match[str] | None:
    """Return the last end of a prompt from `start` on that `stop` stands before, or the first."""
    ends = [end for end in _END.finditer(text, start) if text.endswith(stop, 0, end.start())]
    return ends[-1 if last else 0] if ends else None


def rewrite_prompt(settings: Settings, initial_part: str, final_part: str) -> str:
    """Return the prompt that asks for a story between two parts that must not change."""
    parts = _REWRITE.format(initial_part=initial_part, final_part=final_part)
    return story_prompt(settings) + parts


# What stands before the passage in a wish. A small model may tell it again behind its answer.
PASSAGE_NOW = "\n\nThe part between these two now reads: "
# What is asked of a passage beyond being written again.
_WISHES = {
    "expand": "longer, with more detail",
    "shorten": "much shorter, keeping what matters",
    "vivid": "more vivid, with what can be seen, heard and felt",
    "dialogue": "with more dialogue",
    "register": "in a {register} register",
}


def rewrite_wish(mode: str, register: str, instruction: str, passage: str) -> str:
    """Return what follows the rewrite prompt when more is asked than the passage again.

    It shows the model the passage as it reads now. Empty for a plain rewrite, whose prompt is the
    fixed wording and nothing else.
    """
    wish = _WISHES.get(mode, "").format(register=register)
    if not wish and not instruction:
        return ""
    task = f"Write that part again, {wish}." if wish else "Write that part again."
    if instruction:
        task += f" {instruction}"
    return f"{PASSAGE_NOW}{passage}\n\n{task}"


def summary_prompt(summary: str, part: str, max_words: int) -> str:
    """Return what asks for a summary of a story: of `part`, after what `summary` tells."""
    before = (
        f"This is what happened in a story so far:\n{summary}\n\nThis is how it goes on"
        if summary
        else "This is a part of a story"
    )
    return (
        f"{before}:\n{part}\n\nTell in {max_words} words at most what has happened by now, in the "
        "language of the story and in whole sentences: who is who, where they are, what they want "
        "and what is still open. Write nothing else."
    )


def with_summary(prompt: str, summary: str) -> str:
    """Return `prompt` with a summary of what came before the part that is shown."""
    if not summary:
        return prompt
    return f"{prompt}\n\nThis is what happened before the part that you go on from:\n{summary}"


def with_next(prompt: str, wish: str) -> str:
    """Return `prompt` with what the writer wants to happen next, for a story that is gone on from.

    `wish` may be empty.
    """
    if not wish:
        return prompt
    return f"{prompt}\n\nGo on from where your answer ends. This is what happens next: {wish}"


def token_limit(max_words: int, like: str = "", language: str = "") -> int:
    """Return how many tokens a story of `max_words` words may take before it is cut.

    `like` is a text in the language that it is written in: other scripts take more tokens a word.
    `language` is the one that the settings ask for.
    """
    least = _TOKENS_A_WORD
    if language:
        other = language in OTHER_SCRIPTS
        least = _TOKENS_A_WORD_ELSEWHERE if other else _TOKENS_A_LATIN_WORD
    return math.ceil(max_words * max(least, _tokens_a_word(like))) + 64


def _tokens_a_word(text: str) -> float:
    """Return the tokens that a word like those of `text` may take."""
    beyond_ascii = len(text.encode(errors="ignore")) - sum(map(str.isascii, text))
    most = beyond_ascii * _TOKENS_A_BYTE / max(1, words.count(text)) if beyond_ascii else 0
    return min(max(_TOKENS_A_WORD, most), _MOST_TOKENS_A_WORD)
