"""The admin: users, stories, settings, generations, preferences to look at.

Links to read are taken back here too.
"""

from stories.admin.library import GenerationAdmin, StoryAdmin, StorySettingsAdmin
from stories.admin.links import SharedStoryAdmin
from stories.admin.preferences import PreferencePairAdmin
from stories.admin.users import UserAdmin

__all__ = [
    "GenerationAdmin",
    "PreferencePairAdmin",
    "SharedStoryAdmin",
    "StoryAdmin",
    "StorySettingsAdmin",
    "UserAdmin",
]
