"""The answers that came by now, one JSON line each: what was interrupted goes on from there."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pocket.measuring.asking import Answer, Asked, ModelServer

_TELL_EVERY = 25  # answers


class Record:
    """A file of answers by their keys; a last line that was cut short counts as none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._answers: dict[str, Answer] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        for line in path.read_text().split("\n") if path.exists() else ():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            key = row.pop("key")
            self._answers[key] = Answer(**row)

    def get(self, key: str) -> Answer | None:
        """Return the answer kept under `key`."""
        return self._answers.get(key)

    def add(self, key: str, answer: Answer) -> None:
        """Keep `answer`."""
        self._answers[key] = answer
        # On a line of its own, even where the one before it was cut short.
        with self._path.open("a") as file:
            file.write("\n" + json.dumps({"key": key, **asdict(answer)}))


class Desk:
    """Asks a server what is not answered yet."""

    def __init__(self, server: ModelServer, record: Record, at_once: int) -> None:
        self._server, self._record, self._at_once = server, record, at_once
        self.digest = server.digest()

    def answers(self, asked: Sequence[Asked], kind: str) -> list[Answer]:
        """Return the answers to all of `asked`, in their order. Raises `AskingError`."""
        keys = [self._server.key(each, self.digest) for each in asked]
        kept = [self._record.get(key) for key in keys]
        missing = [place for place, answer in enumerate(kept) if answer is None]
        coming = self._server.ask_all([asked[place] for place in missing], self._at_once)
        for count, (place, answer) in enumerate(coming, 1):
            self._record.add(keys[missing[place]], answer)
            kept[missing[place]] = answer
            if count % _TELL_EVERY == 0 or count == len(missing):
                print(f"{kind}: {count} of {len(missing)}", file=sys.stderr, flush=True)
        return [answer for answer in kept if answer is not None]
