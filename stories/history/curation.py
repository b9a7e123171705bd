"""What a curator decides about good stories; only approved ones may train a model."""

from collections import Counter

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from prose import words
from stories.errors import Refused
from stories.history.versions import add_aside, storable
from stories.models import Curation, Story, StoryVersion, User

MAX_REASON = 300
# Words that may differ before it is more than a correction: so many, or that share of the text.
_MOST_WORDS, _MOST_SHARE = 12, 0.03


def queue(curator: User) -> QuerySet[Story]:
    """Return the stories that wait for `curator`, the longest waiting first."""
    waiting = Story.objects.waiting().order_by("updated_at", "pk")
    return waiting if _is_only_curator(curator) else waiting.exclude(owner=curator)


def marked_text(story: Story) -> StoryVersion:
    """Return the version that was marked as good: what a curator reads and decides on."""
    return story.versions.get(number=story.good_version or 0)


def approve(story: Story, curator: User, version: int, reason: str = "") -> None:
    """Approve the text of `version`, the one that was marked as good and that the curator read.

    Raises `Refused` when the story is the curator's own and somebody else could approve it, or was
    decided on, unmarked or marked in another version in the meantime.
    """
    if story.owner_id == curator.pk and not _is_only_curator(curator):
        sentence = _("“%(story)s” is your own: another curator has to approve it.")
        raise Refused("own_story", sentence % {"story": story})
    _decide(story, curator, version, Curation.APPROVED, reason)


def reject(story: Story, curator: User, version: int, reason: str) -> None:
    """Reject the text of `version`; the writer is shown `reason`.

    Raises `Refused` when the story was decided on, unmarked or marked in another version in the
    meantime.
    """
    _decide(story, curator, version, Curation.REJECTED, reason)


def reopen(story: Story, curator: User) -> None:
    """Put a story that `curator` decided on before the curators again, as it was.

    Raises `Refused` when somebody else decided, or it is not marked any more.
    """
    decided = Story.objects.good().filter(pk=story.pk, curated_by=curator)
    with transaction.atomic():
        found = decided.exclude(curation=Curation.WAITING).select_for_update().first()
        if found is None:
            raise Refused("not_decided", _("“%(story)s” can't be put back.") % {"story": story})
        found.curation, found.curation_reason = Curation.WAITING, ""
        found.curated_version = found.curated_by = found.curated_at = None
        # By `save`, so that what was trained on it hears of it.
        decision = ("curation", "curation_reason", "curated_version", "curated_by", "curated_at")
        found.save(update_fields=decision)


def mend(story: Story, curator: User, version: int, text: str) -> int:
    """Correct a slip in the marked text; return the number of the version that is marked now.

    The corrected text is a version beside the story, which its writer finds there: the story stays
    as the writer left it. Raises `Refused` for a text that is empty or changes more than a slip,
    and when the story is not waiting in `version` any more.
    """
    text = storable(text).strip()
    before = story.versions.filter(number=version).first()
    waiting = Story.objects.waiting().filter(pk=story.pk, good_version=version)
    if before is None:
        raise _not_waiting(story)
    if text == before.text.strip():
        return version
    if not text or _words_changed(before.text, text) > _most_changed(before.text):
        raise Refused(
            "not_a_slip",
            _("That is more than a slip: reject the story and say what its writer should change."),
            422,
        )
    edit = StoryVersion.Origin.EDIT
    with transaction.atomic():
        made = add_aside(story, text, edit, base=version, editor=curator)
        if not waiting.update(good_version=made.number):
            raise _not_waiting(story)
    return made.number


def mended_version(story: Story) -> int:
    """Return the number of the marked version, if it holds a curator's corrections; 0 otherwise."""
    marked = story.versions.filter(number=story.good_version or 0, editor__isnull=False)
    found = marked.exclude(editor=F("story__owner")).values_list("number", flat=True)
    return found.first() or 0


def _words_changed(before: str, after: str) -> int:
    """Return how many words one text has that the other has not, whatever their order."""
    told = [
        Counter(text[start:end] for start, end in words.spans(text)) for text in (before, after)
    ]
    return max(sum((told[0] - told[1]).values()), sum((told[1] - told[0]).values()))


def _most_changed(text: str) -> int:
    return max(_MOST_WORDS, round(_MOST_SHARE * words.count(text)))


def _is_only_curator(curator: User) -> bool:
    staff = User.objects.filter(is_staff=True, is_active=True)
    return not staff.exclude(pk=curator.pk).exists()


def _decide(story: Story, curator: User, version: int, decision: Curation, reason: str) -> None:
    with transaction.atomic():
        decided = (
            Story.objects.waiting()
            .filter(pk=story.pk, good_version=version)
            .update(
                curation=decision,
                curated_version=version,
                curated_by=curator,
                curated_at=timezone.now(),
                curation_reason=reason[:MAX_REASON],
            )
        )
    if not decided:
        raise _not_waiting(story)


def _not_waiting(story: Story) -> Refused:
    return Refused("not_waiting", _("“%(story)s” is not waiting any more.") % {"story": story})
