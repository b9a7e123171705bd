"""The check for children, beside what a process is asked for: in few threads, and never for long.

A passage takes about 40 ms of a processor; the arithmetic of it leaves the lock to others. What
was found in a text is kept for a while, so that whoever asks again gets it.
"""

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from prose.children import check
from prose.children.check import ChildrenReport
from prose.children.gate import Gate
from prose.settings import Settings

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Seconds that a story that is being written waits for one passage.
MOST_A_PASSAGE = 10.0
# Seconds that a whole text is waited for: by a page that asks again, by a curator who decides by
# what is found, and where a story ends.
PAGE, READ, END = 0.3, 3.0, 10.0
# Seconds after which a text that is still not checked is said to be none that can be.
_HUNG = 120.0
_KNOWN = 256  # texts
_WAITING = 16  # texts that may wait to be checked; a process that ends checks them first

_passages = ThreadPoolExecutor(2, thread_name_prefix="children-passages")
_texts = ThreadPoolExecutor(1, thread_name_prefix="children-texts")


class CheckError(Exception):
    """A passage can't be checked: the check failed, or hangs."""


class _Asked(NamedTuple):
    found: "Future[ChildrenReport]"
    since: float  # of the monotonic clock


_known: "OrderedDict[bytes, _Asked]" = OrderedDict()
_lock = Lock()


async def through(gate: Gate, text: str, *, is_last: bool = False) -> str:
    """Return what the gate lets through of `text`; all of it once it can't be looked at."""
    end = gate.due(text)
    if is_last:
        end = gate.all_due()
    if not end:
        return ""
    if gate.is_open:
        return gate.open()
    try:
        return gate.settle(end, await _looked(partial(gate.look, end)))
    except CheckError:
        return gate.open()


def rest(gate: Gate, text: str) -> str:
    """Return what the gate lets through of `text`, the last of an answer; waits in a thread."""
    gate.due(text)
    end = gate.all_due()
    if not end:
        return ""
    if gate.is_open:
        return gate.open()
    try:
        return gate.settle(end, _passages.submit(gate.look, end).result(MOST_A_PASSAGE))
    except Exception:
        logger.exception("The end of a story could not be checked for children")
        return gate.open()


async def _looked(function: Callable[[], T]) -> T:
    """Return what `function` finds in a passage, off the event loop. Raises `CheckError`."""
    found = asyncio.get_running_loop().run_in_executor(_passages, function)
    try:
        return await asyncio.wait_for(found, MOST_A_PASSAGE)
    except Exception as error:
        logger.exception("A passage could not be checked for children")
        raise CheckError from error


def about(text: str, settings: Settings, patience: float) -> dict[str, Any]:
    """Return what a report says of children, as `check.about`; not for an event loop.

    What is not found within `patience` seconds is "pending".
    """
    return {**check.about(text, settings, partial(children, patience=patience))}


def children(text: str, patience: float) -> ChildrenReport:
    """Return what is found in `text`, or why it is not checked: "pending" or "failed", it too."""
    asked = _ask(text)
    if asked is None:
        return check.unchecked("pending")
    try:
        return asked.found.result(patience)
    except TimeoutError:
        hangs = time.monotonic() - asked.since > _HUNG
        return check.unchecked("failed" if hangs else "pending")
    except Exception:
        logger.exception("A text could not be checked for children")
        return check.unchecked("failed")


def is_open(report: dict[str, Any]) -> bool:
    """Tell whether a stored report has no word yet on what the check finds."""
    return report.get("children", {}).get("why_not", "") in {"pending", "failed"}


def _ask(text: str) -> _Asked | None:
    """Return the check of `text`, begun if need be; None while too many wait."""
    key = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
    with _lock:
        asked = _known.pop(key, None)
        if asked is None or (asked.found.done() and asked.found.exception()):
            if sum(not other.found.done() for other in _known.values()) >= _WAITING:
                return None
            asked = _Asked(_texts.submit(check.children_report, text), time.monotonic())
        _known[key] = asked
        while len(_known) > _KNOWN:
            _known.popitem(last=False)
    return asked
