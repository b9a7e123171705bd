"""Stories and their versions."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prose import words
from stories.models.settings import StorySettings
from stories.models.user import User
from stories.models.visibility import marked_good

UNTITLED = _("Untitled story")


class Curation(models.TextChoices):
    """Where a story stands on its way into the training data."""

    NONE = "", _("Not proposed")
    WAITING = "waiting", _("Waiting")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class StoryQuerySet(models.QuerySet["Story"]):
    """Verbs over stories; fetching through `visible_to` is the permission check."""

    def visible_to(self, user: "User | AnonymousUser") -> "StoryQuerySet":
        """Return the undeleted stories that `user` owns; none for somebody not signed in."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(owner=user, deleted_at=None)

    def visible_to_each(
        self, pairs: "Iterable[tuple[int, User | AnonymousUser]]"
    ) -> "StoryQuerySet":
        """Return the stories of `pairs` (number, user) that the user of the pair can see."""
        owned = (models.Q(pk=story, owner=user.pk) for story, user in pairs if user.pk is not None)
        return self.filter(reduce(or_, owned, models.Q(pk=None)), deleted_at=None)

    def deleted_by(self, user: "User | AnonymousUser") -> "StoryQuerySet":
        """Return the stories in the trash of `user`, who can still bring them back."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(owner=user, deleted_at__isnull=False)

    def read_by(self, link: str) -> "StoryQuerySet":
        """Return the undeleted story that whoever has `link` may read, if there is one.

        None of a writer whose account is switched off.
        """
        return self.filter(link=link, deleted_at=None, owner__is_active=True)

    def with_link(self) -> "StoryQuerySet":
        """Return the stories that have a link to read, those in the trash too."""
        return self.exclude(link=None)

    def good(self) -> "StoryQuerySet":
        """Return the undeleted stories that their writers marked as good."""
        return self.filter(marked_good())

    def shown_to_staff(self) -> "StoryQuerySet":
        """Return the stories that staff may read (`stories.models.visibility`)."""
        return self.good()

    def waiting(self) -> "StoryQuerySet":
        """Return the good stories that no curator has decided on."""
        return self.good().filter(curation=Curation.WAITING)

    def approved(self) -> "StoryQuerySet":
        """Return the good stories that a curator approved for training."""
        return self.good().filter(curation=Curation.APPROVED)


class Story(models.Model):
    """A story of one writer: the settings last submitted, and the text as it stands.

    `text` repeats the text of the current version, whose number is `version`; 0 means that nothing
    was written yet. Every change of the text goes through `stories.history.library` or
    `stories.writing`, which add a `StoryVersion` and move both fields in one transaction.
    """

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="stories")
    settings = models.ForeignKey(StorySettings, on_delete=models.RESTRICT, related_name="stories")
    title = models.CharField(max_length=120, blank=True)
    # A title that the writer typed is never replaced by a suggestion.
    title_is_own = models.BooleanField(default=False)
    text = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=0)
    # Of the text, for the library to sort and choose by; `stories.history.versions` keeps them.
    word_count = models.PositiveIntegerField(_("words"), default=0)
    # The model that wrote the take; empty of a story written by hand.
    model = models.CharField(max_length=200, blank=True)
    # What the writer chose to have it written with, all of it for what is asked from now on: a
    # model of the server, or empty for the one in service; and how. Null is as it always is.
    writer = models.CharField(_("chosen model"), max_length=200, blank=True)
    temperature = models.FloatField(null=True, blank=True)
    words_at_once = models.PositiveIntegerField(null=True, blank=True)
    seed = models.PositiveBigIntegerField(null=True, blank=True)
    # The text breaks off within a sentence, or where the model server did.
    is_unfinished = models.BooleanField(_("unfinished"), default=True)
    # Where Undo set out from, so that Redo knows the way back; null when there is none.
    redo_version = models.PositiveIntegerField(null=True, blank=True)
    good = models.BooleanField(_("good story"), default=False)
    # The version that was marked, and the settings that it was written by: they alone are before
    # the curators, what comes later is not.
    good_version = models.PositiveIntegerField(null=True, blank=True)
    good_settings = models.ForeignKey(
        StorySettings,
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="good_stories",
    )
    curation = models.CharField(max_length=10, choices=Curation, default=Curation.NONE, blank=True)
    # What the curator read, the version that was marked: it trains.
    curated_version = models.PositiveIntegerField(null=True, blank=True)
    curated_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="curated_stories",
    )
    curated_at = models.DateTimeField(null=True, blank=True)
    curation_reason = models.CharField(max_length=300, blank=True)
    # The end of the address to read it by (`stories.history.links`); null: nobody else reads it.
    link = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = StoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("stories")
        ordering = ["-created_at", "-pk"]
        # A page of the library is read off its order. Without the number, equals would be sorted;
        # without the last column, SQLite would look into each row, and its text, to count them.
        indexes = [
            *(
                models.Index(
                    fields=["owner", field, "id", "deleted_at"],
                    condition=models.Q(deleted_at=None),
                    name=f"library_by_{field}",
                )
                for field in ("updated_at", "created_at", "word_count", "title", "model")
            ),
            models.Index(
                fields=["owner", "deleted_at", "id"],
                condition=models.Q(deleted_at__isnull=False),
                name="trash_by_deleted_at",
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(UNTITLED)

    @property
    def is_shown_to_staff(self) -> bool:
        """Whether staff may read it, as `StoryQuerySet.shown_to_staff` tells of many."""
        return self.good and self.deleted_at is None


class WaitingStory(Story):
    """A good story that waits for a curator: the admin's queue."""

    class Meta:
        proxy = True
        ordering = ["updated_at"]
        verbose_name = _("story to curate")
        verbose_name_plural = _("curation queue")


class SharedStory(Story):
    """A story with a link to read, for staff to take back; known by its number alone."""

    class Meta:
        proxy = True
        ordering = ["-pk"]
        verbose_name = _("link to read")
        verbose_name_plural = _("links to read")

    def __str__(self) -> str:
        return gettext("Story %(number)s") % {"number": self.pk}


class StoryVersion(models.Model):
    """One state of a story's text; texts are added, never changed.

    `parent` is the number of the version that this one was made from, so that the versions form a
    tree; `take` counts the stories written from nothing (write and regenerate), and every later
    version made from one belongs to it. The many that typing leaves behind are thinned with time
    (`stories.history.thinning`), and their children then hang on their parents.
    """

    class Origin(models.TextChoices):
        WRITE = "write", _("Written by the model")
        REWRITE = "rewrite", _("Part rewritten by the model")
        CONTINUE = "continue", _("Continued by the model")
        EDIT = "edit", _("Edited")
        RESTORE = "restore", _("Restored")
        IMPORT = "import", _("Brought in from a file")

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    parent = models.PositiveIntegerField(default=0)
    take = models.PositiveIntegerField(default=1)
    text = models.TextField(blank=True)
    origin = models.CharField(max_length=10, choices=Origin)
    generation = models.ForeignKey(
        "stories.Generation",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="versions",
    )
    editor = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="edited_versions",
    )
    # Of a rewrite: SHA-256 (hex, UTF-8) of the text before and after the passage, which the
    # version has in common with its parent.
    before_hash = models.CharField(max_length=64, blank=True)
    after_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["story", "number"], name="one_version_of_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.story} v{self.number}"

    @property
    def word_count(self) -> int:
        """Words of this version's text, as `prose.words` counts them."""
        return words.count(self.text)
