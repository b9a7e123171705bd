"""Two stories for somebody's own settings, one by each model of a run, written while they wait."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from django.conf import settings
from django.utils.crypto import salted_hmac

import modelserver
from finetuning.models import OwnPair, TrainingRun
from finetuning.recipes import Recipe
from modelserver import names
from prose import prompts
from prose.answers.cleaner import AnswerCleaner
from prose.answers.task import Task
from stories.models import StorySettings, User, WriterModel

_SEEDS = 2**31
_STATES = (WriterModel.State.CANDIDATE, WriterModel.State.ACTIVE)


def run_to_compare() -> TrainingRun | None:
    """Return the newest run whose model can still be asked, beside the one it was measured with."""
    done = TrainingRun.objects.filter(
        state=TrainingRun.State.DONE, model__state__in=_STATES
    ).exclude(service="")
    return next(
        (
            run
            for run in done.select_related("model")
            if run.model and names.same(run.model.base, settings.STORY_MODEL)
        ),
        None,
    )


def open_pair(user: User, run: TrainingRun, asked: StorySettings) -> OwnPair:
    """Return a new pair for the submitted, validated settings; nothing is written yet."""
    pair = OwnPair(run=run, voter=user, prompt=asked.prompt, max_words=asked.max_words, seed=0)
    pair.save()
    # Nobody can work out from it which side is which; both models get the same one.
    digest = salted_hmac("finetuning.own_pairs", str(pair.pk)).digest()
    pair.seed = int.from_bytes(digest[:4], "big") % _SEEDS
    pair.save(update_fields=["seed"])
    return pair


def side_at(pair: OwnPair, place: str) -> str:
    """Return which side stands "first" or "second": the same each time."""
    is_candidate_first = bool(salted_hmac("finetuning.own_order", str(pair.pk)).digest()[0] % 2)
    return "candidate" if is_candidate_first is (place == "first") else "service"


def vote(pair: OwnPair, choice: str) -> bool:
    """Keep "first", "second" or "neither"; False before both are written, or when it is decided."""
    sides = {place: side_at(pair, place) for place in ("first", "second")} | {"neither": "neither"}
    if choice not in sides:
        return False
    undecided = OwnPair.objects.filter(pk=pair.pk, preferred="")
    written = undecided.exclude(candidate="").exclude(service="")
    return bool(written.update(preferred=sides[choice]))


async def write(pair: OwnPair, place: str) -> AsyncGenerator[dict[str, str]]:
    """Yield what is added to the story at `place` as `add`, and all of it, kept, as `text`.

    What is there already is only yielded. Raises `modelserver.ModelServerError`.
    """
    side = side_at(pair, place)
    if text := getattr(pair, side):
        yield {"text": text}
        return
    run = await TrainingRun.objects.select_related("model").aget(pk=pair.run_id)
    name = run.service if side == "service" or run.model is None else run.model.name
    able = await modelserver.abilities(settings.MODEL_SERVER, name)
    cleaner, text = AnswerCleaner(Task()), ""
    messages = [{"role": "user", "content": pair.prompt}]
    options = _options(pair, run.recipe_values, thinks=able.thinks)
    answer = modelserver.chat(settings.MODEL_SERVER, name, messages, options, able)
    async with aclosing(answer) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            piece = cleaner.feed(chunk.text)
            text += piece
            yield {"add": piece}
    text = cleaner.final(text + cleaner.rest()).strip()
    await OwnPair.objects.filter(pk=pair.pk, **{side: ""}).aupdate(**{side: text})
    yield {"text": text}


def _options(pair: OwnPair, recipe: Recipe, *, thinks: bool) -> dict[str, float]:
    limit = prompts.token_limit(pair.max_words) + modelserver.THOUGHTS * thinks
    return {
        "seed": pair.seed,
        "temperature": recipe.temperature,
        "num_ctx": recipe.num_ctx,
        "num_predict": limit,
    }
