"""All that reads a writer's or a model's text, as functions of one text; and texts that are bad.

Whoever adds a function to `prose` adds it here: `test_growth` looks for it.
"""

import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any
from xml.sax.saxutils import escape

from django.utils import timezone

from finetuning.pipeline.material import datastories, reading, similar, spoilt
from modelserver import ChatTokens, Counter, errors, names, seams
from modelserver.ollama_api import templates
from pocket.server import prompts as chats
from pocket.training import measures
from prose import (
    cleaning,
    diffs,
    excerpts,
    finding,
    languages,
    overlap,
    passage,
    prompts,
    replacement,
    report,
    sentences,
    settings,
    splice,
    titles,
    wishes,
    words,
)
from prose.languages import offered, recognition
from stories.errors import Refused
from stories.history import versions
from stories.models import Generation, Story
from stories.pages import search
from stories.publishing import names as file_names
from stories.publishing import plain, works
from stories.publishing.reading import blocks, markup
from stories.publishing.reading import text as text_files
from stories.writing.rewrite_request import Rewrite
from tests.conftest import story_settings
from tests.prose.answers.readers import CLEANING
from tests.prose.children.readers import CHILDREN
from tests.prose.emphasis.readers import EMPHASIS

LONGEST = versions.MAX_TEXT_LENGTH

# What a text is a long row of: each was too much for one function or another.
UNITS = (
    *("word ", "a", ".", "\n", " ", "(", ",", '"', "“", "a'", "-", "_", "…", "<", "<|", "|>", "]"),
    *("<|x|>", "a.b,", "Mr. ", ". ", ', "', "e\u0301", "\u0301", "字", "走。", "」", "🇮", "\u200d"),
    *("👩\u200d", "שלום", "\n ", " \n", "\r\n", "\x00", "A. ", "the road went ", "He ran. "),
    *("เด็ก", "ア", "कि", "민수", "«", ". »", "ω;", "“。", "*", "*a ", "**a* "),
)
# A search that fails at the end has tried all places.
_END = "\tx"
_NESTED = (("<|", "|>"), ("[IN", "ST]"), ("<s", ">"), ("“", "”"))

Reader = Callable[[str], object]
Shape = Callable[[int], str]


def _row(unit: str, length: int) -> str:
    return unit * (length // len(unit))


def _ended(unit: str, length: int) -> str:
    return f"x{_row(unit, length)}{_END}"


def _nested(left: str, right: str, length: int) -> str:
    return left * (length // 2 // len(left)) + right * (length // 2 // len(right))


def _different(length: int) -> str:
    return " ".join(f"w{number}" for number in range(length // 7))


# Texts of about so many characters, by what they are made of.
SHAPES: dict[str, Shape] = {
    **{f"x{unit!r}…x": partial(_ended, unit) for unit in UNITS},
    **{f"{unit!r}…": partial(_row, unit) for unit in ("\n", " ", "a", ".", ",", '"', "。", "[]")},
    **{f"{left}…{right}": partial(_nested, left, right) for left, right in _NESTED},
    "different words": _different,
}


def _asked(
    names: str = "Anna, Old Ben", keywords: str = "lamp, a a a b", premise: str = ""
) -> settings.Settings:
    return settings.Settings(names, keywords, "War", "Vivid", False, 100, True, premise)


def _pieces(text: str) -> list[str]:
    """Return `text` as a fast model streams it."""
    return [text[place : place + 200] for place in range(0, len(text), 200)]


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))


def _in_thirds(text: str) -> passage.Passage:
    one, two = len(text) // 3, 2 * len(text) // 3
    return passage.Passage(text[:one], "", text[one:two] or "x", "", text[two:])


_MIDDLE = passage.cut("He ran. Anna lit the lamp. The road went on.", 8, 26)
_INSIDE = passage.cut("He ran, lit the lamp, and slept.", 8, 20)


def _cut(text: str) -> None:
    for start, end in ((0, len(text)), (len(text) // 3, 2 * len(text) // 3), (1, len(text) - 1)):
        with suppress(passage.EmptyPassageError):
            passage.cut(text, start, end)


def _goal(text: str) -> None:
    goal = sentences.Goal(10**9)
    for piece in _pieces(text):
        goal.cut(piece)


def _count(text: str) -> None:
    counter = words.Counter()
    for piece in _pieces(text):
        counter.add(piece)
        assert counter.words >= 0


def _look_out(text: str) -> None:
    for following in (["the", "road", "went"], ["aaaaaaaaaa"] * 6):
        lookout = overlap.Lookout(following)
        for piece in _pieces(text):
            lookout.feed(piece)
        lookout.rest()


def _rest(text: str) -> None:
    lookout = overlap.Lookout(["the", "road", "went"])
    lookout.feed(text)
    lookout.rest()


def _fit(text: str) -> None:
    for part, cut_short in itertools.product((_MIDDLE, _INSIDE, _in_thirds(text)), (False, True)):
        replacement.fitted(text, part, 100, cut_short=cut_short)
        replacement.fitted("One two.", part, 100, cut_short=cut_short)


def _read(text: str) -> None:
    prompt = prompts.story_prompt(_asked(premise="He ran."))
    for lead in ("", prompt[:-9], prompt.split("War")[0], prompt.split("He ran")[0], prompt):
        prompts.read_prompt(lead + text)
        prompts.leading_prompt(lead + text)


def _report(text: str) -> None:
    report.story_report(text, _asked())
    # What is typed is bounded by the form.
    report.story_report(text, _asked(text[:300], text[:300]))


def _suggest(text: str) -> None:
    titles.suggest_title(_asked(text, text))
    titles.suggest_title(_asked("", "", text))


def _moved(text: str) -> None:
    half = len(text) // 2
    splice.moved(text, f"x{text[:half]}y{text[half:]}z", half - 9, half + 9)


def _kept(text: str) -> None:
    for mode in ("expand", "dialogue"):
        wishes.are_kept(mode, _MIDDLE, text)


def _request(text: str) -> None:
    story = Story(text=text)
    for mode in (Generation.Mode.REWRITE, Generation.Mode.EXPAND):
        generation = Generation(story=story, settings=story_settings(), mode=mode)
        part = passage.Passage(text, "", "Anna lit the lamp.", "", text)
        rewrite = Rewrite(generation, part)
        rewrite.request(4096)
        rewrite.full_prompt()


def _excerpt(text: str) -> None:
    words = search.query_words(f"{'a' * 30}b e\u0301 字 {text[:100]}")
    search.excerpt(text, words)
    search.excerpt(text, words[:1])


def _read_csv(text: str) -> None:
    prompt = prompts.story_prompt(_asked())
    for lead in ("", f"{prompt},", prompt.split("Anna")[0]):
        with suppress(datastories.DataError, UnicodeEncodeError):
            datastories.read_csv(f"Prompt,Story\n{lead}{text}".encode())


def _read_file(text: str) -> None:
    story = json.dumps({"Prompt": text, "Story": text})
    for data in (text, story, f"[{story}]", f'{{"messages": {text}}}', f"{text};Prompt;Story\n"):
        for encoding in ("utf-8", "cp1252", "utf-16"):
            with suppress(datastories.DataError):
                reading.read(data.encode(encoding, "ignore"))


def _bound(text: str) -> works.Book:
    return works.Book("x", "", [works.Work(text[:99], text, "", timezone.now())])


def _read_page(content: bytes) -> None:
    page = escape(works.cleaned(content.decode())).encode()
    found = blocks.Blocks()
    markup.read(b"<p>" + page + b"</p>", markup.Page(found, 1))
    blocks.drafts(found, "x", split=True)


def _brought(read: Callable[[bytes], object]) -> Reader:
    """Return how `read` takes a text as a file; one that it refuses is read as far as that."""

    def reader(text: str) -> None:
        with suppress(Refused):
            read(text.encode(errors="ignore"))

    return reader


def _take_off(text: str) -> None:
    for prefill in (text, f"{text[:-1]}y"):
        echo = seams.Echo(prefill)
        for piece in _pieces(text):
            echo.take(piece)


def _strip(text: str) -> None:
    for template in ("<|x|> [INST] <s>", "<a> <<a>>"):
        ChatTokens(template).strip(text)
    ChatTokens(text)


def _weigh(text: str) -> None:
    counter = Counter()
    counter.learn([text, text], counter.estimate(text))


def _render(text: str) -> None:
    messages = chats.check_messages([{"role": "user", "content": text}] * 2)
    chats.render("{% for m in messages %}{{ m.content | trim }}{% endfor %}", messages)


# Of `prose`: by module and name; a property of a passage is that of one third of the text.
PROSE: dict[str, Reader] = {
    "cleaning.clean_text": cleaning.clean_text,
    "cleaning.clean_list": cleaning.clean_list,
    "diffs.word_diff": lambda text: diffs.word_diff(text, f"x{text[:-99]}y{text[:99]}"),
    "diffs.paragraph_diff": lambda text: diffs.paragraph_diff(text, f"x{text[:-99]}y{text[:99]}"),
    "diffs.edits": lambda text: diffs.edits(text, f"x{text[:-99]}y{text[:99]}"),
    "diffs.merged": lambda text: diffs.merged(text, f"x{text}", f"{text}y"),
    "diffs.readable": lambda text: diffs.readable(
        [diffs.Segment(change, piece) for piece in _pieces(text) for change in ("same", "added")]
    ),
    "finding.found": lambda text: finding.found(text, [text[:300], text[-99:]]),
    "languages.language_of": lambda text: languages.language_of(text.split()),
    "languages.offered.offered": offered.offered,
    "languages.recognition.language_of": recognition.language_of,
    "languages.stem": lambda text: languages.stem(text, "english"),
    "languages.language_of_word": lambda text: languages.language_of_word(text, "english"),
    "wishes.most_words": lambda text: wishes.most_words(_in_thirds(text), "expand"),
    "overlap.key": overlap.key,
    "overlap.keyed_words": lambda text: list(overlap.keyed_words(text)),
    "overlap.opening": lambda text: overlap.opening(text, inside_sentence=False),
    "overlap.Lookout.feed": _look_out,
    "overlap.Lookout.rest": _rest,
    "passage.cut": _cut,
    "prompts.story_prompt": lambda text: prompts.story_prompt(_asked(text, text, text)),
    "prompts.rewrite_prompt": lambda text: prompts.rewrite_prompt(_asked(), text, text),
    "prompts.summary_prompt": lambda text: prompts.summary_prompt(text, text, 150),
    "prompts.with_summary": lambda text: prompts.with_summary(text, text),
    "prompts.with_next": lambda text: prompts.with_next(text, text),
    "excerpts.first_sentences": lambda text: excerpts.first_sentences(text, 6_000, _bytes),
    "excerpts.last_sentences": lambda text: excerpts.last_sentences(text, 6_000, _bytes),
    "excerpts.parts": lambda text: list(excerpts.parts(text, 6_000, _bytes)),
    "prompts.rewrite_wish": lambda text: prompts.rewrite_wish("vivid", "", text[:500], text),
    "prompts.shown_prompt": lambda text: prompts.shown_prompt(text, text[:20]),
    "prompts.read_prompt": _read,
    "prompts.leading_prompt": _read,
    "prompts.token_limit": lambda text: prompts.token_limit(9, text),
    "replacement.prefill": replacement.prefill,
    "replacement.joined": lambda text: replacement.joined(text, text),
    "replacement.fitted": _fit,
    "report.story_report": _report,
    "report.shares": lambda text: report.shares(text, [[text[9:]], [text[::-1], text]]),
    "report.parts": lambda text: report.parts(text, [[text[9:]], [text[::-1], text]]),
    "report.contains": lambda text: report.contains(text, text[:300]),
    "sentences.Goal.cut": _goal,
    "sentences.word_limit": lambda text: sentences.word_limit(300, text),
    "sentences.ends_sentence": sentences.ends_sentence,
    "sentences.ends_text": sentences.ends_text,
    "sentences.can_begin_after": sentences.can_begin_after,
    "sentences.sentences": lambda text: list(sentences.sentences(text)),
    "sentences.full_stop": sentences.full_stop,
    "sentences.first_sentence": sentences.first_sentence,
    "sentences.from_next_sentence": sentences.from_next_sentence,
    "sentences.whole_sentences": lambda text: sentences.whole_sentences(text, 10**6),
    "settings.split_list": settings.split_list,
    "settings.Settings.of": lambda text: settings.Settings.of(_asked(text)),
    "settings.Settings.from_dict": lambda text: settings.Settings.from_dict(_asked(text).to_dict()),
    "settings.Settings.to_dict": lambda text: _asked(text).to_dict(),
    "settings.Settings.character_list": lambda text: _asked(text).character_list,
    "settings.Settings.keyword_list": lambda text: _asked("", text).keyword_list,
    "splice.is_at": lambda text: splice.is_at(text, 1, len(text), text),
    "splice.splice": lambda text: splice.splice(text, 1, 9, text),
    "splice.hashes": lambda text: splice.hashes(
        text.encode(errors="ignore").decode(), 0, len(text) // 3
    ),
    "splice.moved": _moved,
    "wishes.are_kept": _kept,
    "words.count": words.count,
    "words.spans": lambda text: list(words.spans(text)),
    "words.first": lambda text: words.first(text, len(text) // 9),
    "words.Counter.add": _count,
    "words.Counter.words": _count,
    "words.Counter.exceeds": _count,
    "words.is_unspaced": words.is_unspaced,
    "words.is_wide": lambda text: words.is_wide(text[:1]),
    "words.folded": words.folded,
    "words.folded_words": lambda text: list(words.folded_words(text)),
    "titles.sort_key": titles.sort_key,
    "titles.suggest_title": _suggest,
}


def _of_passage(name: str) -> Reader:
    def read(text: str) -> Any:
        return getattr(_in_thirds(text), name)

    return read


PROSE |= {
    f"passage.Passage.{name}": _of_passage(name)
    for name, value in vars(passage.Passage).items()
    if isinstance(value, property)
}

PROSE |= CLEANING | EMPHASIS | CHILDREN

# Of the other rooms.
OTHERS: dict[str, Reader] = {
    "stories.history.versions.storable": lambda text: versions.storable(text[:LONGEST]),
    "stories.publishing.names.file_name": file_names.file_name,
    "stories.publishing.works.cleaned": works.cleaned,
    "stories.publishing.works.paragraphs": works.paragraphs,
    "stories.publishing.plain.markdown": lambda text: plain.markdown(_bound(text)),
    "stories.publishing.reading.text.read_plain": _brought(text_files.read_plain),
    "stories.publishing.reading.text.read_markdown": _brought(text_files.read_markdown),
    "stories.publishing.reading.markup.Page": _brought(_read_page),
    "stories.pages.search.query_words": search.query_words,
    "stories.pages.search.excerpt": _excerpt,
    "stories.writing.rewrite_request.Rewrite": _request,
    "finetuning.pipeline.similar.shingles": lambda text: similar.shingles(text, 8),
    "finetuning.pipeline.similar.pairs": lambda text: list(similar.pairs([text, f"x {text}"], 0.4)),
    "finetuning.pipeline.datastories.read_csv": _read_csv,
    "finetuning.pipeline.datastories.write_csv": lambda text: datastories.write_csv([(text, text)]),
    "finetuning.pipeline.material.reading.read": _read_file,
    "finetuning.pipeline.material.spoilt.look": spoilt.look,
    "finetuning.pipeline.material.spoilt.repaired": spoilt.repaired,
    "finetuning.pipeline.datastories.restored": datastories.restored,
    "modelserver.seams.Echo": _take_off,
    "modelserver.tokens.ChatTokens": _strip,
    "modelserver.counting.Counter": _weigh,
    "modelserver.errors.what_it_says": errors.what_it_says,
    "modelserver.names.parse": names.parse,
    "modelserver.ollama_api.templates.is_go": lambda text: templates.is_go(
        f"{{{{ .Prompt }}}}{text}"
    ),
    "pocket.server.prompts.render": _render,
    "pocket.training.measures.ends_whole": measures.ends_whole,
    "pocket.training.measures.repeats": measures.repeats,
    "pocket.training.measures.seam_faults": lambda text: measures.seam_faults(
        "One.", text, "Three.", ended=True
    ),
}
READERS = PROSE | OTHERS
