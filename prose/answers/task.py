"""What the model was asked for, so far as it decides what of the answer is not that."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """What an answer is read as: a new story, unless it goes on from `base` or rewrites `passage`.

    A story may have a title; a continuation may tell `base` again first; of a passage, neither is
    looked for. Markdown that stands in the writer's own text is theirs and stays.
    """

    base: str = ""  # the story that the answer goes on from
    passage: str = ""  # what the answer writes anew, without what stands around it

    @property
    def is_story(self) -> bool:
        """Whether a whole story was asked for."""
        return not self.base and not self.passage

    @property
    def own(self) -> str:
        """The writer's text that the answer becomes part of."""
        return self.base or self.passage
