"""What a writer does with stories, apart from generating: settings, edits, takes, marks, deletion.

Views and consumers call these; each one is complete and leaves the database consistent. Objects
come in already fetched through `visible_to`, which is the permission check.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from prose import cleaning, titles
from prose.settings import Settings
from stories.errors import GoneError
from stories.history import preferences, thinning, undo
from stories.history.provenance import generation_behind, settings_behind
from stories.history.versions import (
    VersionConflictError,
    add_version,
    move_to_version,
    storable,
    while_idle,
)
from stories.models import Curation, Genre, Story, StorySettings, StoryVersion, User

# Of a title, before it is cleaned and cut to its length.
_LONGEST_TYPED = 1_000
# How long a deleted story lies in the trash before `purge_deleted_stories` removes it.
TRASH_PERIOD = timedelta(days=30)


def create_story(user: User, settings: StorySettings) -> Story:
    """Keep the submitted `settings` (unsaved, validated) and open an empty story with them."""
    _keep_settings(user, settings)
    return Story.objects.create(owner=user, settings=settings, title=_suggestion(settings))


def change_settings(story: Story, settings: StorySettings) -> None:
    """Give `story` newly submitted settings; earlier takes keep the ones that made them."""
    _keep_settings(story.owner, settings)
    story.settings = settings
    if not story.title_is_own:
        story.title = _suggestion(settings)
    story.save(update_fields=["settings", "title", "updated_at"])


def choose_writer(story: Story) -> None:
    """Keep the model that was put into `story` for it, and how that is asked from now on."""
    story.save(update_fields=["writer", "temperature", "words_at_once", "seed"])


def _keep_settings(owner: User, settings: StorySettings) -> None:
    settings.pk, settings.owner, settings.name = None, owner, ""
    settings.save()


def _suggestion(settings: StorySettings) -> str:
    title = titles.suggest_title(Settings.of(settings))
    if title != settings.genre or not settings.language:
        return title
    with override(settings.language):
        return str(Genre(settings.genre).label)


def save_preset(user: User, settings: StorySettings, name: str) -> StorySettings:
    """Keep `settings` under `name`, replacing the user's preset of that name.

    The old row may belong to stories already, so it loses its name instead of its values.
    """
    StorySettings.objects.filter(owner=user, name=name).update(name="")
    settings.pk, settings.owner, settings.name = None, user, name
    settings.save()
    return settings


def delete_preset(preset: StorySettings) -> None:
    """Take `preset` out of the list; stories made with it keep their settings."""
    preset.name = ""
    preset.save(update_fields=["name"])


def save_text(story: Story, editor: User, text: str, version: int, *, undone: bool = False) -> int:
    """Store an edited `text` based on `version`; return the number of the version that holds it.

    A text equal to the current one adds nothing, nor does one that the editor came to by undoing
    or redoing (`undone`) and that was stored before. Raises `VersionConflictError` when the story
    has moved on and the texts differ, `StoryBusyError` while the model writes in it, and what
    `storable` does; the stored text is then unchanged.
    """
    text = storable(text)
    with while_idle(story):
        if text == story.text:
            return story.version
        if story.version != version:
            raise VersionConflictError(story)
        if undone and undo.move_to_text(story, text):
            return story.version
        add_version(story, text, StoryVersion.Origin.EDIT, expected_version=version, editor=editor)
        thinning.thin_versions(story)
        return story.version


def restore_version(story: Story, editor: User, number: int) -> int:
    """Append the text of version `number` as a new version; return the new number.

    Raises `GoneError` and `StoryBusyError`.
    """
    old = story.versions.filter(number=number).first()
    if old is None:
        raise GoneError(_("This version is not here any more."))
    with while_idle(story):
        return add_version(
            story,
            old.text,
            StoryVersion.Origin.RESTORE,
            expected_version=story.version,
            generation=generation_behind(story, number),
            editor=editor,
        ).number


def show_take(story: Story, take: int) -> None:
    """Make the newest version of `take` the current one.

    Raises `GoneError` and `StoryBusyError`.
    """
    newest = story.versions.filter(take=take).order_by("-number").first()
    if newest is None:
        raise GoneError(_("This take is not here any more."))
    with while_idle(story):
        move_to_version(story, newest)


def takes(story: Story) -> list[int]:
    """Return the numbers of the story's takes, oldest first."""
    return list(story.versions.order_by("take").values_list("take", flat=True).distinct())


def current_take(story: Story) -> int | None:
    """Return the take that the current text belongs to, or None before the first one."""
    return story.versions.filter(number=story.version).values_list("take", flat=True).first()


def set_title(story: Story, title: str) -> None:
    """Keep the writer's own `title`; an empty one brings the suggestion back."""
    title = " ".join(cleaning.clean_text(title[:_LONGEST_TYPED]).split())[:120]
    story.title_is_own = bool(title)
    story.title = title or _suggestion(story.settings)
    story.save(update_fields=["title", "title_is_own", "updated_at"])


def set_good(story: Story, good: bool) -> None:
    """Mark or unmark a good story; a mark puts it before the curators, unmarking withdraws it.

    What is marked is the version as it stands: what is written later stays the writer's alone. A
    mark prefers the take that is shown to the story's other takes.
    """
    if story.good == good:
        return
    story.good = good
    story.good_version = story.version if good else None
    story.good_settings = settings_behind(story) if good else None
    story.curation = Curation.WAITING if good else Curation.NONE
    story.curated_version = story.curated_by = story.curated_at = None
    story.curation_reason = ""
    decided = ("curation", "curated_version", "curated_by", "curated_at", "curation_reason")
    with transaction.atomic():
        marked = ("good", "good_version", "good_settings")
        story.save(update_fields=[*marked, *decided, "updated_at"])
        if good:
            preferences.record_good_take(story)
        else:
            preferences.withdraw_good_take(story)


def delete_story(story: Story) -> None:
    """Put `story` into the trash and stop its writing; there it is for `TRASH_PERIOD`.

    From now on it trains no model: `StoryQuerySet.approved` has no deleted ones.
    """
    story.deleted_at = timezone.now()
    story.save(update_fields=["deleted_at"])
    story.generations.request_stop()


def undelete_story(story: Story) -> bool:
    """Bring `story` back from the trash, as it was; False when it is not there any more."""
    in_trash = Story.objects.filter(pk=story.pk, deleted_at__isnull=False)
    return in_trash.update(deleted_at=None) == 1


def purge_deleted_stories() -> int:
    """Remove for good the stories deleted longer than `TRASH_PERIOD` ago; return how many."""
    expired = Story.objects.filter(deleted_at__lt=timezone.now() - TRASH_PERIOD)
    with transaction.atomic():
        count = remove_for_good(expired)
        StorySettings.objects.unused().delete()
    return count


def remove_for_good(stories: QuerySet[Story]) -> int:
    """Remove `stories` with all that hangs on them; return how many there were."""
    held = StorySettings.objects.filter(
        Q(stories__in=stories) | Q(good_stories__in=stories) | Q(generations__story__in=stories)
    )
    with transaction.atomic():
        # Held from here on: what is brought back meanwhile stays.
        list(stories.select_for_update().values_list("pk", flat=True))
        settings = set(held.values_list("pk", flat=True))
        _, removed = stories.delete()
        StorySettings.objects.unused().filter(pk__in=settings).delete()
    return removed.get("stories.Story", 0)
