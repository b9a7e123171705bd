"""The languages that a story can be asked for in, and whether its model is known to write them."""

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import get_language, get_language_info

from modelserver import names
from prose.languages.offered import NAMES, offered
from stories.models import WriterModel, model_in_service

_ENGLISH_ONLY = frozenset(
    {
        *("phi", "smollm", "smollm2", "tinydolphin", "tinyllama"),
        *("pocket", "pocket-editor", "pocket-tiny"),
    }
)


def choices() -> list[tuple[str, str]]:
    """Return the codes and own names, English first, which has an empty code."""
    return [("", _own_name("en")), *((code, _own_name(code)) for code in NAMES)]


def _own_name(code: str) -> str:
    name: str = capfirst(get_language_info(code)["name_local"])
    return name


def writes_only_english(model: str) -> bool:
    """Tell whether `model` is known to write nothing else; one tuned here is as its base.

    What the embedded server serves was all trained on English.
    """
    tuned = WriterModel.objects.filter(name=model).first()
    known = names.parse(tuned.base if tuned else model).model
    return settings.STORY_MODEL_IS_EMBEDDED or known in _ENGLISH_ONLY


def usual_language() -> str:
    """Return the code of the page's language, if the model in service may write it."""
    return "" if writes_only_english(model_in_service()) else offered(get_language() or "")
