"""What opens and closes roles in a model's own chat template, and must not come from a text."""

import re
from functools import cached_property

_LONGEST = 64  # characters of one token
_MOST = 64  # tokens of one template
_MOST_READ = 100_000  # characters of a template
# Between angle brackets, with or without bars (of DeepSeek's, the full width ones), or in square
# ones, in capitals: `<|im_end|>`, `<end_of_turn>`, `[/INST]`, `<<SYS>>`.
_TOKEN = re.compile(
    rf"<<?/?[^\s<>{{}}()=\"'`,;]{{1,{_LONGEST}}}>>?|\[/?[A-Z][A-Z_]{{1,{_LONGEST}}}\]"
)


class ChatTokens:
    """The tokens of one template."""

    def __init__(self, template: str = "") -> None:
        """Read them from a template in Go's or Jinja's language; an empty one has none."""
        found = dict.fromkeys(_TOKEN.findall(template[:_MOST_READ]))
        self.tokens = tuple(list(found)[:_MOST])

    @cached_property
    def _any(self) -> re.Pattern[str]:
        return re.compile("|".join(re.escape(token) for token in self.tokens))

    @cached_property
    def _by_last(self) -> dict[str, list[list[str]]]:
        by_last: dict[str, list[list[str]]] = {}
        for token in sorted(self.tokens, key=len, reverse=True):
            by_last.setdefault(token[-1], []).append(list(token))
        return by_last

    def strip(self, text: str) -> str:
        """Return `text` with no token left, although taking one out can join halves of another."""
        if not self.tokens or not self._any.search(text):
            return text
        kept: list[str] = []
        for character in text:
            kept.append(character)
            for token in self._by_last.get(character, ()):
                if kept[-len(token) :] == token:
                    del kept[-len(token) :]
                    break
        return "".join(kept)
