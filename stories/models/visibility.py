"""What of the writers' work staff may read: the one place that says it.

A story that its writer did not mark as good is the writer's alone, and so is all that hangs on it:
its title, settings, versions, generations and preference pairs. Nobody in the admin is shown them,
the administrator included. Of a good story, staff read the version that was marked and the settings
that it was written by; other takes and later edits are drafts, and their writer's alone too.
"""

from django.db.models import Q


def marked_good(path: str = "") -> Q:
    """Return the condition that the story at `path` ("story__") is good, and not in the trash."""
    return Q(**{f"{path}good": True, f"{path}deleted_at": None})
