"""What of a text must never reach a model: tokens that open or end a role, and hidden characters.

Every chat template has its own; those of all families are taken out, since the model can be changed
under a story. All in one pass, whatever the length.
"""

import re
import unicodedata

from prose.settings import split_list

# Between `<|` and `|>`, as Llama 3, ChatML and Phi have them; the longest in use is half as long.
_LONGEST_NAME = 64
# Llama 2 and Mistral, then Gemma: in the capitals that their tokenizers know.
_NAMED = (
    *("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<s>", "</s>"),
    *("<start_of_turn>", "<end_of_turn>"),
)
_SHORTEST = min(map(len, _NAMED))
CHAT_TOKEN = re.compile(
    rf"<\|[^<>|]{{0,{_LONGEST_NAME}}}\|>|{'|'.join(re.escape(token) for token in _NAMED)}"
)
_CLOSING = re.compile(r"[>\]]")
# By the two characters that they end with.
_BY_END = {
    end: [list(token) for token in _NAMED if token.endswith(end)]
    for end in {token[-2:] for token in _NAMED}
}
_WHITE_SPACE = re.compile(r"\s+")
# Joiners that emoji and scripts need are format characters too.
_KEPT = frozenset("\n\t\u200c\u200d")
_HIDDEN = frozenset({"Cc", "Cs", "Cf", "Co"})


def clean_text(text: str) -> str:
    """Return `text` without what a prompt must not carry; line breaks and tabs stay.

    Removes the chat templates' tokens (a character's name must not open a new role), control and
    format characters other than the joiners that emoji and scripts need, and lone surrogates.
    Nothing is left to remove then, although taking one token out can join the halves of another.
    """
    hidden = {character for character in set(text) if _is_hidden(character)}
    if hidden:
        text = text.translate(dict.fromkeys(map(ord, hidden)))
    return _without_tokens(text) if CHAT_TOKEN.search(text) else text


def clean_list(text: str) -> str:
    """Return a comma-separated field tidied: one line, no empty or repeated entries.

    Composed (NFC), as models know it, and with this one kind of comma.
    """
    one_line = _WHITE_SPACE.sub(" ", unicodedata.normalize("NFC", clean_text(text)))
    return ", ".join(dict.fromkeys(split_list(one_line)))


def _is_hidden(character: str) -> bool:
    return character not in _KEPT and unicodedata.category(character) in _HIDDEN


def _without_tokens(text: str) -> str:
    """Return `text` with no token left.

    No two tokens overlap, so that in whatever order they are taken out, the same is left. Here
    each goes as soon as its last character comes, and what comes next meets what stood before it.
    """
    kept: list[str] = []
    start = 0
    for closing in _CLOSING.finditer(text):
        kept.extend(text[start : closing.end()])
        start = closing.end()
        if length := _token_length(kept):
            del kept[-length:]
    kept.extend(text[start:])
    return "".join(kept)


def _token_length(kept: list[str]) -> int:
    """Return the length of the token that `kept` ends with, or 0."""
    if len(kept) < _SHORTEST:
        return 0
    end = kept[-2] + kept[-1]
    if end != "|>":
        named = _BY_END.get(end, ())
        return next((len(token) for token in named if kept[-len(token) :] == token), 0)
    place = len(kept) - 3
    least = max(1, place - _LONGEST_NAME)
    while place > least and kept[place] not in "<>|":
        place -= 1
    return len(kept) - place + 1 if place > 0 and kept[place - 1 : place + 1] == ["<", "|"] else 0
