"""Any text that a story may be, to each function that reads one: it comes back, and in time.

A few hundred texts; `make fuzz` tries ten thousand and tells which took longest.
"""

import os
import sys
import time

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.prose.readers import LONGEST, READERS, UNITS

_TEXTS = int(os.environ.get("TEXTS", "300"))
# Seconds of the processor's time; a story read by the slowest takes a tenth.
_TOO_LONG = 20

UNIT = st.sampled_from(UNITS) | st.text(min_size=1, max_size=12)
# As many long rows as short ones: a text is long where one of its rows is.
COUNT = st.integers(0, 18).flatmap(lambda power: st.integers(1, 2**power))
ROWS = st.lists(st.tuples(UNIT, COUNT), max_size=6)


def text_of(rows: list[tuple[str, int]]) -> str:
    """Return `rows` as one text that a story may be."""
    text = ""
    for unit, count in rows:
        text += unit * min(count, (LONGEST - len(text)) // len(unit))
    return text


@pytest.mark.no_cover  # counting lines would take the time that is measured
def test_every_text_is_read_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    longest: list[tuple[float, str, list[tuple[str, int]]]] = [(0, "", [])]

    @settings(
        max_examples=_TEXTS,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(sorted(READERS)), ROWS)
    def read(name: str, rows: list[tuple[str, int]]) -> None:
        text = text_of(rows)
        started = time.process_time()
        READERS[name](text)
        spent = time.process_time() - started
        longest[0] = max(longest[0], (spent, name, rows))
        assert spent < _TOO_LONG

    read()
    spent, name, rows = longest[0]
    assert name
    with capsys.disabled():
        sys.stdout.write(f"\n{_TEXTS} texts; the longest took {spent:.2f} s: {name} of {rows}\n")
