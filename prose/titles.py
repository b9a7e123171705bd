"""Suggested titles, made from the settings: a library must be readable before anyone edits it."""

from prose.settings import split_list

_SMALL_WORDS = {"a", "an", "and", "at", "by", "for", "in", "of", "on", "or", "the", "to", "with"}


def suggest_title(main_characters: str, keywords: str) -> str:
    """Return a title of at most 120 characters, such as "Anna and the Old Lighthouse"."""
    characters = split_list(main_characters)
    keyword_list = split_list(keywords)
    if not characters or not keyword_list:
        return (characters or [_headline(keyword) for keyword in keyword_list] or [""])[0][:120]
    return f"{characters[0]} and the {_headline(keyword_list[0])}"[:120]


def _headline(text: str) -> str:
    """Capitalise the words of a keyword that a title would; capitals that stand stay."""
    words = text.removeprefix("the ").removeprefix("The ").split()
    return " ".join(
        word if index and word in _SMALL_WORDS else word[:1].upper() + word[1:]
        for index, word in enumerate(words)
    )
