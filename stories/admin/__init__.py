"""The admin: users, stories, settings and generations to look at; the queue to decide on."""

from stories.admin.curation import WaitingStoryAdmin
from stories.admin.library import GenerationAdmin, StoryAdmin, StorySettingsAdmin
from stories.admin.users import UserAdmin

__all__ = [
    "GenerationAdmin",
    "StoryAdmin",
    "StorySettingsAdmin",
    "UserAdmin",
    "WaitingStoryAdmin",
]
