"""A continuation that tells first what is there already: all of the story, or its last sentences.

What is told again is waited for letter by letter, however long it is: no new word is held back by
that. Capitals, signs and white space don't count, as models quote from memory.
"""

from bisect import bisect_left

from prose import sentences
from prose.answers.taken import Kind, Taken

# Told again to the end: a shorter piece may be said twice on purpose. In bytes, since a character
# of Chinese says as much as a word's half.
_LEAST = 20
# Told from the beginning, and then otherwise: a song's verse comes back, and is shorter.
_LEAST_APART = 160
# Where in the story's end its last sentences are looked for.
_LOOK_BACK = 2_000
_LAST_SENTENCES = 8
_STOPS = ".!?…。！？؟।۔"
_CLOSING = "\"'”’»)]*_」』）"


class Restart:
    """Holds back what repeats `base`, and gives out what is new."""

    def __init__(self, base: str, lead: str, taken: Taken) -> None:
        """`lead` is what came first, a heading, and goes with what is told again."""
        self.over = False
        self._taken = taken
        self._lead = lead
        self._keys, places = _keys_of(base)
        self._is_whole = sentences.ends_sentence(base)
        start = max(0, len(base) - _LOOK_BACK)
        begins = (
            {start + first for first, _ in sentences.sentences(base[start:])} if base else set()
        )
        # Where in the story the answer is, for each place that it may have begun at.
        self._at = {0: 0} | {place: place for place in _key_indices(places, begins)}
        if start:
            self._at.pop(bisect_left(places, start), None)  # may be the middle of a sentence
        self._held: list[str] = []
        self._told = 0  # bytes of what matches

    def feed(self, text: str) -> str:
        """Take in `text`; return what is new of it, once that is known."""
        if self.over:
            return text
        for place, character in enumerate(text):
            if not character.isalnum():
                continue
            if not self._matches(character):
                self._held.append(text[:place])
                return self._decide(text[place:])
        self._held.append(text)
        return ""

    def rest(self) -> str:
        """Return what was held back and is new, now that no more comes."""
        return "" if self.over else self._decide("")

    def _matches(self, character: str) -> bool:
        """Take in a letter; tell whether the answer still is told again."""
        key = character.casefold()
        at = {
            begun: place + len(key)
            for begun, place in self._at.items()
            if self._keys.startswith(key, place)
        }
        if at:
            self._at = at
            self._told += len(key.encode())
        return bool(at)

    def _decide(self, new: str) -> str:
        """Return what is shown, as the letters of `new` are not told again."""
        self.over = True
        held = "".join(self._held)
        end = self._end_of_told(held, new)
        if end:
            self._taken.add(Kind.RESTART, self._lead + held[:end])
            return held[end:] + new
        return self._lead + held + new

    def _end_of_told(self, held: str, new: str) -> int:
        whole = len(self._keys)
        if any(place == whole for place in self._at.values()):
            from_start = self._at.get(0) == whole
            last = max((i for i, sign in enumerate(held) if sign.isalnum()), default=-1) + 1
            signs = held[last:].rstrip()
            # Behind it a new sentence begins, if the story's own had ended.
            is_apart = not self._is_whole or not new or _ends(signs, held)
            enough = from_start or self._told >= _LEAST
            if is_apart and enough:
                return last + _length_of_end(signs)
        if 0 in self._at and self._told >= _LEAST_APART:
            ends = [end for _, end in sentences.sentences(held)]
            return len(held) if not new else ends[-2] if len(ends) > 1 else 0
        return 0


def _ends(signs: str, held: str) -> bool:
    return any(sign in _STOPS for sign in signs) or "\n" in held[len(held.rstrip()) :]


def _length_of_end(signs: str) -> int:
    """Return how many of `signs` belong to the sentence before them."""
    return len(signs) - len(signs.lstrip(_STOPS + _CLOSING + ",;:"))


def _keys_of(text: str) -> tuple[str, list[int]]:
    """Return the letters of `text` as compared, and of each where it stands."""
    keys: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character.isalnum():
            for key in character.casefold():
                keys.append(key)
                places.append(place)
    return "".join(keys), places


def _key_indices(places: list[int], begins: set[int]) -> list[int]:
    indices = (bisect_left(places, begin) for begin in begins)
    return [index for index in indices if index < len(places)]
