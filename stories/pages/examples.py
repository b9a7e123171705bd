"""Settings to begin with: for whoever has no story yet, or no idea."""

from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from prose.settings import Settings
from stories.models import Genre, Register, Story, StorySettings, User
from stories.pages.writers.languages import usual_language

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Example(NamedTuple):
    """Settings that make a good first story, and how they are called."""

    name: str  # in addresses
    title: "StrOrPromise"
    settings: Settings


def _example(
    name: str,
    title: "StrOrPromise",
    characters: str,
    keywords: str,
    kind: tuple[Genre, Register, int],
    premise: str,
    *,
    child_friendly: bool = False,
    final_twist: bool = False,
) -> Example:
    genre, register, max_words = kind
    settings = Settings(
        main_characters=characters,
        keywords=keywords,
        genre=genre,
        register=register,
        child_friendly=child_friendly,
        max_words=max_words,
        final_twist=final_twist,
        premise=premise,
    )
    return Example(name, title, settings)


EXAMPLES = (
    _example(
        "light",
        _("The light that should be out"),
        gettext_noop("Anna, Old Ben"),
        gettext_noop("lighthouse, silver key"),
        (Genre.MYSTERY, Register.VIVID, 300),
        gettext_noop(
            "The lamp of a lighthouse burns again, years after it was switched off. Anna goes up "
            "to see who lit it."
        ),
        final_twist=True,
    ),
    _example(
        "dragon",
        _("The dragon who can’t sleep"),
        "Mira, Tuft",
        gettext_noop("dragon, lullaby, moon"),
        (Genre.FANTASY, Register.PLAYFUL, 250),
        gettext_noop(
            "A small dragon can’t sleep. Mira tries everything, until she finds out what it is "
            "afraid of."
        ),
        child_friendly=True,
    ),
    _example(
        "letter",
        _("A letter, forty years late"),
        "Clara, Edmund",
        gettext_noop("letter, train, blue coat"),
        (Genre.ROMANCE, Register.ELEGANT, 400),
        gettext_noop(
            "A letter arrives forty years late. Clara takes the train to answer it in person."
        ),
    ),
)


def example(name: str) -> StorySettings | None:
    """Return the unsaved settings of the example `name`, if there is one.

    They are in the page's language where the model in service may write it, or else in English.
    """
    found = next((each for each in EXAMPLES if each.name == name), None)
    if found is None:
        return None
    settings, language = found.settings, usual_language()
    said = {
        name: gettext(getattr(settings, name)) if language else getattr(settings, name)
        for name in ("main_characters", "keywords", "premise")
    }
    return StorySettings(**{**settings.to_dict(), **said, "language": language})


def usual(user: User) -> StorySettings:
    """Return unsaved settings to begin with: the kind of story that `user` began last.

    In its language too, or else in the page's, where the model may write it.
    """
    last = Story.objects.visible_to(user).select_related("settings").order_by("-pk").first()
    if last is None:
        return StorySettings(
            genre=Genre.ADVENTURE, register=Register.VIVID, language=usual_language()
        )
    return StorySettings(
        genre=last.settings.genre,
        register=last.settings.register,
        language=last.settings.language or usual_language(),
    )
