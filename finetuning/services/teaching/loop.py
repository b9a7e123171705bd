"""Where the loop stands, from marked good to in service, and what somebody should do next.

What is furthest on its way is to be done first: a model that waits to be judged, then a run, then
stories that wait to be taught, then those that wait to be read.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.db.models import QuerySet

from finetuning.models import TrainingExample, TrainingRun
from finetuning.recipes import RECIPES, Recipe, Strength
from finetuning.services import blind, gate, lineage, states
from finetuning.services.gate import ENOUGH_VOTES, Standing
from modelserver import names
from stories.history import curation
from stories.models import Story, User, WriterModel, model_in_service

_RUNS = 3  # of the newest, by which the next one is estimated


class Kind(StrEnum):
    """What can be done next."""

    WATCH = "watch"  # the run under way
    COMPARE = "compare"
    PROMOTE = "promote"
    TEACH = "teach"
    APPROVE = "approve"
    ADVICE = "advice"  # of the last run, which was no better
    MARK = "mark"  # write, and mark what is good


@dataclass(frozen=True)
class Step:
    """One thing to do; `count` of stories or pairs, `run` and `model` where it is about one."""

    kind: Kind
    count: int = 0
    minutes: int = 0
    run: int = 0
    model: int = 0


@dataclass(frozen=True)
class Loop:
    """Counts of the four places that a story passes, and who is waited for."""

    marked: int
    waiting: int
    approved: int
    new: int  # approved, and not taught yet
    least: int  # stories that a run needs
    missing: int  # of those
    active: TrainingRun | None
    last: TrainingRun | None  # the newest that is done
    standing: Standing | None  # of its model
    is_undecided: bool  # nobody has decided on its model
    taught: int  # stories that taught the newest model
    service: WriterModel | None
    service_name: str
    serving: int  # stories that taught the model in service


def stand() -> Loop:
    """Return where the loop stands now."""
    done = TrainingRun.objects.filter(state=TrainingRun.State.DONE).select_related("model")
    last = done.first()
    recipe = site_recipe()
    approved = Story.objects.approved().count()
    service = WriterModel.objects.in_service(settings.STORY_MODEL)
    return Loop(
        marked=Story.objects.good().count(),
        waiting=Story.objects.waiting().count(),
        approved=approved,
        new=lineage.newly_approved(),
        least=recipe.least_stories,
        missing=max(0, recipe.least_stories - approved),
        active=TrainingRun.objects.active().first(),
        last=last,
        standing=gate.standing(last) if last else None,
        is_undecided=_is_undecided(last),
        taught=_taught(last),
        service=service,
        service_name=model_in_service(),
        serving=_taught(TrainingRun.objects.filter(model=service).first() if service else None),
    )


def site_recipe() -> Recipe:
    """Return the recipe that this site teaches by; pocket's where its model has none."""
    return states.recipe_for_site() or RECIPES["pocket"]


def _is_undecided(run: TrainingRun | None) -> bool:
    model = run.model if run else None
    if model is None or model.state != WriterModel.State.CANDIDATE:
        return False
    return names.same(model.base, settings.STORY_MODEL)


def _taught(run: TrainingRun | None) -> int:
    if run is None:
        return 0
    return run.examples.filter(side=TrainingExample.Side.TRAIN).count()


def next_step(loop: Loop, user: User) -> Step:
    """Return the next sensible step of what `user` may do."""
    may_start = user.has_perm("finetuning.add_trainingrun")
    if user.is_staff and loop.active is not None:
        return Step(Kind.WATCH, run=loop.active.pk)
    if (step := judging(loop, user)) is not None:
        return step
    if user.is_staff and (count := curation.queue(user).count()):
        return Step(Kind.APPROVE, count)
    if may_start and loop.new and not loop.missing:
        minutes = minutes_of(site_recipe(), loop.approved)
        return Step(Kind.TEACH, loop.new, minutes)
    if user.is_staff and loop.last and loop.is_undecided:
        return Step(Kind.ADVICE, run=loop.last.pk)
    return Step(Kind.MARK, loop.missing)


def judging(loop: Loop, user: User) -> Step | None:
    """Return what `user` should do about the newest model, if it may be better."""
    run, found = loop.last, loop.standing
    if run is None or found is None or not (loop.is_undecided and found.is_better):
        return None
    pairs = blind.left(user, run)
    if pairs and found.tally.decided < ENOUGH_VOTES:
        return Step(Kind.COMPARE, pairs, run=run.pk)
    if user.has_perm("stories.change_writermodel"):
        return Step(Kind.PROMOTE, run=run.pk, model=run.model_id or 0)
    return None


def minutes_of(recipe: Recipe, stories: int, strength: Strength = "normal") -> int:
    """Return about how many minutes a run takes, as the last ones did; 0 when nobody knows."""
    share = recipe.at(strength).epochs / recipe.epochs
    found = _seconds_a_story(recipe)
    if not found:
        return 0
    return max(1, round(found * stories * share / 60))


def _seconds_a_story(recipe: Recipe) -> float:
    done = TrainingRun.objects.filter(
        state=TrainingRun.State.DONE, recipe__name=recipe.name, started_at__isnull=False
    )
    rates = []
    for run in done[:_RUNS]:
        stories = run.dataset.get("train", 0) + run.dataset.get("held_out", 0)
        if run.started_at and run.finished_at and stories:
            rates.append((run.finished_at - run.started_at).total_seconds() / stories)
    return sum(rates) / len(rates) if rates else recipe.seconds


# ---- A writer's own part ----


@dataclass(frozen=True)
class OwnStory:
    """A good story of a writer: what became of it, and which models it taught."""

    story: Story
    models: list[WriterModel]
    mended: int  # the number of the version with a curator's corrections; 0 without


def own_stories(user: User, most: int = 100) -> list[OwnStory]:
    """Return the good stories of `user`, the newest first, and what became of each."""
    stories: QuerySet[Story] = Story.objects.good().filter(owner=user).defer("text")
    return [
        OwnStory(story, list(lineage.taught_by(story)), curation.mended_version(story))
        for story in stories.order_by("-updated_at")[:most]
    ]
