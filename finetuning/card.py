"""The card of the approved stories: what somebody who is handed the file has to know about it."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from finetuning.models import TrainingRun
from finetuning.services import lineage, preferences
from prose import words
from prose.languages.recognition import language_of


def write(run: TrainingRun | None = None) -> str:
    """Return the card in Markdown, with the head that the Hugging Face hub reads.

    Of the approved stories or, with `run`, of those that it has learned from and may still.
    """
    rows = lineage.approved_rows(None) if run is None else preferences.learned_stories(run)
    languages = Counter(language_of(row["text"]) for row in rows)
    counts = sorted(words.count(row["text"]) for row in rows)
    asked = [row["settings"] for row in rows]
    head = "".join(f"- {code}\n" for code, _ in languages.most_common())
    return f"""---
language:
{head}license: other
task_categories:
- text-generation
---

# Stories

{len(rows):,} stories that their writers marked as good and a curator approved, each with the prompt
that asked for it. Exported from StorAIteller on {timezone.localdate():%d %B %Y}.

| | |
|---|---|
| Stories | {len(rows):,} |
| Preferences, pairs of texts | {_pairs(run):,} |
| Words | {sum(counts):,} |
| Words of a story | {_spread(counts)} |
| Languages, by their words | {_shares(languages)} |
| Genres | {_shares(Counter(one["genre"] for one in asked))} |
| Registers | {_shares(Counter(one["register"] for one in asked))} |
| Asked to be child-friendly | {sum(one["child_friendly"] for one in asked):,} |
| Asked for a final twist | {sum(one["final_twist"] for one in asked):,} |
| SHA-256 of the pairs | `{digest(rows)}` |

## Where they come from

Written by the site's writers together with language models, by hand, or brought in from files. No
name or address of a writer is in the file; what they wrote into their stories is.

## Licence

**To be said by who passes the file on.** The stories belong to their writers, and a model's licence
may say what its texts may be used for.
"""


def _pairs(run: TrainingRun | None) -> int:
    if run is None:
        return preferences.export_pairs().count("\n")
    return sum("chosen" in row for row in preferences.learned_choices(run))


def digest(rows: Iterable[dict[str, Any]]) -> str:
    """Return the SHA-256 (hex) of the prompts and stories, whatever their order or the form."""
    lines = sorted(json.dumps([row["prompt"], row["text"]], ensure_ascii=False) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _spread(counts: Sequence[int]) -> str:
    if not counts:
        return "none"
    return f"{counts[0]:,} to {counts[-1]:,}, half of them up to {counts[len(counts) // 2]:,}"


def _shares(found: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in found.most_common()) or "none"
