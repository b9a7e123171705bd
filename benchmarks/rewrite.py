"""Rewriting a part with the pocket model: tokens, time to the first word, and seams that join.

    python -m benchmarks.rewrite [--rewrites 50]   # prints a table, keeps it in rewrite.json

Everything is real: pocket in a process of its own, the socket's code, the database.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.support.pocket import pocket

RESULTS = Path(__file__).with_name("rewrite.json")
STORIES, TRIES = 10, 6
TENTH = 0.1


def main() -> None:
    """Measure, print and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rewrites", type=int, default=50)
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, pocket(Path(folder) / "models") as url:
        os.environ |= {"DATA_DIR": folder, "OLLAMA_HOST": url, "STORY_MODEL": "pocket"}
        os.environ["GENERATIONS_PER_MINUTE"] = "0"  # one writer for all of them
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storaiteller_site.settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        results = asyncio.run(_measure(options.rewrites, random.Random(options.seed)))
    print(report(results))
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


async def _measure(rewrites: int, rng: random.Random) -> dict[str, Any]:
    import modelserver
    from benchmarks import joins
    from stories.models import Generation, User
    from tests.support import places

    user = await User.objects.acreate(username="writer")
    stories = [await places.write_story(user, number) for number in range(STORIES)]
    whole = {
        story.pk: (await Generation.objects.aget(story=story)).completion_tokens or 0
        for story in stories
    }
    shares, parts, first_words = [], [], []
    for story in stories:
        where = places.sentences(story.text, rng, TENTH)
        tries = [await places.ask(story, where)]
        for _ in range(TRIES - 1):
            tries.append(await places.ask(story, where, tries[0].pk))
        shares += [(found.completion_tokens or 0) / whole[story.pk] for found in tries]
        parts.append(len(where.text.split()) / story.word_count)
        first_words.append([found.report["first_word_seconds"] for found in tries])
    outside, found_faults, examples = 0, Counter[str](), []
    joined = 0
    for number in range(rewrites):
        story = stories[number % STORIES]
        done = await places.rewrite(story, places.sentences(story.text, rng))
        outside += done.is_identical_outside
        wrong = joins.faults(done.passage, done.generation.replacement)
        joined += not wrong
        found_faults.update(wrong)
        examples.append(_example(done, wrong))
    await modelserver.close()
    return {
        "passage_of_story": statistics.mean(parts),
        "tokens_of_whole_mean": statistics.mean(shares),
        "tokens_of_whole_max": max(shares),
        "first_word_by_try_ms": [
            statistics.median(times) * 1e3 for times in zip(*first_words, strict=True)
        ],
        "rewrites": rewrites,
        "outside_identical": outside,
        "joined": joined,
        "faults": dict(found_faults),
        "examples": examples,
    }


def _example(done: Any, wrong: list[str]) -> dict[str, Any]:
    part = done.passage
    return {
        "before": part.left[-90:],
        "passage": part.core,
        "replacement": done.generation.replacement,
        "after": part.right[:90],
        "ended_by": done.generation.done_reason,
        "faults": wrong,
    }


def report(results: dict[str, Any]) -> str:
    """Return the results as a Markdown table."""
    tries = ", ".join(f"{time:.0f}" for time in results["first_word_by_try_ms"])
    rows = [
        ("passage, part of its story", f"{results['passage_of_story']:.3f}"),
        (
            "tokens of a rewrite, of those of the whole story",
            f"{results['tokens_of_whole_mean']:.3f} (mean), "
            f"{results['tokens_of_whole_max']:.3f} (most)",
        ),
        (f"first word of tries 1 to {TRIES}, median", f"{tries} ms"),
        ("outside identical", f"{results['outside_identical']} of {results['rewrites']}"),
        ("join at both seams", f"{results['joined']} of {results['rewrites']}"),
        ("faults", ", ".join(f"{n} {fault}" for fault, n in results["faults"].items()) or "none"),
    ]
    return "\n".join(["| measured | |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)])


if __name__ == "__main__":
    main()
