"""The nouns of the library: users, settings, stories, their versions, generations, models."""

from stories.models.generation import Generation
from stories.models.preference import PreferencePair
from stories.models.settings import Genre, Register, StorySettings
from stories.models.story import Curation, SharedStory, Story, StoryVersion, WaitingStory
from stories.models.summary import StorySummary
from stories.models.tag import StoryTag
from stories.models.user import User
from stories.models.writer_model import WriterModel, model_in_service

__all__ = [
    "Curation",
    "Generation",
    "Genre",
    "PreferencePair",
    "Register",
    "SharedStory",
    "Story",
    "StorySettings",
    "StorySummary",
    "StoryTag",
    "StoryVersion",
    "User",
    "WaitingStory",
    "WriterModel",
    "model_in_service",
]
