"""What `make teach-demo` shows: stories teach the tiny model, and so does every choice.

A writer edits what the tiny model writes: some stories get a last line that somebody says. The
model that learns them is better, and goes into service. Of its own takes on one prompt a reader
then prefers those that keep to their settings and end in speech; the taste has to show in the
stories of the next model, and nothing else may suffer. With the labels drawn at random, nothing
may be learned.
"""

import asyncio
import csv
import io
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import modelserver
from finetuning import embedded
from finetuning.demo import loop
from finetuning.demo.demonstrations import BrokenPromiseError
from finetuning.pipeline import compare
from finetuning.pipeline.judge import BETTER, MOST_ALIKE, NO_BETTER
from finetuning.pipeline.material import datastories
from finetuning.pipeline.run_folder import RunFolder
from finetuning.pipeline.statistics import paired
from finetuning.recipes import RECIPES, Recipe
from modelserver import Server
from prose import prompts, report
from prose.settings import Settings

_ENDINGS = Path(__file__).with_name("spoken_endings.txt")
_TINY = "pocket-tiny"
_PROMPTS = Path(__file__).resolve().parents[2] / "pocket/stories/plain/stories.csv"
_SEED = 3407
_LEAST_WORDS, _MOST_WORDS = 90, 150  # that a prompt asks for: with room for one more line
_AT_ONCE = 2
_TAKES_WARMTH = 0.8  # temperature: takes of one prompt have to differ


@dataclass(frozen=True)
class Size:
    """How much is written, and learned."""

    stories: int = 160  # approved
    prompts: int = 240  # that takes are written for
    takes: int = 4  # of each
    pairs: int = 200
    a_prompt: int = 2  # most pairs of one prompt
    changes: tuple[str, ...] = ("epochs=6", "pairs=64")  # of the recipe


@dataclass(frozen=True)
class Shown:
    """The evaluations of the three runs, and the share of the taste in the last one."""

    stories: dict[str, Any]
    at_random: dict[str, Any]
    taste: dict[str, Any]
    share: dict[str, float]


Written = dict[str, Any]  # a prompt, its settings, the text and why it ended


def has_taste(text: str) -> bool:
    """Tell whether a story ends in speech."""
    return text.rstrip().endswith(('"', "”"))


def keeps(story: Written) -> bool:
    """Tell whether a story keeps to all of its settings."""
    found = report.story_report(story["text"], Settings.from_dict(story["settings"]))
    return bool(
        not found["characters_missing"]
        and not found["keywords_missing"]
        and found["words"] <= found["max_words"]
        and found["whole_end"]
        and not found["repeated_sentences"]
        and story["done_reason"] == "stop"
    )


def show(data: Path, size: Size, tell: loop.Tell) -> Shown:
    """Run all of it in a new installation in `data`.

    Raises `BrokenPromiseError`, `subprocess.CalledProcessError` and `embedded.NotStartedError`.
    """
    recipe, asked = RECIPES[_TINY], _asked()
    with embedded.pocket(data.with_name(f"{data.name}-pocket"), loop.answers) as address:
        tell("The tiny model writes, and a writer edits…")
        written = write(address, _TINY, recipe, asked[: 2 * size.stories])
    environment = loop.prepare(data, _edited(written, size.stories), tell)
    with embedded.pocket(data / "pocket", loop.answers) as address:
        environment |= {"OLLAMA_HOST": address, "STORY_MODEL": _TINY}
        _tune(environment, tell, size, "--promote")
        first = RunFolder(data / "training" / "run-1")
        _check_stories(first.need("evaluate"))
        model = first.read_names()["model"]
        tell("The model that learned them writes takes, and a reader chooses…")
        rest = asked[2 * size.stories : 2 * size.stories + size.prompts]
        takes = write(
            address, model, recipe.changed({"temperature": _TAKES_WARMTH}), rest, size.takes
        )
        chosen = list(pairs(takes, size))
        for number, of in enumerate((at_random(chosen), chosen), 2):
            file = data / f"preferences-{number}.csv"
            file.write_text(_table(of), encoding="utf-8", newline="")
            loop.manage(environment, tell, "import_preferences", str(file), "--replace")
            _tune(environment, tell, size, *(() if number == 2 else ("--promote",)))
    folders = [RunFolder(data / "training" / f"run-{number}") for number in (1, 2, 3)]
    stories, turned, learned = (folder.need("evaluate") for folder in folders)
    return Shown(stories, turned, learned, share_of_taste(folders[2].read_pairs()))


def _tune(environment: dict[str, str], tell: loop.Tell, size: Size, *more: str) -> None:
    changes = [part for change in size.changes for part in ("--set", change)]
    # A model that isn't better stays out of service, which is no failure of the command's.
    tuning = ("finetune", "--recipe", _TINY, *changes, *more)
    loop.manage(environment, tell, *tuning, may_fail=bool(more))


def _asked() -> list[tuple[str, Settings]]:
    """Return prompts of the plain stories, mixed, each once."""
    found = {
        entry.prompt: settings
        for entry in datastories.read_csv(_PROMPTS.read_bytes())
        if (settings := prompts.read_prompt(entry.prompt)) is not None
        and settings.character_list
        and _LEAST_WORDS <= settings.max_words <= _MOST_WORDS
    }
    mixed = list(found.items())
    random.Random(_SEED).shuffle(mixed)  # noqa: S311 - no secret
    return mixed


def write(
    address: str,
    model: str,
    recipe: Recipe,
    asked: Sequence[tuple[str, Settings]],
    takes: int = 1,
) -> list[Written]:
    """Return `takes` stories by `model` for each of the prompts, in their order."""
    server = Server.at(address)

    async def all_of_them() -> list[Written]:
        able = await modelserver.abilities(server, model)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(prompt: str, settings: Settings, seed: int) -> Written:
            row = {"prompt": prompt, "settings": settings.to_dict()}
            async with turns:
                text, reason = await compare.story(recipe, (server, model, able), row, seed)
            return {**row, "text": text, "done_reason": reason}

        try:
            return await asyncio.gather(
                *(one(*each, _SEED + take) for each in asked for take in range(takes))
            )
        finally:
            await modelserver.close()

    return asyncio.run(all_of_them())


def _edited(written: Iterable[Written], count: int) -> str:
    """Return a datastories.csv of the stories that keep to their settings, every other one edited.

    An edited one ends with a line that somebody says.
    """
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    endings = [line for line in _ENDINGS.read_text(encoding="utf-8").split("\n") if line]
    good: list[tuple[str, str]] = []
    for story in filter(keeps, written):
        if len(good) % 2:
            names = Settings.from_dict(story["settings"]).character_list
            line = chance.choice(endings).format(name=chance.choice(names))
            story = {**story, "text": f"{story['text']} {line}"}
        if keeps(story):
            good.append((story["prompt"], story["text"]))
    return datastories.write_csv(good[:count])


def pairs(takes: Iterable[Written], size: Size) -> Iterator[tuple[str, str, str]]:
    """Yield (prompt, preferred, other): one take that keeps and has the taste over one that fails.

    No prompt has more than `size.a_prompt`, and there are at most `size.pairs`.
    """
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    of_prompts: dict[str, list[Written]] = {}
    for take in takes:
        of_prompts.setdefault(take["prompt"], []).append(take)
    left = size.pairs
    for prompt, group in of_prompts.items():
        liked = [take["text"] for take in group if keeps(take) and has_taste(take["text"])]
        others = [take["text"] for take in group if take["text"] and take["text"] not in liked]
        found = [(prompt, one, other) for one in liked for other in others]
        chance.shuffle(found)
        yield from found[: min(size.a_prompt, left)]
        left -= len(found[: min(size.a_prompt, left)])


def at_random(chosen: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return the same pairs, half of them the other way round."""
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    turned = chance.sample(range(len(chosen)), len(chosen) // 2)
    return [
        (prompt, other, one) if place in turned else (prompt, one, other)
        for place, (prompt, one, other) in enumerate(chosen)
    ]


def _table(chosen: Iterable[tuple[str, str, str]]) -> str:
    output = io.StringIO(newline="")
    writer = csv.writer(output, quoting=csv.QUOTE_ALL)
    writer.writerow(("prompt", "chosen", "rejected"))
    writer.writerows(chosen)
    return output.getvalue()


def share_of_taste(stories: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the share of the taste before and after, with the interval of the difference."""
    before, after = (
        [float(has_taste(pair[side]["text"])) for pair in stories]
        for side in ("service", "candidate")
    )
    return paired(before, after, _SEED, [pair["service"]["prompt"] for pair in stories])


def _check_stories(scores: dict[str, Any]) -> None:
    if scores["verdict"] != BETTER:
        raise BrokenPromiseError(f"The stories taught nothing: {scores['reason']}")


def check(shown: Shown) -> None:
    """Raise `BrokenPromiseError` for what was promised and isn't so."""
    share, kept, alike = shown.share, shown.taste["compliance"], shown.taste["alike"]
    promises = {
        "Something was learned of choices at random": shown.at_random["verdict"] == NO_BETTER,
        "The taste did not rise for sure": share["low"] > 0,
        "The taste was not counted as better": shown.taste["verdict"] == BETTER,
        "The settings are kept less": kept["high"] >= 0,
        "The stories are more alike": alike["after"] <= (1 + MOST_ALIKE) * alike["before"],
    }
    if broken := [promise for promise, is_kept in promises.items() if not is_kept]:
        raise BrokenPromiseError(". ".join(broken) + ".")


def lines(shown: Shown) -> Iterator[str]:
    """Yield a line for each figure."""
    runs = (("stories", shown.stories), ("random", shown.at_random), ("taste", shown.taste))
    for name, scores in runs:
        loss, kept, alike = scores["loss"], scores["compliance"], scores["alike"]
        yield f"{name}: {scores['verdict']}. {scores['reason']}"
        yield f"  held-out loss {loss['before']:.3f} → {loss['after']:.3f} {_interval(loss)}"
        yield f"  settings kept {kept['before']:.1%} → {kept['after']:.1%} {_interval(kept)}"
        yield f"  self-BLEU {alike['before']:.3f} → {alike['after']:.3f} {_interval(alike)}"
        distinct = scores["distinct"]
        yield f"  distinct 4-grams {distinct['service']:.1%} → {distinct['candidate']:.1%}"
        if met := scores.get("preferences"):
            yield (
                f"  held-out preferences met {met['before']:+.2f} → {met['after']:+.2f} nats "
                f"{_interval(met)}, of more than half by {met['share']['difference']:+.1%} "
                f"{_interval(met['share'])}"
            )


def _interval(found: dict[str, float]) -> str:
    return f"[{found['low']:+.3f}, {found['high']:+.3f}]"
