"""A writer's own words for their stories."""

from django.db import models

from stories.models.story import Story
from stories.models.user import User

MAX_LENGTH = 40  # characters
# Of a key: a character may be folded into several, and what is beyond is not compared.
LONGEST_KEY = 200  # characters


class StoryTagQuerySet(models.QuerySet["StoryTag"]):
    """Verbs over tags."""

    def of(self, user: User) -> "StoryTagQuerySet":
        """Return the tags of the undeleted stories that `user` owns."""
        return self.filter(story__owner=user, story__deleted_at=None)


class StoryTag(models.Model):
    """One tag of one story; `key` is `name` as it is compared (`prose.words.folded`)."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=MAX_LENGTH)
    key = models.CharField(max_length=LONGEST_KEY)

    objects = StoryTagQuerySet.as_manager()

    class Meta:
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["story", "key"], name="one_tag_of_a_name_per_story")
        ]

    def __str__(self) -> str:
        return self.name
