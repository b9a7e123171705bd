"""The cards of the library's page: what tells one story from another."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from stories.history.tags import OwnTag, suggested
from stories.models import Story
from stories.models.story import StoryQuerySet
from stories.pages import search
from stories.pages.search import Piece
from stories.pages.shelf.choosing import Choice


@dataclass(frozen=True)
class Card:
    """A story as a library shows it; `apart` tells it from another of the same title.

    `suggested` are tags of the writer's that it does not have.
    """

    story: Story
    excerpt: list[Piece]
    apart: str
    suggested: list[OwnTag]

    @property
    def name(self) -> str:
        """What the story is called among all others, for who hears the page."""
        sentence = _("“%(story)s”, %(apart)s") if self.apart else _("“%(story)s”")
        return sentence % {"story": self.story, "apart": self.apart}


def cards(
    stories: Iterable[Story], mine: StoryQuerySet, choice: Choice, own: list[OwnTag]
) -> list[Card]:
    """Return the cards of `stories`, which are some of `mine`; `own` are the writer's tags."""
    listed, words = list(stories), list(choice.words)
    shared = _shared_titles(listed, mine)
    return [
        Card(
            story,
            search.excerpt(story.text if words else getattr(story, "beginning", ""), words),
            apart=_moment(story) if story.title in shared else "",
            suggested=suggested(own, {tag.key for tag in story.tags.all()}),
        )
        for story in listed
    ]


def _shared_titles(stories: list[Story], mine: StoryQuerySet) -> set[str]:
    """Return the titles of `stories` that more than one of `mine` has."""
    alike = mine.filter(title__in={story.title for story in stories}).order_by().values("title")
    counted = alike.annotate(count=Count("pk")).filter(count__gt=1)
    return set(counted.values_list("title", flat=True))


def _moment(story: Story) -> str:
    moment = date_format(localtime(story.created_at), "DATETIME_FORMAT")
    return _("begun %(moment)s") % {"moment": moment}
