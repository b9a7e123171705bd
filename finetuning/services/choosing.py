"""What people preferred, from where it is kept to what is learned: pairs of texts, and marks.

Only of stories that are approved: a writer who keeps a story to themselves keeps their choices too.
Of the votes on one pair of stories, those for more than half of all that decided are a choice; ties
and votes that are even are none. A choice's key names where it is kept, so that what is taken back
can be found again.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import QuerySet

from finetuning.models import BlindVote, ImportedPair, OwnPair, TrainingRun
from finetuning.pipeline.material.choices import Choice, Mark
from finetuning.pipeline.run_folder import RunFolder, read_rows
from finetuning.services import lineage, pairs
from prose import prompts
from stories.models import Curation, PreferencePair, Story, StoryVersion

_Source = PreferencePair.Source
_Preferred = BlindVote.Preferred
# As `prose.prompts.rewrite_prompt` words it; the model's answer began with the initial part.
_PARTS = re.compile(
    r" It is important that the story starts with this part unchanged: (.*)"
    r" and finishes with this part unchanged: (.*)\Z",
    re.DOTALL,
)


def choices() -> list[Choice]:
    """Return every choice that may be learned from now."""
    return [*_kept_over_others(), *_voted(), *_voted_of_own(), *_imported()]


def marks() -> list[Mark]:
    """Return what curators approved and rejected, in the versions that they read."""
    approved = [
        _mark(row["story"], row["prompt"], row["text"], good=True)
        for row in lineage.approved_rows(None)
    ]
    return approved + [
        _mark(story.pk, story.good_settings.prompt, version.text, good=False)
        for story, version in _rejected()
        if story.good_settings is not None
    ]


def _mark(story: int, prompt: str, text: str, *, good: bool) -> Mark:
    return Mark(key=f"mark:{story}", story=story, prompt=prompt, text=text, good=good)


def _rejected() -> Iterator[tuple[Story, StoryVersion]]:
    found = Story.objects.good().filter(curation=Curation.REJECTED).select_related("good_settings")
    for story in found.order_by("pk"):
        version = story.versions.filter(number=story.curated_version or story.good_version or 0)
        for one in version:
            yield story, one


def _pairs_of_writers() -> QuerySet[PreferencePair]:
    return PreferencePair.objects.filter(story__in=Story.objects.approved()).order_by("pk")


def _kept_over_others() -> Iterator[Choice]:
    for pair in _pairs_of_writers():
        choice = Choice(
            key=f"pair:{pair.pk}",
            story=pair.story_id,
            prompt=pair.prompt,
            chosen=pair.chosen,
            rejected=pair.rejected,
        )
        begun = _PARTS.search(pair.prompt.partition(prompts.PASSAGE_NOW)[0])
        if pair.source == _Source.TAKE or begun is None:
            yield choice
        else:
            # A passage ends where the story goes on: no end of turn is learned there.
            yield {**choice, "given": begun[1], "is_open": bool(begun[2])}


def _voted() -> Iterator[Choice]:
    votes: dict[int, dict[int, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for judged, pair, preferred in BlindVote.objects.values_list("run", "pair", "preferred"):
        votes[judged][pair][preferred] += 1
    for run in TrainingRun.objects.filter(pk__in=votes).order_by("pk"):
        shown = pairs.shown(run)
        for number, counted in sorted(votes[run.pk].items()):
            winner, loser = _decided(counted)
            if winner and number < len(shown) and shown[number][winner]["prompt"]:
                yield Choice(
                    key=f"vote:{run.pk}:{number}",
                    story=0,
                    prompt=shown[number][winner]["prompt"],
                    chosen=shown[number][winner]["text"],
                    rejected=shown[number][loser]["text"],
                )


def _decided(counted: Counter[str]) -> tuple[str, str]:
    """Return the side that more than half of all voters preferred, and the other one; or none."""
    most = sum(counted.values()) / 2
    sides = (str(_Preferred.CANDIDATE), str(_Preferred.SERVICE))
    for winner, loser in (sides, sides[::-1]):
        if counted[winner] > most:
            return winner, loser
    return "", ""


def _voted_of_own() -> Iterator[Choice]:
    """Yield what somebody preferred of two stories for their own settings, where they did."""
    for pair, winner, loser in _told_of_own(OwnPair.objects.all()):
        yield Choice(
            key=f"own:{pair.pk}",
            story=0,
            prompt=pair.prompt,
            chosen=getattr(pair, winner),
            rejected=getattr(pair, loser),
        )


def _told_of_own(asked: QuerySet[OwnPair]) -> Iterator[tuple[OwnPair, str, str]]:
    """Yield the decided pairs with the side preferred and the other; none of withdrawn stories."""
    runs: dict[int, pairs.Tells] = {}
    for pair in asked.exclude(preferred="").select_related("run").order_by("pk"):
        winner, loser = _decided(Counter([pair.preferred]))
        if not winner:
            continue
        if pair.run_id not in runs:
            runs[pair.run_id] = pairs.tells_of_gone(pair.run)
        tells = runs[pair.run_id]
        texts = (pair.candidate, pair.service)
        if not any(tells({"prompt": pair.prompt, "text": text}) for text in texts):
            yield pair, winner, loser


def _imported() -> Iterator[Choice]:
    for pair in ImportedPair.objects.order_by("pk"):
        yield Choice(
            key=f"import:{pair.pk}",
            story=0,
            prompt=pair.prompt,
            chosen=pair.chosen,
            rejected=pair.rejected,
        )


# ---- Taken back ----


def keys(folder: RunFolder) -> frozenset[str]:
    """Return the keys of the choices and marks that are laid out in a run's folder."""
    return frozenset(
        row["key"]
        for path in (folder.choices, folder.marks)
        if path.exists()
        for row in read_rows(path)
    )


def withdrawn(known: Iterable[str]) -> set[str]:
    """Return which of the keys name what may not be learned from any more, or is gone."""
    asked = set(known)
    return asked - _present(asked) if asked else set()


def _present(asked: set[str]) -> set[str]:
    numbers: dict[str, list[str]] = defaultdict(list)
    for key in asked:
        kind, _, number = key.partition(":")
        numbers[kind].append(number)
    here = {
        f"pair:{pk}"
        for pk in _pairs_of_writers().filter(pk__in=numbers["pair"]).values_list("pk", flat=True)
    }
    found = ImportedPair.objects.filter(pk__in=numbers["import"])
    here |= {f"import:{pk}" for pk in found.values_list("pk", flat=True)}
    own = OwnPair.objects.filter(pk__in=numbers["own"])
    here |= {f"own:{pair.pk}" for pair, _, _ in _told_of_own(own)}
    if numbers["mark"]:
        curated = Story.objects.good().exclude(curation=Curation.WAITING)
        marked = curated.filter(pk__in=numbers["mark"])
        here |= {f"mark:{pk}" for pk in marked.values_list("pk", flat=True)}
    return here | _present_votes(numbers["vote"])


def _present_votes(numbers: Iterable[str]) -> set[str]:
    """Return the keys of the votes on pairs that are still there, and tell of nothing withdrawn."""
    of_runs: dict[int, set[int]] = defaultdict(set)
    for number in numbers:
        judged, _, pair = number.partition(":")
        of_runs[int(judged)].add(int(pair))
    here = set()
    for run in TrainingRun.objects.filter(pk__in=of_runs):
        voted = BlindVote.objects.filter(run=run, pair__in=of_runs[run.pk])
        shown = pairs.shown(run)
        here |= {
            f"vote:{run.pk}:{place}"
            for place in voted.values_list("pair", flat=True)
            if place < len(shown) and shown[place]["candidate"]["prompt"]
        }
    return here
