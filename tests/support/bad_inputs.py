"""Bad frames and bad edits: a corpus, and thousands that a seeded hand spoils.

python -m tests.support.bad_inputs   # how many there are
"""

import json
import random
from collections.abc import Iterator
from typing import Any

from stories.errors import Refused
from stories.live import frames

SPOILED_FRAMES = 3000
SPOILED_EDITS = 1000
SEED = 6

_REWRITE = {"type": "rewrite", "start": 0, "end": 3, "version": 1, "selected": "One"}
_CHANGES: tuple[dict[str, Any], ...] = (
    {"selected": None},
    {"selected": ["One"]},
    {"end": 3.5},
    {"start": -1},
    {"mode": 1},
    {"again": None},
    {"instruction": {}},
    {"register": "x" * 21},
    {"instruction": "x" * 2001},
    {"selected": "x" * (frames.MAX_SELECTED_LENGTH + 1)},
)
FRAMES = (
    "",
    "{",
    "[]",
    "null",
    "NaN",
    '"write"',
    "{}",
    "\x00",
    "\ufeff{}",
    "not JSON at all",
    "<script>alert(1)</script>",
    "[" * 20_000,
    '{"a":' * 20_000,
    "x" * 100_000,
    '{"type": "write", "padding": "' + "x" * frames.MAX_FRAME_LENGTH + '"}',
    '{"type": "sing"}',
    '{"type": ["write"]}',
    '{"type": "\\ud800"}',
    '{"type": "__proto__"}',
    '{"type": "ack"}',
    *(
        '{"type": "ack", "offset": ' + offset + "}"
        for offset in ("-1", "1.0", "true", '"1"', "1e400", "9007199254740993", "NaN", "{}", "null")
    ),
    '{"type": "ack", "offset": ' + "9" * 5000 + "}",
    '{"type": "attach", "generation": null, "offset": 0}',
    '{"type": "stop", "generation": "1"}',
    *(json.dumps({**_REWRITE, **change}) for change in _CHANGES),
)
BINARY = (b"\x00", b"\xff\xfe", b"", b'{"type":"write"}', b"\x00" * 70_000)
_WHOLE: tuple[dict[str, Any], ...] = (
    {"type": "write"},
    {"type": "continue"},
    {"type": "stop", "generation": 1},
    {"type": "attach", "generation": 1, "offset": 0},
    {"type": "ack", "offset": 12},
    {**_REWRITE, "instruction": "Zoë 🙂", "mode": "shorten", "again": 1},
)
_EDIT = {"version": 0, "text": "Once 🙂 upon\n\na time", "undo": False}
# What tends to hurt: JSON's own signs, escapes, numbers at an edge, other scripts' signs.
_SHARDS = (
    *'{}[]",:\\/ \n\t\x00\x7f',
    *("\\u0000", "\\ud83d", "\\u202e", "\\x", "null", "true", "1e999", "-0", "9" * 30, "0x1"),
    *("🙂", "é", "\u2028", "\ufeff", "\ufffe", '"type"', "__proto__", "<|eot_id|>", "{{7*7}}"),
)


def spoil(text: str, hand: random.Random) -> str:
    """Return `text` with one to four things cut out, put in or doubled."""
    for _ in range(hand.randint(1, 4)):
        start = hand.randrange(len(text) + 1)
        end = min(len(text), start + hand.choice((0, 0, 1, 2, 5, 20)))
        shard = hand.choice((*_SHARDS, "", text[start:end] * 2))
        text = text[:start] + shard + text[end:]
    return text


def spoiled_frames() -> Iterator[str]:
    """Yield `SPOILED_FRAMES` frames that are none; what is a command by chance is left out."""
    hand, count = random.Random(SEED), 0
    while count < SPOILED_FRAMES:
        text = spoil(json.dumps(hand.choice(_WHOLE)), hand)
        try:
            frames.parse(text)
        except Refused:
            count += 1
            yield text


def spoiled_edits() -> Iterator[str]:
    """Yield `SPOILED_EDITS` bodies of an edit; some are whole by chance."""
    hand = random.Random(SEED)
    for _ in range(SPOILED_EDITS):
        yield spoil(json.dumps(_EDIT, ensure_ascii=hand.random() < 0.5), hand)


def main() -> None:
    """Print how many there are."""
    counts = {
        "frames of the corpus": len(FRAMES),
        "binary frames": len(BINARY),
        "spoiled frames": sum(1 for _ in spoiled_frames()),
        "spoiled edits": sum(1 for _ in spoiled_edits()),
    }
    for name, count in {**counts, "together": sum(counts.values())}.items():
        print(f"{count:,} {name}")


if __name__ == "__main__":
    main()
