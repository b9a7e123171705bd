"""The nouns of the library: users, settings, stories, their versions, and generations."""

from stories.models.generation import Generation
from stories.models.preference import PreferencePair
from stories.models.settings import Genre, Register, StorySettings
from stories.models.story import Curation, Story, StoryVersion, WaitingStory
from stories.models.user import User

__all__ = [
    "Curation",
    "Generation",
    "Genre",
    "PreferencePair",
    "Register",
    "Story",
    "StorySettings",
    "StoryVersion",
    "User",
    "WaitingStory",
]
