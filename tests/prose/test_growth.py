"""No function that reads a text takes longer than the text is: four times the text, four times it.

A regular expression's steps can't be counted from outside: what counts is the process's own time,
the best of several, where it is long enough to be measured.
"""

import gc
import importlib
import inspect
import pkgutil
import time
from collections.abc import Iterator

import pytest

import prose
from tests.prose.readers import LONGEST, OTHERS, PROSE, READERS, SHAPES, Reader, Shape

# Four times the text may take so many times as long, of which a processor's caches make five or
# six. Squared, it would take sixteen times.
MOST = 8
# Seconds from which on it is told apart from noise, for the longer text.
_MEASURABLE = 0.08
# A diff has half a second to look for a better one, whatever the length: of few shapes, then.
_DIFFS = {
    *("diffs.word_diff", "diffs.paragraph_diff", "diffs.edits", "diffs.merged"),
    "splice.moved",
}
_DIFFS_MEASURABLE = 2.0
_DIFFS_SHAPES = {"different words", "'.'…", "[]…", "x'word '…x", "x', \"'…x", "x'a.b,'…x"}
_TRIES = 6
_SHORTEST = LONGEST // 4**3


def seconds(read: Reader, text: str) -> float:
    """Return how long the processor takes for it."""
    gc.disable()
    try:
        started = time.process_time()
        read(text)
        return time.process_time() - started
    finally:
        gc.enable()


def growth(read: Reader, shape: Shape, measurable: float) -> float:
    """Return how many times as long four times the text takes; 0 if all of it takes no time."""
    length, shorter = _SHORTEST, shape(_SHORTEST)
    least = seconds(read, shorter)
    while length < LONGEST:
        length *= 4
        text = shape(length)
        most = seconds(read, text)
        if most >= measurable:
            for _ in range(_TRIES):
                if most <= MOST * least:
                    break
                # What took too long for another reason doesn't do so each time.
                least = min(max(least, 1e-9), seconds(read, shorter))
                most = min(most, seconds(read, text))
            return most / least
        shorter, least = text, most
    return 0


# Counting lines would take the time that is measured.
@pytest.mark.no_cover
@pytest.mark.parametrize("name", READERS)
def test_time_grows_no_faster_than_the_text(name: str) -> None:
    read, is_diff = READERS[name], name in _DIFFS
    grown = {
        shape: growth(read, row, _DIFFS_MEASURABLE if is_diff else _MEASURABLE)
        for shape, row in SHAPES.items()
        if not is_diff or shape in _DIFFS_SHAPES
    }
    assert {shape: round(times, 1) for shape, times in grown.items() if times > MOST} == {}


def test_what_grows_faster_is_found() -> None:
    def squared(text: str) -> int:
        return sum(text[place:].count("b") for place in range(len(text)))

    assert growth(squared, SHAPES["'a'…"], _MEASURABLE) > MOST
    assert growth(len, SHAPES["'a'…"], _MEASURABLE) == 0


def _public(found: object) -> Iterator[tuple[str, object]]:
    for name, value in vars(found).items():
        if not name.startswith("_"):
            yield name, value


def _takes_only_numbers(function: object) -> bool:
    assert callable(function)
    parameters = inspect.signature(function).parameters.values()
    return all(parameter.annotation in {int, bool} for parameter in parameters)


def readers_of_prose() -> Iterator[str]:
    """Yield the names of all functions, methods and properties that may be given a text."""
    for info in pkgutil.walk_packages(prose.__path__, "prose."):
        module = importlib.import_module(info.name)
        home = info.name.removeprefix("prose.")
        for name, found in _public(module):
            if getattr(found, "__module__", "") != module.__name__:
                continue
            if inspect.isfunction(found) and not _takes_only_numbers(found):
                yield f"{home}.{name}"
            if inspect.isclass(found) and not getattr(found, "_is_protocol", False):
                for method, value in _public(found):
                    is_property = isinstance(value, property | classmethod)
                    if is_property or inspect.isfunction(value):
                        yield f"{home}.{name}.{method}"


def test_no_function_of_prose_is_left_out() -> None:
    assert set(readers_of_prose()) == set(PROSE)
    assert not PROSE.keys() & OTHERS.keys()
