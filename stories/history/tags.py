"""A writer's tags: put on a story, taken off, and those that there are."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Max
from django.utils.translation import gettext as _

from prose import cleaning, words
from prose.settings import split_list
from stories.errors import Refused
from stories.models import Story, StoryTag, User
from stories.models.tag import LONGEST_KEY, MAX_LENGTH

MAX_TAGS = 20  # of a story
# Of what is typed; no more than a story's tags can be.
LONGEST_TYPED = MAX_TAGS * (MAX_LENGTH + 2)
_SUGGESTED = 8


@dataclass(frozen=True)
class OwnTag:
    """One of a writer's tags, and how many of their stories have it."""

    key: str
    name: str
    stories: int


def key_of(name: str) -> str:
    """Return `name` as tags are compared: "Sea", "sea" and " SEA " are one."""
    return words.folded(" ".join(cleaning.clean_text(name[:MAX_LENGTH]).split()))[:LONGEST_KEY]


def own_tags(user: User) -> list[OwnTag]:
    """Return the tags of the writer's stories, by name; one that is spelled twice is one."""
    rows = StoryTag.objects.of(user).values("key").order_by("key")
    counted = rows.annotate(spelling=Max("name"), stories=Count("pk"))
    return [OwnTag(row["key"], row["spelling"], row["stories"]) for row in counted]


def suggested(own: list[OwnTag], there: set[str]) -> list[OwnTag]:
    """Return the most used of a writer's `own` tags whose keys are not `there`."""
    others = (tag for tag in own if tag.key not in there)
    return sorted(others, key=lambda tag: -tag.stories)[:_SUGGESTED]


def add_tags(story: Story, typed: str) -> None:
    """Put the tags in `typed`, separated by commas, on `story`; one that it has stays as it is.

    A tag that the writer has used is spelled as it was. Raises `Refused` for one that is too long,
    and for more than `MAX_TAGS` of them; nothing is changed then.
    """
    names = split_list(cleaning.clean_list(typed[:LONGEST_TYPED]))
    if any(len(name) > MAX_LENGTH for name in names):
        sentence = _("A tag has at most %(most)s characters.")
        raise Refused("tag_too_long", sentence % {"most": MAX_LENGTH}, 400)
    wanted = {key_of(name): name for name in reversed(names)}
    wanted.pop("", None)  # of signs that nobody sees
    known = StoryTag.objects.of(story.owner).filter(key__in=wanted).order_by("-pk")
    wanted |= dict(known.values_list("key", "name"))
    with transaction.atomic():
        Story.objects.select_for_update().get(pk=story.pk)
        there = set(story.tags.values_list("key", flat=True))
        new = [StoryTag(story=story, key=k, name=n) for k, n in wanted.items() if k not in there]
        if len(there) + len(new) > MAX_TAGS:
            sentence = _("A story has at most %(most)s tags.")
            raise Refused("too_many_tags", sentence % {"most": MAX_TAGS}, 400)
        StoryTag.objects.bulk_create(new)


def remove_tag(story: Story, name: str) -> None:
    """Take a tag off `story`, if it has it."""
    story.tags.filter(key=key_of(name)).delete()
