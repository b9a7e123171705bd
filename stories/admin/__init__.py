"""The admin: users, stories, settings, generations, preferences to look at; a queue to work on."""

from stories.admin.curation import WaitingStoryAdmin
from stories.admin.library import GenerationAdmin, StoryAdmin, StorySettingsAdmin
from stories.admin.preferences import PreferencePairAdmin
from stories.admin.users import UserAdmin

__all__ = [
    "GenerationAdmin",
    "PreferencePairAdmin",
    "StoryAdmin",
    "StorySettingsAdmin",
    "UserAdmin",
    "WaitingStoryAdmin",
]
