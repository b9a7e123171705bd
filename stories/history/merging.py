"""Saving in several tabs: what each of them changed comes together where it does not touch.

Here, and not in a page, as the server alone has each version that an edit may go on from, and takes
in what a closing page, or an earlier one, could not save.
"""

from typing import NamedTuple

from prose import diffs
from stories.history import library, thinning
from stories.history.versions import (
    MAX_TEXT_LENGTH,
    VersionConflictError,
    add_aside,
    add_version,
    storable,
    while_idle,
)
from stories.models import Story, StoryVersion, User

# The text may move on once more while it is compared, which is done with the database free.
_ATTEMPTS = 4
_EDIT = StoryVersion.Origin.EDIT


def save_edit(
    story: Story, editor: User, text: str, version: int, *, undone: bool = False
) -> int | None:
    """Store `text` as `library.save_text` does; if the story has moved on, merge it in.

    Returns None, or after a merge the number of the version that has `text` as it was sent, which
    is what the editor goes on from: the story's own has what others saved besides. Raises
    `VersionConflictError` where both have changed the same place, or where the story has been
    written anew, and what `save_text` raises; the stored text is then unchanged.
    """
    for _ in range(_ATTEMPTS):
        try:
            library.save_text(story, editor, text, version, undone=undone)
        except VersionConflictError as moved:
            joined = _join(moved.story, storable(text), version)
            if joined is None:
                raise
            found = _store(story, editor, joined)
            if found is not None:
                return found
        else:
            return None
    raise VersionConflictError(story)


class _Joined(NamedTuple):
    base: int
    base_text: str
    text: str  # as it was sent
    theirs: int  # the version that it was merged with
    together: str


def _join(current: Story, text: str, version: int) -> _Joined | None:
    """Return `text`, made from `version`, together with the current one; None if they touch."""
    base = ""
    if version:
        takes = dict(current.versions.values_list("number", "take"))
        # Another take has nothing in common with it; or it was thinned out.
        if version not in takes or takes[version] != takes.get(current.version):
            return None
        base = current.versions.values_list("text", flat=True).get(number=version)
    together = diffs.merged(base, text, current.text)
    if together is None or len(together) > MAX_TEXT_LENGTH:
        return None
    return _Joined(version, base, text, current.version, together)


def _store(story: Story, editor: User, joined: _Joined) -> int | None:
    """Store what was joined; None if the story has moved on, and nothing has changed."""
    with while_idle(story):
        if story.version != joined.theirs:
            return None
        typed = joined.base
        if joined.text not in (joined.base_text, joined.together):
            typed = add_aside(story, joined.text, _EDIT, base=joined.base, editor=editor).number
        if joined.together != story.text:
            added = add_version(
                story, joined.together, _EDIT, expected_version=joined.theirs, editor=editor
            )
            typed = added.number if joined.text == joined.together else typed
        thinning.thin_versions(story)
        return typed
