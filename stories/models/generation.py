"""One request to the model server, from the click to the last token."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prose import prompts
from stories.models.settings import Register, StorySettings
from stories.models.story import Story
from stories.models.user import User
from stories.models.visibility import marked_good


class GenerationQuerySet(models.QuerySet["Generation"]):
    """Verbs over generations."""

    def visible_to(self, user: "User | AnonymousUser") -> "GenerationQuerySet":
        """Return the generations of the undeleted stories that `user` owns."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(story__owner=user, story__deleted_at=None)

    def shown_to_staff(self) -> "GenerationQuerySet":
        """Return the generations of the stories that staff may read."""
        return self.filter(marked_good("story__"))

    def active(self) -> "GenerationQuerySet":
        """Return the generations that are queued or running."""
        return self.filter(status__in=Generation.ACTIVE)

    def holding_text(self) -> "GenerationQuerySet":
        """Return the active ones that own their story's text: a rewrite only proposes."""
        return self.active().exclude(kind=Generation.Kind.REWRITE)

    def undecided(self) -> "GenerationQuerySet":
        """Return the rewrites that were neither kept nor discarded, the newest try first."""
        return self.filter(decision=Generation.Decision.PENDING)

    def unstarted(self) -> "GenerationQuerySet":
        """Return the active ones that no process writes yet: those in the queue, for the most."""
        return self.active().filter(started_at=None)

    def request_stop(self) -> int:
        """End those that wait, and mark those being written as to be stopped; return how many."""
        ended = self.withdraw(Generation.Status.STOPPED)
        return ended + self.active().update(stop_requested=True)

    def withdraw(self, status: "Generation.Status", **facts: Any) -> int:
        """End those that nobody has begun to write; return how many. `facts` are more fields."""
        now = timezone.now()
        undecided = models.When(
            decision=Generation.Decision.PENDING, then=models.Value(Generation.Decision.DISCARDED)
        )
        return self.unstarted().update(
            status=status,
            decision=models.Case(undecided, default=models.F("decision")),
            finished_at=now,
            heartbeat_at=now,
            **facts,
        )

    def abandoned(self, silence: float) -> "GenerationQuerySet":
        """Return the active generations whose process gave no sign for `silence` seconds.

        A sign from the future is none: the clock was set back.
        """
        now, margin = timezone.now(), timedelta(seconds=silence)
        return self.active().exclude(heartbeat_at__range=(now - margin, now + margin))


class Generation(models.Model):
    """What was asked of which model, what came back, and how it ended.

    `text` is the checkpoint of what the model wrote, stored at least every second while it runs.
    `runner` names the process and task that own the row; only its owner may write it, by
    compare-and-set on `runner` and `status`. `stories.writing.line` makes a running one of a
    queued one, and `started_at` is when its process took it up from there (`turns`). A finished
    rewrite changes nothing by itself: it is `pending` until the writer keeps it, which makes a
    version, or discards it.
    """

    class Kind(models.TextChoices):
        WRITE = "write", _("Write")
        REWRITE = "rewrite", _("Rewrite")
        CONTINUE = "continue", _("Continue")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Failed")
        INTERRUPTED = "interrupted", _("Interrupted")

    class Mode(models.TextChoices):
        REWRITE = "rewrite", _("Rewrite")
        EXPAND = "expand", _("Expand")
        SHORTEN = "shorten", _("Shorten")
        VIVID = "vivid", _("More vivid")
        DIALOGUE = "dialogue", _("More dialogue")
        REGISTER = "register", _("Change register")

    class Decision(models.TextChoices):
        NONE = "", _("Nothing to decide")
        PENDING = "pending", _("Pending")
        KEPT = "kept", _("Kept")
        DISCARDED = "discarded", _("Discarded")

    ACTIVE = (Status.QUEUED, Status.RUNNING)

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="generations")
    settings = models.ForeignKey(
        StorySettings, on_delete=models.RESTRICT, related_name="generations"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    runner = models.CharField(max_length=64, blank=True)
    # The address of the model server that writes it, where there are several.
    server = models.CharField(max_length=300, blank=True)
    # The runner looks at every checkpoint; `stories.writing.hub` only makes it quicker.
    stop_requested = models.BooleanField(default=False)
    # The version that the text is added to (continue) or spliced into (rewrite).
    base_version = models.PositiveIntegerField(default=0)
    # The range that a rewrite replaces, in code points of the base version's text, and what it is.
    start = models.PositiveIntegerField(null=True, blank=True)
    end = models.PositiveIntegerField(null=True, blank=True)
    selected = models.TextField(blank=True)
    mode = models.CharField(max_length=10, choices=Mode, blank=True)
    register = models.CharField(_("new register"), max_length=20, choices=Register, blank=True)
    # What the writer asks of a rewrite, or says of what happens next.
    instruction = models.CharField(max_length=prompts.MAX_INSTRUCTION_LENGTH, blank=True)
    # Words that it may have at most, where the writer wants fewer than the settings say.
    words_at_once = models.PositiveIntegerField(null=True, blank=True)
    # What Keep puts in the passage's place; `text` is all that was streamed, attempts that fell
    # short included.
    replacement = models.TextField(blank=True)
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.NONE, blank=True)
    # Tries at the same passage hang together by their first one.
    first_try = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="later_tries"
    )
    # What was sent; a rewrite's is empty until it is known how much the model reads.
    prompt = models.TextField()
    model = models.CharField(max_length=200)
    seed = models.BigIntegerField()
    # Ollama's: what the writer chose of them, then all that were sent.
    options = models.JSONField(default=dict)
    text = models.TextField(blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    done_reason = models.CharField(max_length=20, blank=True)
    # What of the answer was no text of the story: a list of {"kind", "text"}.
    removed = models.JSONField(default=list, blank=True)
    report = models.JSONField(default=dict, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    first_token_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = GenerationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["story"],
                condition=models.Q(status__in=("queued", "running")),
                name="one_active_generation_per_story",
            )
        ]
        # The queue asks for the few active ones, and for those that ended a moment ago.
        indexes = [models.Index(fields=["status"]), models.Index(fields=["finished_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.status})"

    @property
    def is_active(self) -> bool:
        """Whether text may still come."""
        return self.status in self.ACTIVE
