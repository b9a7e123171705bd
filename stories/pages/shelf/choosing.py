"""What of the library is shown, and in which order: read from the address, written into links."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, TextChoices
from django.db.models.functions import Left
from django.http import QueryDict
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from prose.titles import sort_key
from stories.history.tags import key_of
from stories.ids import row_id
from stories.models import Genre, Story, StoryTag
from stories.models.story import UNTITLED, StoryQuerySet
from stories.pages import search

PAGE = 12  # stories
# Characters of a text from which its excerpt is made, where no words are looked for.
_BEGINNING = 1_000
_LONGEST_VALUE = 200  # of what an address asks for


class Sort(TextChoices):
    """The orders of a library; the first one is what the page begins with."""

    TOUCHED = "touched", _("Last touched")
    NEWEST = "newest", _("Newest")
    TITLE = "title", _("Title")
    LENGTH = "length", _("Longest")


# Titles are sorted here: which of two letters comes first, each database knows in its own way.
_ORDERS = {
    Sort.TOUCHED: ("-updated_at", "-pk"),
    Sort.NEWEST: ("-created_at", "-pk"),
    Sort.TITLE: (),
    Sort.LENGTH: ("-word_count", "-pk"),
}


@dataclass(frozen=True)
class Asked:
    """One thing that the shown stories have in common, and the address without it."""

    label: str
    without: str


@dataclass(frozen=True)
class Choice:
    """What a page of the library is asked for; nothing but defaults is all stories."""

    words: tuple[str, ...] = ()
    genre: str = ""
    model: str = ""
    tag: str = ""
    good: bool = False
    unfinished: bool = False
    sort: Sort = Sort.TOUCHED

    @classmethod
    def of(cls, query: QueryDict) -> "Choice":
        """Read an address; what it can't mean is as if it were not there."""

        def value(name: str) -> str:
            return query.get(name, "").replace("\0", "").strip()[:_LONGEST_VALUE]

        genre, sort = value("genre"), value("sort")
        return cls(
            words=tuple(search.query_words(query.get("q", ""))),
            genre=genre if genre in Genre.values else "",
            model=value("model"),
            tag=" ".join(value("tag").split()),
            good=value("good") == "1",
            unfinished=value("unfinished") == "1",
            sort=Sort(sort) if sort in Sort.values else Sort.TOUCHED,
        )

    @property
    def query(self) -> str:
        """The words looked for, as typed."""
        return " ".join(self.words)

    @property
    def tag_key(self) -> str:
        """The tag as tags are compared."""
        return key_of(self.tag)

    def address(self, **more: str) -> str:
        """Return the query string that asks for this, without a "?" where it is empty."""
        values = {
            "q": self.query,
            "genre": self.genre,
            "model": self.model,
            "tag": self.tag,
            "good": "1" if self.good else "",
            "unfinished": "1" if self.unfinished else "",
            "sort": "" if self.sort == Sort.TOUCHED else self.sort.value,
            **more,
        }
        said = urlencode({name: value for name, value in values.items() if value})
        return f"?{said}" if said else ""

    @property
    def asked(self) -> list[Asked]:
        """Each thing that leaves stories out."""
        words = gettext("“%(words)s”") % {"words": self.query}
        genre = str(Genre(self.genre).label) if self.genre else ""
        model = gettext("by %(model)s") % {"model": self.model}
        tag = gettext("tag “%(tag)s”") % {"tag": self.tag}
        good, unfinished = pgettext("of a story", "good"), pgettext("of a story", "unfinished")
        found = (
            (words, bool(self.words), replace(self, words=())),
            (genre, bool(self.genre), replace(self, genre="")),
            (model, bool(self.model), replace(self, model="")),
            (tag, bool(self.tag), replace(self, tag="")),
            (good, self.good, replace(self, good=False)),
            (unfinished, self.unfinished, replace(self, unfinished=False)),
        )
        return [Asked(label, left.address()) for label, is_set, left in found if is_set]

    @property
    def when_nothing(self) -> str:
        """What a person is told when no story is found, and what helps."""
        if len(self.asked) > 1:
            return gettext("No story of yours fits all of this.")
        if self.words:
            return gettext(
                "No story of yours has all of these words in it. Try fewer; part of a word is "
                "enough."
            )
        if self.good:
            return gettext(
                "You have not marked a story as good yet. The star below a story does it."
            )
        if self.unfinished:
            return gettext("None of your stories is unfinished: they all come to an end.")
        return gettext("No story of yours is found here: %(asked)s.") % {
            "asked": ", ".join(a.label for a in self.asked)
        }

    def differs_from(self, other: "Choice") -> bool:
        """Tell whether more than the words looked for is another than in `other`."""
        return replace(self, words=()) != replace(other, words=())

    def chosen(self, stories: StoryQuerySet) -> StoryQuerySet:
        """Return those of `stories` that are asked for, in order."""
        if self.genre:
            stories = stories.filter(settings__genre=self.genre)
        if self.model:
            stories = stories.filter(model=self.model)
        if self.tag:
            tagged = StoryTag.objects.filter(story=OuterRef("pk"), key=self.tag_key)
            stories = stories.filter(Exists(tagged))
        if self.good:
            stories = stories.filter(good=True)
        if self.unfinished:
            stories = stories.filter(is_unfinished=True)
        return stories.filter(search.matching(list(self.words))).order_by(*_ORDERS[self.sort])

    def page(self, stories: StoryQuerySet, number: str | None) -> "Page[Story]":
        """Return page `number` of those of `stories` that are asked for, ready to be shown."""
        found = self.chosen(stories)
        if not self.words and self.sort != Sort.TITLE:
            return Paginator(self._shown(found), PAGE).get_page(number)
        # The words are looked for once, not once more to count; titles are sorted by us.
        page = Paginator(self._numbers(found), PAGE).get_page(number)
        rows = self._shown(stories.order_by()).in_bulk(list(page.object_list))
        listed = [rows[pk] for pk in page.object_list if pk in rows]
        shown: Page[Story] = Page(listed, page.number, page.paginator)  # type: ignore[arg-type]
        return shown

    def _numbers(self, found: StoryQuerySet) -> list[int]:
        if self.sort != Sort.TITLE:
            return list(found.values_list("pk", flat=True))
        titled = found.values_list("title", "pk")
        untitled = str(UNTITLED)
        by_title = sorted(titled, key=lambda row: (sort_key(row[0] or untitled), -row[1]))
        return [pk for _, pk in by_title]

    def _shown(self, stories: StoryQuerySet) -> StoryQuerySet:
        """Return `stories` with what their cards show; of a long text no more than that."""
        stories = stories.select_related("settings").prefetch_related("tags")
        if self.words:
            return stories
        return stories.defer("text").annotate(beginning=Left("text", _BEGINNING))


def address_of(query: QueryDict, **more: str) -> str:
    """Return the query string for what `query` asks for, its page included, and `more`."""
    page = query.get("page", "")
    return Choice.of(query).address(page=page if row_id(page) else "", **more)
