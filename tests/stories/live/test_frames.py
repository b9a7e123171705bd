"""What comes over the socket is read strictly."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stories.errors import Refused
from stories.live import frames

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "write"},
        {"type": "continue"},
        {"type": "stop"},
        {"type": "attach", "generation": 3, "offset": 0},
        {"type": "ack", "offset": 12},
        {"type": "rewrite", "start": 0, "end": 3, "version": 1, "selected": "🙂 a"},
        {
            "type": "rewrite",
            "start": 0,
            "end": 3,
            "version": 1,
            "selected": "One",
            "instruction": "",
            "mode": "register",
            "register": "Elegant",
            "again": 7,
        },
    ],
)
def test_frames_are_read(frame: dict[str, object]) -> None:
    assert frame.items() <= msgspec.to_builtins(frames.parse(json.dumps(frame))).items()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"write"',
        "{}",
        '{"type": "sing"}',
        '{"type": ["write"]}',
        '{"type": "ack"}',
        '{"type": "ack", "offset": -1}',
        '{"type": "ack", "offset": 1.0}',
        '{"type": "ack", "offset": true}',
        '{"type": "ack", "offset": "1"}',
        '{"type": "ack", "offset": 1e400}',
        '{"type": "ack", "offset": 9007199254740993}',
        '{"type": "attach", "generation": null, "offset": 0}',
        '{"type": "rewrite", "start": 0, "end": 3, "version": 1}',
        '{"type": "rewrite", "start": 0, "end": 3, "version": 1, "selected": null}',
        '{"type": "rewrite", "start": 0, "end": 3.5, "version": 1, "selected": "One"}',
        '{"type": "rewrite", "start": -1, "end": 3, "version": 1, "selected": "One"}',
        '{"type": "rewrite", "start": 0, "end": 3, "version": 1, "selected": "One", "mode": 1}',
        '{"type": "rewrite", "start": 0, "end": 3, "version": 1, "selected": "One", "again": null}',
        json.dumps(
            {
                "type": "rewrite",
                "start": 0,
                "end": 3,
                "version": 1,
                "selected": "x" * (frames.MAX_SELECTED_LENGTH + 1),
            }
        ),
        '{"type": "ack", "offset": ' + "9" * 5000 + "}",
        '{"type": "stop", "generation": 0}',
        '{"type": "\\ud800"}',
        "[" * 20_000,
        '{"type": "write", "x": ' + "[" * 60_000,
        '{"type": "write", "padding": "' + "x" * frames.MAX_FRAME_LENGTH + '"}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        frames.parse(text)


def test_binary_frames_are_refused() -> None:
    with pytest.raises(Refused):
        frames.parse(None, b"\x00")


@given(JSON | st.text())
def test_nothing_else_is_ever_raised(value: object) -> None:
    try:
        frames.parse(json.dumps(value))
    except Refused:
        return
    raise AssertionError("random JSON was taken for a frame")
