"""How well the served model keeps to settings whose names and keywords were never trained.

    python -m pocket --port 9000 & python -m pocket.evaluate --url http://127.0.0.1:9000

Asks as the app does, over HTTP, and counts; writes the figures and ten stories, unedited.
"""

import argparse
import json
import re
import statistics
import time
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from pocket import corpus

_SENTENCE = re.compile(r"[^.!?…]+[.!?…]+[\"”’)]*")
_WHOLE_END = re.compile(r"[.!?…][\"”’)]*\Z")
_KEPT_STORIES = 10
_LONG_SENTENCE = 20  # characters; shorter ones may well be said twice


@dataclass(frozen=True)
class Outcome:
    """One generated story beside its settings."""

    names: bool
    keywords: bool
    ended: bool
    repeated: bool
    first_word: float  # seconds
    tokens_per_second: float


def write(client: httpx.Client, prompt: str, seed: int, max_words: int) -> tuple[str, Any, float]:
    """Return the story, the answer's last line and the seconds to the first token."""
    body = {
        "model": "pocket",
        "messages": [{"role": "user", "content": prompt}],
        "options": {"seed": seed, "num_predict": 2 * max_words + 64},
    }
    text, first, line = "", 0.0, {}
    started = time.monotonic()
    with client.stream("POST", "/api/chat", json=body) as response:
        response.raise_for_status()
        for data in response.iter_lines():
            first = first or time.monotonic() - started
            line = json.loads(data)
            text += line["message"]["content"]
    return text.strip(), line, first


def judge(story: str, line: Any, first: float, settings: corpus.StorySettings) -> Outcome:
    """Return what can be counted about `story`."""
    lowered = story.lower()
    sentences = [sentence.strip() for sentence in _SENTENCE.findall(story)]
    long_ones = [sentence for sentence in sentences if len(sentence) >= _LONG_SENTENCE]
    return Outcome(
        names=all(name.lower() in lowered for name in settings.characters),
        keywords=all(keyword.lower() in lowered for keyword in settings.keywords),
        ended=(
            line["done_reason"] == "stop"
            and len(story.split()) <= settings.max_words
            and _WHOLE_END.search(story) is not None
        ),
        repeated=len(long_ones) > len(set(long_ones)),
        first_word=first,
        tokens_per_second=line["eval_count"] / (line["eval_duration"] / 1e9),
    )


def main() -> None:
    """Write the stories, print the figures and keep them."""
    parser = argparse.ArgumentParser(prog="python -m pocket.evaluate", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:11434")
    parser.add_argument("--settings", type=int, default=300)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--output", type=Path, default=Path("var/pocket-training/evaluation.json"))
    options = parser.parse_args()
    stream = corpus.examples(4242, vocabulary="held-out", kind="write")
    wanted = list(islice(stream, options.settings))
    outcomes: list[Outcome] = []
    kept: list[dict[str, str]] = []
    with httpx.Client(base_url=options.url, timeout=120, trust_env=False) as client:
        for seed in options.seeds:
            for example in wanted:
                settings = example.settings
                story, line, first = write(client, example.prompt, seed, settings.max_words)
                outcomes.append(judge(story, line, first, settings))
                if len(kept) < _KEPT_STORIES:
                    kept.append({"prompt": example.prompt, "story": story})
    share = {
        name: statistics.mean(getattr(outcome, name) for outcome in outcomes)
        for name in ("names", "keywords", "ended", "repeated")
    }
    figures = {
        "stories": len(outcomes),
        **share,
        "first_word_ms": 1000 * statistics.median(o.first_word for o in outcomes),
        "tokens_per_second": statistics.median(o.tokens_per_second for o in outcomes),
    }
    print(json.dumps(figures, indent=1))
    everything = {"figures": figures, "kept": kept, "outcomes": [asdict(o) for o in outcomes]}
    options.output.write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
