"""The one way to refuse: what a person asked for can't be done, and nothing has changed.

Whatever refuses raises a `Refused`; the websocket (`stories.live.consumer`) and the views
(`stories.pages.common.answers_refusals`) each turn it into an answer in one place.
"""

from typing import Any

from prose import said

# What a person is told when the database can't take what they asked for.
NOT_STORED = said(
    "Nothing can be stored at the moment: the disk may be full, or the database away. Nothing is "
    "lost: try again in a minute."
)


class Refused(Exception):  # noqa: N818 - an answer to the person, not a fault of ours
    """Carries the sentence for the person, a `code` for scripts and the HTTP `status`.

    `story`, a `Story`, is there where the person has to see how it stands. What code tells apart
    has a subclass.
    """

    def __init__(self, code: str, sentence: str, status: int = 409, story: Any = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.status = status
        self.story = story


class GoneError(Refused):
    """It is not the user's, or is there no more; which of both is not told."""

    def __init__(self, sentence: str = "") -> None:
        super().__init__("not_found", sentence or said("This story is not here any more."), 404)
