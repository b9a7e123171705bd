"""What the model server has to write with, in words for whoever chooses: how large, good for what,
and how it stands.
"""

from typing import NamedTuple

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

import modelserver
from modelserver import Installed, ModelServerError, names
from stories.models import Generation, Story, WriterModel, model_in_service
from stories.telling import told
from stories.writing.servers.health import health_of, servers

# Up to so many billions of parameters; the last one has no limit.
_GOOD_FOR = (
    (1.0, _("Short, plain stories in English, at once and on any machine.")),
    (5.0, _("Short stories that keep to their settings; an ordinary computer is enough.")),
    (15.0, _("Longer stories, a finer style, more languages; wants a graphics card, or patience.")),
    (float("inf"), _("The finest style and long plots; wants a strong graphics card.")),
)
_BYTES_A_GIGABYTE, _BYTES_A_MEGABYTE = 10**9, 10**6


class Option(NamedTuple):
    """A model as the list shows it; `value` is what the choice stores, empty for the default."""

    value: str
    title: str
    facts: str
    good_for: str
    is_chosen: bool


class Standing(NamedTuple):
    """All that there is to choose from; `trouble` says why that may be less than there is.

    `is_gone`: the model that was chosen is not on the server any more.
    """

    options: list[Option]
    trouble: str
    is_gone: bool


class Found(NamedTuple):
    """What the server said: its models, or why it did not say."""

    models: list[Installed]
    trouble: str


async def found() -> Found:
    """Ask the model servers what they have; never raises `ModelServerError`."""
    if settings.OTHER_MODEL_SERVERS:
        return await _found_anywhere()
    try:
        return Found(await modelserver.installed(settings.MODEL_SERVER), "")
    except ModelServerError as error:
        return Found([], told(str(error)))


async def _found_anywhere() -> Found:
    """Return what any server has; one that does not answer is no trouble while another one does."""
    there = await health_of([each for each in servers() if not each.is_drained])
    models: dict[names.Name, Installed] = {}
    for each in (model for health in there for model in health.models):
        key = names.parse(each.name)
        if key not in models or each.is_loaded:
            models[key] = each
    trouble = next((str(health.trouble) for health in there if health.trouble), "")
    if models or not trouble:
        return Found(sorted(models.values(), key=lambda model: model.name.lower()), "")
    return Found([], trouble)


def standing(story: Story, there: Found) -> Standing:
    """Return what `story` can be written with; the default, the model in service, comes first."""
    service = model_in_service()
    tuned = {names.parse(model.name): model for model in WriterModel.objects.all()}
    loading = _loading()
    default = next((each for each in there.models if names.same(each.name, service)), None)
    options = [
        Option(
            "",
            gettext("%(model)s, the default") % {"model": _title(service, tuned)},
            _facts(default, loading) if default else "",
            _good_for(service, default, tuned),
            is_chosen=not story.writer,
        )
    ]
    for each in there.models:
        known = tuned.get(names.parse(each.name))
        if each is default or (known and known.state == WriterModel.State.REJECTED):
            continue
        chosen = names.same(each.name, story.writer) if story.writer else False
        options.append(
            Option(
                each.name,
                _title(each.name, tuned),
                _facts(each, loading),
                _good_for(each.name, each, tuned),
                is_chosen=chosen,
            )
        )
    missing = bool(story.writer) and not any(option.is_chosen for option in options)
    if missing:
        state = gettext("not there any more") if not there.trouble else ""
        title = _title(story.writer, tuned)
        options.append(Option(story.writer, title, state, "", is_chosen=True))
    return Standing(options, there.trouble, is_gone=missing and not there.trouble)


def title_of(model: str) -> str:
    """Return what people call `model`."""
    return _title(model, {names.parse(each.name): each for each in WriterModel.objects.all()})


def _title(model: str, tuned: dict[names.Name, WriterModel]) -> str:
    known = tuned.get(names.parse(model))
    return f"{known.title} ({known.name})" if known and known.title else model


def _loading() -> set[names.Name]:
    """Return the models that something waits for the first word of."""
    waiting = Generation.objects.filter(
        status=Generation.Status.RUNNING, text="", started_at__isnull=False
    )
    return {names.parse(model) for model in waiting.values_list("model", flat=True)}


def _facts(model: Installed, loading: set[names.Name]) -> str:
    facts = [_size(model.size)] if model.size else []
    if model.billions:
        facts.append(
            gettext("%(count)s billion parameters") % {"count": _rounded(model.billions)}
            if model.billions >= 1
            else gettext("%(count)s million parameters")
            % {"count": _rounded(model.billions * 1000)}
        )
    if model.is_loaded:
        facts.append(gettext("loaded"))
    elif names.parse(model.name) in loading:
        facts.append(gettext("loading"))
    else:
        facts.append(gettext("loads with the first word"))
    return ", ".join(facts)


def _rounded(number: float) -> str:
    """Return `number` in three figures."""
    return number_format(f"{number:.3g}")


def _size(size: int) -> str:
    if size >= _BYTES_A_GIGABYTE:
        return gettext("%(size)s GB") % {"size": number_format(size / _BYTES_A_GIGABYTE, 1)}
    return gettext("%(size)s MB") % {"size": max(1, round(size / _BYTES_A_MEGABYTE))}


def _good_for(name: str, model: Installed | None, tuned: dict[names.Name, WriterModel]) -> str:
    known = tuned.get(names.parse(name))
    said = []
    if known:
        said.append(gettext("Tuned on approved stories, from %(base)s.") % {"base": known.base})
    if model is not None and model.billions is not None:
        said.append(next(str(text) for most, text in _GOOD_FOR if model.billions < most))
    return " ".join(said)
