"""How well the served model keeps to settings whose names and keywords were never trained.

    python -m pocket --port 9000 & python -m pocket.training.evaluate --url http://127.0.0.1:9000

Asks as the app does, over HTTP, and counts; writes the figures and all stories, unedited.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from pocket import corpus
from pocket.corpus import Example
from pocket.training import agreement, measures
from pocket.training.classifier import NaiveBayes, features
from prose import prompts, words
from prose.settings import Settings

SETTINGS_SEED = 4242
_CLASSIFIER_STORIES = 4000
_CLASSIFIER_TEST = 600
_TIMED_STORIES = 20
# Stories for settings that leave out the names, the keywords and both: so many of each.
_BARE_STORIES = 100


@dataclass(frozen=True)
class Answer:
    """What the server wrote, why it stopped and how long it took."""

    text: str
    ended: bool
    first_word: float  # seconds
    tokens_per_second: float


def ask(client: httpx.Client, example: Example, seed: int) -> Answer:
    """Return the server's answer to the example's prompt, begun with its prefill."""
    messages = [{"role": "user", "content": example.prompt}]
    if example.prefill:
        messages.append({"role": "assistant", "content": example.prefill})
    # As the app does: twice the words, and some.
    room = 2 * min(example.settings.max_words, 450) + 64
    body = {
        "model": "pocket",
        "messages": messages,
        "options": {"seed": seed, "num_predict": room},
    }
    text, first, line = "", 0.0, {}
    started = time.monotonic()
    with client.stream("POST", "/api/chat", json=body) as response:
        response.raise_for_status()
        for data in response.iter_lines():
            first = first or time.monotonic() - started
            line = json.loads(data)
            text += line["message"]["content"]
    speed = line["eval_count"] / (line["eval_duration"] / 1e9) if line["eval_duration"] else 0.0
    return Answer(text, line["done_reason"] == "stop", first, speed)


def ask_all(
    client: httpx.Client, examples: Sequence[Example], seed: int, at_once: int
) -> list[Answer]:
    """Return the answers to all `examples`, in their order."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda example: ask(client, example, seed), examples))


def judge(answer: Answer, settings: Settings) -> dict[str, Any]:
    """Return what can be counted about one story."""
    story = answer.text.strip()
    return {
        "names": measures.names_present(story, settings),
        "keywords": measures.keywords_present(story, settings),
        "ended": answer.ended
        and measures.ends_whole(story)
        and words.count(story) <= settings.max_words,
        "repeated": measures.repeats(story),
        "turns": measures.turns(story),
        "strange": measures.strange_words(story, settings),
        "words": measures.count_words(story),
    }


def summary(judged: Sequence[dict[str, Any]], settings: Sequence[Settings]) -> dict[str, Any]:
    """Return the shares over all stories."""
    asked = [story["turns"] for story, s in zip(judged, settings, strict=True) if s.final_twist]
    unasked = [
        not story["turns"] for story, s in zip(judged, settings, strict=True) if not s.final_twist
    ]
    words = sum(story["words"] for story in judged)
    return {
        "stories": len(judged),
        **{
            name: statistics.mean(story[name] for story in judged)
            for name in ("names", "keywords", "ended", "repeated")
        },
        "known_words": 1 - sum(len(story["strange"]) for story in judged) / words,
        "twist_asked": statistics.mean(asked),
        "twist_not_asked": statistics.mean(unasked),
    }


def classify(stories: Sequence[str], settings: Sequence[Settings]) -> dict[str, float]:
    """Return how often the genre and the register are told, of the generator's and `stories`."""

    def hidden(chosen: Settings) -> tuple[str, ...]:
        return (*chosen.character_list, *chosen.keyword_list)

    stream = corpus.examples(5151, kind="write")
    learned = [
        (features(e.story, hidden(e.settings)), e.settings)
        for e in islice(stream, _CLASSIFIER_STORIES)
    ]
    held_out = islice(corpus.examples(5252, vocabulary="held-out", kind="write"), _CLASSIFIER_TEST)
    trial = [(features(e.story, hidden(e.settings)), e.settings) for e in held_out]
    asked = [(features(story, hidden(s)), s) for story, s in zip(stories, settings, strict=True)]
    figures = {}
    for name in ("genre", "register"):
        model = NaiveBayes((counted, getattr(s, name)) for counted, s in learned)
        for kind, rows in (("generator", trial), ("model", asked)):
            hits = [model.label(counted) == getattr(s, name) for counted, s in rows]
            figures[f"{name}_{kind}"] = statistics.mean(hits)
    return figures


def bare(client: httpx.Client, examples: Sequence[Example], at_once: int) -> dict[str, float]:
    """Return how well stories go for the settings of `examples` without what they name."""
    whole = [example.settings for example in examples[:_BARE_STORIES]]
    settings = [replace(s, main_characters="") for s in whole]
    settings += [replace(s, keywords="") for s in (*whole, *settings)]
    asked = [Example("write", s, prompts.story_prompt(s), "", "") for s in settings]
    answers = ask_all(client, asked, 1, at_once)
    judged = [judge(answer, s) for answer, s in zip(answers, settings, strict=True)]
    unnamed = [
        measures.names_somebody(answer.text.strip())
        for answer, s in zip(answers, settings, strict=True)
        if not s.main_characters
    ]
    return {
        "bare_stories": len(judged),
        "bare_somebody": statistics.mean(unnamed),
        "bare_known": statistics.mean(not story["strange"] for story in judged),
        "bare_ended": statistics.mean(story["ended"] for story in judged),
        "bare_repeated": statistics.mean(story["repeated"] for story in judged),
    }


def rewrites(client: httpx.Client, count: int, at_once: int) -> tuple[float, list[dict[str, Any]]]:
    """Return the share of rewritten passages that join at both seams, and all of them."""
    stream = corpus.examples(6161, vocabulary="held-out", kind="rewrite")
    wanted = [e for e in islice(stream, 2 * count) if e.kind == "rewrite"][:count]
    answers = ask_all(client, wanted, 1, at_once)
    rows = []
    for example, answer in zip(wanted, answers, strict=True):
        initial, final = example.prefill, example.final
        faults = measures.seam_faults(initial, answer.text, final, ended=answer.ended)
        row = {"initial": initial, "answer": answer.text, "final": final, "faults": faults}
        rows.append(row)
    return statistics.mean(not row["faults"] for row in rows), rows


def main() -> None:
    """Write the stories, print the figures and keep both."""
    parser = argparse.ArgumentParser(prog="python -m pocket.training.evaluate", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:11434")
    parser.add_argument("--settings", type=int, default=300)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--rewrites", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=4, help="requests at the same time")
    parser.add_argument("--model", type=Path, default=Path("var/pocket-candidate"))
    parser.add_argument("--output", type=Path, default=Path("var/pocket-training/evaluation.json"))
    options = parser.parse_args()
    stream = corpus.examples(SETTINGS_SEED, vocabulary="held-out", kind="write")
    wanted = list(islice(stream, options.settings))
    settings = [example.settings for example in wanted] * len(options.seeds)
    with httpx.Client(base_url=options.url, timeout=300, trust_env=False) as client:
        load = os.getloadavg()[0]
        timed = ask_all(client, wanted[:_TIMED_STORIES], 0, 1)
        answers = [
            answer
            for seed in options.seeds
            for answer in ask_all(client, wanted, seed, options.at_once)
        ]
        without = bare(client, wanted, options.at_once)
        joined, rewritten = rewrites(client, options.rewrites, options.at_once)
    judged = [judge(answer, s) for answer, s in zip(answers, settings, strict=True)]
    figures = {
        **summary(judged, settings),
        **classify([answer.text for answer in answers], settings),
        **without,
        "rewrites": len(rewritten),
        "rewrites_joined": joined,
        "first_word_ms": 1000 * statistics.median(answer.first_word for answer in timed),
        "tokens_per_second": statistics.median(answer.tokens_per_second for answer in timed),
        "load": load,
        **agreement.agreement(options.model),
    }
    print(json.dumps(figures, indent=1))
    stories = [
        {
            "prompt": prompts.story_prompt(s),
            "story": answer.text.strip(),
            **judgement,
            "settings": s.to_dict(),
        }
        for answer, s, judgement in zip(answers, settings, judged, strict=True)
    ]
    everything = {"figures": figures, "stories": stories, "rewrites": rewritten}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
