"""A story before its curator: the marked text, whose words it has, and what speaks against it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from django.db.models import F
from django.db.models.functions import Length
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from finetuning.pipeline.export import NEAR_DUPLICATE
from finetuning.pipeline.material import similar
from prose import report
from prose.children import check
from prose.children.reading_level import reading_level
from prose.emphasis import signs
from prose.report import Part, StoryReport
from prose.settings import Settings
from stories.history import curation, looking, standing
from stories.history.provenance import settings_behind
from stories.models import Curation, Story, StorySettings, StoryVersion
from stories.models.story import UNTITLED
from stories.telling import told

_SIZE = 3  # words, as the export compares
_MOST_COMPARED = 1_000  # texts of like length, the newest first
_OF_MODEL = {
    StoryVersion.Origin.WRITE,
    StoryVersion.Origin.REWRITE,
    StoryVersion.Origin.CONTINUE,
}

_UNCHECKED = {
    "language": gettext_noop(
        "Whether it is fit for children is not checked: the check reads English."
    ),
    "package": gettext_noop(
        "Whether it is fit for children is not checked: the check has no model here."
    ),
    "pending": gettext_noop(
        "Whether it is fit for children is being checked: load the page again."
    ),
    "failed": gettext_noop("Whether it is fit for children is not checked: the check failed."),
}


class Piece(NamedTuple):
    """A part of a paragraph that looks the same and is one writer's; without signs."""

    text: str
    of: int  # in `Reading.models`; -1 is a person
    bold: bool
    italic: bool


@dataclass(frozen=True)
class Reading:
    """What a curator sees of a story; `paragraphs` hold pieces that know who wrote them."""

    story: Story
    version: int
    text: str
    settings: StorySettings
    report: StoryReport
    paragraphs: list[list[Piece]]
    models: list[str]
    warnings: list[str]


def reading(story: Story) -> Reading:
    """Return `story` as it was marked. Reads good stories of like length: not in a transaction."""
    marked = curation.marked_text(story)
    settings = story.good_settings or settings_behind(story, marked.number)
    found = report.story_report(marked.text, Settings.of(settings))
    models, paragraphs = _parts(story, marked)
    return Reading(
        story=story,
        version=marked.number,
        text=marked.text,
        settings=settings,
        report=found,
        paragraphs=[list(_pieces(paragraph)) for paragraph in paragraphs],
        models=models,
        warnings=[
            *_alike(story, marked),
            *_for_children(marked.text, settings),
            *_too_hard(marked.text, settings),
            *_broken(found),
        ],
    )


def _parts(story: Story, marked: StoryVersion) -> tuple[list[str], list[list[Part]]]:
    """Return the models that wrote in the text, and its paragraphs cut by who wrote what."""
    origins, texts = standing.written_by(story, marked.number)
    if not texts or not marked.text.strip():
        parts = [Part(marked.text, -1)]
    elif origins <= _OF_MODEL and len(texts) == 1:
        parts = [Part(marked.text, 0)]
    else:
        parts = report.parts(marked.text, list(texts.values()))
    return list(texts), _in_paragraphs(parts)


def _in_paragraphs(parts: list[Part]) -> list[list[Part]]:
    """Return the parts by the paragraphs that they stand in; empty lines part these."""
    paragraphs: list[list[Part]] = [[]]
    for part in parts:
        first, *others = part.text.split("\n\n")
        paragraphs[-1].append(Part(first, part.of))
        paragraphs += [[Part(piece, part.of)] for piece in others]
    told = ([part for part in one if part.text] for one in paragraphs)
    return [one for one in told if any(part.text.strip() for part in one)]


def _pieces(parts: list[Part]) -> Iterator[Piece]:
    """Yield the parts of a paragraph, cut where something bold or italic begins or ends."""
    text = "".join(part.text for part in parts)
    ends = list(accumulate(len(part.text) for part in parts))
    index = 0
    for start, end, bold, italic in _looks(text):
        while start < end:
            while ends[index] <= start:
                index += 1
            stop = min(end, ends[index])
            yield Piece(text[start:stop], parts[index].of, bold, italic)
            start = stop


def _looks(text: str) -> Iterator[tuple[int, int, bool, bool]]:
    """Yield from where to where of `text`, and whether it is bold or italic there; no signs."""
    begun = 0
    for line in text.split("\n"):
        looks = {signs.BOLD: False, signs.ITALIC: False}
        place = begun
        end = min(begun + len(line) + 1, len(text))  # with the line feed
        for start, size, begins in [*signs.edges(line), signs.Edge(end - begun, 0, False)]:
            yield place, begun + start, looks[signs.BOLD], looks[signs.ITALIC]
            place = begun + start + size
            looks[size] = begins
        begun = end


def _alike(story: Story, marked: StoryVersion) -> list[str]:
    """Say which other good story the text repeats almost word for word, if there is one."""
    own, size = similar.shingles(marked.text, _SIZE), len(marked.text)
    others = (
        StoryVersion.objects.filter(
            story__in=Story.objects.good().exclude(curation=Curation.REJECTED),
            number=F("story__good_version"),
        )
        .exclude(story=story)
        .annotate(size=Length("text"))
        # Of texts that differ more in length, more than a fifth is not shared.
        .filter(size__gte=int(0.7 * size), size__lte=int(1.4 * size) + 1)
        .order_by("-pk")
    )
    for title, text in others.values_list("story__title", "text")[:_MOST_COMPARED]:
        other = similar.shingles(text, _SIZE)
        shared = len(own & other)
        if shared and shared / (len(own) + len(other) - shared) >= NEAR_DUPLICATE:
            sentence = _("It is almost word for word “%(title)s”: a run leaves one of the two out.")
            return [sentence % {"title": title or UNTITLED}]
    return []


def _for_children(text: str, settings: StorySettings) -> list[str]:
    """Say what of a text that is meant for children may not be, or that nobody looked."""
    if not settings.child_friendly:
        return []
    found = looking.children(text, looking.READ)
    if not found["checked"]:
        return [_(_UNCHECKED[found["why_not"]])]
    sentence = _("It may not be for children (%(kind)s): “%(sentence)s”")
    warned = [
        sentence % {"kind": told(check.NAMES[each["category"]]), "sentence": each["sentence"]}
        for each in found["findings"]
    ]
    if found["why_not"] == "length":
        warned.append(_("Only its beginning is checked for children: it is too long."))
    return warned


def _too_hard(text: str, settings: StorySettings) -> list[str]:
    """Say that the text reads harder than for readers of the age that was asked for."""
    level = reading_level(text) if settings.reader_age and check.is_english(text) else None
    if level is None or not level.is_too_hard_for(settings.reader_age):
        return []
    sentence = _("It reads like for about %(age)s years; it was asked for %(asked)s.")
    return [sentence % {"age": level.age, "asked": settings.reader_age}]


def _broken(found: StoryReport) -> list[str]:
    """Say which of its settings the text breaks."""
    broken = []
    if found["language"] and not found["in_language"]:
        broken.append(_("It is not in the language that was asked for."))
    if missing := found["characters_missing"]:
        broken.append(_("It leaves out characters: %(names)s.") % {"names": ", ".join(missing)})
    if missing := found["keywords_missing"]:
        broken.append(_("It leaves out keywords: %(words)s.") % {"words": ", ".join(missing)})
    if found["words"] > found["max_words"]:
        sentence = _("It has %(words)s words; at most %(most)s were asked for.")
        broken.append(sentence % {"words": found["words"], "most": found["max_words"]})
    if not found["whole_end"]:
        broken.append(_("It breaks off within a sentence."))
    if count := found["repeated_sentences"]:
        broken.append(
            ngettext(
                "It says %(count)s sentence more than once.",
                "It says %(count)s sentences more than once.",
                count,
            )
            % {"count": count}
        )
    return broken
