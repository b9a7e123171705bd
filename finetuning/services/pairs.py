"""The pairs of stories that an evaluation wrote, without those that tell of a withdrawn story.

They are kept in the database, for machines that have no folder of the run; of runs before that was
so, they are read from the folder. What tells of a withdrawn story is blanked in both
(`forgetting`); until it is, it is blanked as it is read, so that no page waits for it.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import transaction

from finetuning.models import EvaluationPair, TrainingRun
from finetuning.pipeline.material import similar
from finetuning.pipeline.material.similar import COPIED_SHARE, COPIED_SIZE
from finetuning.pipeline.run_folder import read_rows
from finetuning.services import consent, lineage

_BLANK: dict[str, Any] = {"prompt": "", "text": "", "report": {}}
# Of all pairs of a run, as JSON; the ones after that stay in the folder alone.
_MOST = 4_000_000  # characters

Tells = Callable[[Any], bool]


def shown(run: TrainingRun) -> list[dict[str, Any]]:
    """Return the pairs of an ended run; of those that tell of a withdrawn story, the places."""
    kept = list(run.pairs.all())
    if kept:
        withdrawn = _withdrawn(kept)
        return [_blank(one.stories) if _tells(one, withdrawn) else one.stories for one in kept]
    found = run.folder.read_pairs()
    try:
        left, gone = lineage.left_and_gone(run.folder) if found else ([], [])
    except FileNotFoundError:
        return found
    return blanked(found, telling(left, gone)) if gone else found


def asked(run: TrainingRun) -> list[consent.Asked]:
    """Return which stories asked for what the pairs of `run` answer."""
    kept = list(run.pairs.all())
    if kept:
        return [
            consent.Asked(one.stories["candidate"]["prompt"], story, has_own_words)
            for one in kept
            for story, _, has_own_words in one.asked
        ]
    try:
        rows = read_rows(run.folder.stories)
    except FileNotFoundError:
        return []
    return [consent.Asked(row["prompt"], row["story"], consent.has_own_words(row)) for row in rows]


def tells_of_gone(run: TrainingRun) -> Tells:
    """Return what knows whether a row tells of a story of `run` that is withdrawn or gone."""
    try:
        left, gone = lineage.left_and_gone(run.folder)
    except FileNotFoundError:
        left, gone = [], []
    return telling(left, gone)


def telling(left: Iterable[Any], gone: Iterable[Any]) -> Tells:
    """Return what knows whether a row tells of a story of `gone` that none of `left` tells too.

    It answers the story's prompt, or repeats much of its text.
    """
    prompts = {row["prompt"] for row in gone} - {row["prompt"] for row in left}
    texts = [similar.shingles(row["text"], COPIED_SIZE) for row in gone]

    def tells(row: Any) -> bool:
        return row["prompt"] in prompts or any(
            similar.copied_share(row["text"], text, COPIED_SIZE) >= COPIED_SHARE for text in texts
        )

    return tells


def blanked(pairs: Iterable[dict[str, Any]], tells: Tells) -> list[dict[str, Any]]:
    """Return `pairs` with those that tell blanked; they keep their places, by which votes know."""
    return [_blank(pair) if any(map(tells, pair.values())) else pair for pair in pairs]


def _blank(pair: dict[str, Any]) -> dict[str, Any]:
    return {side: {**story, **_BLANK} for side, story in pair.items()}


# ---- In the database ----


def keep(run: TrainingRun) -> None:
    """Store the pairs of the run's folder, and of whom they tell; again is no error."""
    rows = read_rows(run.folder.stories)
    asked_by: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        own = consent.has_own_words(row)
        asked_by[row["prompt"]].append([row["story"], row["version"], own])
    found = list(_bounded(run.folder.read_pairs()))
    copied = _copied(found, rows)
    with transaction.atomic():
        run.pairs.all().delete()
        EvaluationPair.objects.bulk_create(
            EvaluationPair(
                run=run,
                number=number,
                stories=pair,
                asked=asked_by[pair["candidate"]["prompt"]],
                copied=copied[number],
            )
            for number, pair in enumerate(found)
        )


def _bounded(found: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    size = 0
    for pair in found:
        text = json.dumps(pair)
        size += len(text)
        if size > _MOST:
            return
        yield json.loads(text.replace("\\u0000", ""))  # PostgreSQL keeps none


def _copied(found: list[dict[str, Any]], rows: Iterable[Any]) -> dict[int, list[list[int]]]:
    """Return by the numbers of the pairs which stories they repeat, as `telling` finds them."""
    texts = [
        (number, similar.shingles(story["text"], COPIED_SIZE))
        for number, pair in enumerate(found)
        for story in pair.values()
    ]
    holding: dict[Any, list[int]] = defaultdict(list)
    for place, (_, own) in enumerate(texts):
        for shingle in own:
            holding[shingle].append(place)
    copied: dict[int, list[list[int]]] = defaultdict(list)
    for row in rows:
        source = similar.shingles(row["text"], COPIED_SIZE)
        shared = Counter(place for shingle in source for place in holding.get(shingle, ()))
        numbers = {
            texts[place][0]
            for place, count in shared.items()
            if count >= COPIED_SHARE * len(texts[place][1])
        }
        for number in numbers:
            copied[number].append([row["story"], row["version"]])
    return copied


def forget(run: TrainingRun) -> None:
    """Blank what the database keeps of pairs that tell of a withdrawn story."""
    kept = list(run.pairs.all())
    withdrawn = _withdrawn(kept)
    for one in kept if withdrawn else ():
        if _tells(one, withdrawn):
            one.stories, one.asked, one.copied = _blank(one.stories), [], []
        else:
            one.asked = [entry for entry in one.asked if entry[0] not in withdrawn]
        one.save(update_fields=["stories", "asked", "copied"])


def _withdrawn(kept: Iterable[EvaluationPair]) -> set[int]:
    known = {(entry[0], entry[1]) for one in kept for entry in (*one.asked, *one.copied)}
    return lineage.withdrawn_from(known) if known else set()


def _tells(one: EvaluationPair, withdrawn: set[int]) -> bool:
    """Tell whether all that asked for it are withdrawn, or one that it repeats is."""
    asked_by = {entry[0] for entry in one.asked}
    is_of_gone = bool(asked_by) and asked_by <= withdrawn
    return is_of_gone or any(story in withdrawn for story, _ in one.copied)
