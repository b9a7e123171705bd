"""What the scripts of the pages and the server both go by: defined here or below, never there."""

from functools import cache
from http import HTTPStatus
from typing import Any

from modelserver.errors import ModelMissingError
from stories.history.versions import CONFLICT
from stories.live import close_codes, frames
from stories.live.flow import ACKNOWLEDGE_EVERY
from stories.models import Generation, StorySettings
from stories.writing.rewrite_request import ANEW
from stories.writing.runner import CHOSEN_MISSING

# The status of a part of a page that is refused since nobody is signed in; a browser would follow
# a redirection without telling.
SIGNED_OUT = HTTPStatus.UNAUTHORIZED
# Of a form whose token is an older session's: what Django's check answers.
REFUSED = HTTPStatus.FORBIDDEN


@cache
def page_constants() -> dict[str, Any]:
    """Return the constants as JSON's types; `static/js/common/constants.js` reads them.

    Lengths are code points.
    """
    return {
        "http": {"SIGNED_OUT": SIGNED_OUT, "REFUSED": REFUSED},
        "close": {"SIGNED_OUT": close_codes.SIGNED_OUT, "TOO_MANY": close_codes.TOO_MANY},
        "error": {
            "CONFLICT": CONFLICT,
            "MODEL_MISSING": ModelMissingError.code,
            "CHOSEN_MISSING": CHOSEN_MISSING,
            "NOT_STORED": frames.NOT_STORED,
        },
        "kind": _named(Generation.Kind),
        "status": _named(Generation.Status),
        "active": [str(status) for status in Generation.ACTIVE],
        "decision": _named(Generation.Decision),
        "mode": _named(Generation.Mode),
        "anew": ANEW,
        "acknowledge_every": ACKNOWLEDGE_EVERY,
        "max_selected_length": frames.MAX_SELECTED_LENGTH,
        "default_max_words": StorySettings._meta.get_field("max_words").default,
    }


def _named(choices: Any) -> dict[str, str]:
    return {choice.name: choice.value for choice in choices}
