"""A story's link to read: whoever has the address reads the text as it stands, without an account.

Off until its writer asks for one, nothing that can be guessed, and gone when it is taken back: a
new one is another one.
"""

import secrets

from stories.models import Story

_BYTES = 32  # random ones; 43 characters of an address


def make_link(story: Story) -> str:
    """Return the story's link; it has one from now on."""
    # The first of two at once counts.
    Story.objects.filter(pk=story.pk, link=None).update(link=secrets.token_urlsafe(_BYTES))
    story.refresh_from_db(fields=["link"])
    return story.link or ""


def take_link_back(story: Story) -> None:
    """Let nobody else read the story any more."""
    Story.objects.filter(pk=story.pk).update(link=None)
    story.link = None
