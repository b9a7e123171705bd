"""What the library's page lists: the chosen stories as cards, with what they can be chosen by."""

from typing import Any

from django.http import QueryDict

from stories.history.tags import LONGEST_TYPED, own_tags
from stories.models import Story, User
from stories.models.story import StoryQuerySet
from stories.pages.shelf.cards import cards
from stories.pages.shelf.choosing import Choice, address_of


def listing(user: User, query: QueryDict) -> dict[str, Any]:
    """Return the context of the page's list and its filters, for what `query` asks for."""
    choice = Choice.of(query)
    mine = Story.objects.visible_to(user)
    page = choice.page(mine, query.get("page"))
    own = own_tags(user)
    return {
        "page": page,
        "cards": cards(page.object_list, mine, choice, own),
        "any": bool(page.object_list) or mine.exists(),
        "choice": choice,
        "address": address_of(query),
        "earlier": choice.address(page=str(page.number - 1)) if page.has_previous() else "",
        "later": choice.address(page=str(page.number + 1)) if page.has_next() else "",
        "models": sorted({*_models(mine), *filter(None, [choice.model])}),
        "unknown_tag": "" if choice.tag_key in {tag.key for tag in own} else choice.tag,
        "own_tags": own,
        "longest_typed": LONGEST_TYPED,
    }


def _models(mine: StoryQuerySet) -> list[str]:
    """Return the models that wrote some of `mine`, by name."""
    named = mine.exclude(model="").order_by("model")
    return list(named.values_list("model", flat=True).distinct())
