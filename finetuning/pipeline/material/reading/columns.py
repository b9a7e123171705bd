"""Which column holds the prompt and which the story, whatever their order and their names."""

from collections.abc import Sequence

from prose import said

# In lower case. The first of each is what our own files say, and is it whatever else is there.
_PROMPTS = (
    *("prompt", "prompts", "story prompt", "prompt text", "instruction", "instructions"),
    *("question", "request", "user"),
)
_STORIES = (
    *("story", "stories", "story text", "full story", "text", "completion", "completions"),
    *("response", "output", "answer", "assistant"),
)
# What is preferred, and what it is preferred to.
_CHOSEN = ("chosen", "preferred", "accepted", "winner", "better")
_REJECTED = ("rejected", "dispreferred", "loser", "worse")
_MOST_SHOWN, _LONGEST_SHOWN = 8, 40


def find(names: Sequence[str], *, of_header: bool = True) -> tuple[int, int] | str:
    """Return where the prompt and the story stand in `names`, or a sentence on what is unclear.

    The names are a header's, or else an object's.
    """
    keys = [_key(name) for name in names]
    prompt, story = (_one(keys, known) for known in (_PROMPTS, _STORIES))
    if isinstance(prompt, int) and isinstance(story, int):
        return prompt, story
    if [] in (prompt, story):
        missing = " and ".join(
            name for name, found in (("Prompt", prompt), ("Story", story)) if found == []
        )
        if of_header:
            return said(
                "the header has to name Prompt and Story; there is no %(missing)s in: %(names)s.",
                missing=missing,
                names=listed(names),
            )
        return said(
            "it has to have Prompt and Story; there is no %(missing)s in: %(names)s.",
            missing=missing,
            names=listed(names),
        )
    if isinstance(prompt, list):
        among = listed([names[index] for index in prompt])
        return said(
            "several columns could be the prompt: %(columns)s. Name one of them Prompt.",
            columns=among,
        )
    assert isinstance(story, list)  # noqa: S101 - the prompt was found
    among = listed([names[index] for index in story])
    return said(
        "several columns could be the story: %(columns)s. Name one of them Story.", columns=among
    )


def find_pair(names: Sequence[str]) -> tuple[int, int, int] | str:
    """Return where the prompt, the preferred and the other text stand, or what is unclear."""
    keys = [_key(name) for name in names]
    prompt, chosen, rejected = (_one(keys, known) for known in (_PROMPTS, _CHOSEN, _REJECTED))
    if isinstance(prompt, int) and isinstance(chosen, int) and isinstance(rejected, int):
        return prompt, chosen, rejected
    return f"the header has to name Prompt, Chosen and Rejected, once each; it is: {listed(names)}."


def listed(names: Sequence[str]) -> str:
    """Return `names` for a sentence, not all of too many."""
    shown = [name.strip()[:_LONGEST_SHOWN] or said("(no name)") for name in names[:_MOST_SHOWN]]
    more = len(names) - len(shown)
    told = ", ".join(shown)
    return said("%(names)s and %(count)s more", names=told, count=more) if more > 0 else told


def _key(name: str) -> str:
    return " ".join(
        name.strip().strip("\"'").casefold().replace("_", " ").replace("-", " ").split()
    )


def _one(keys: Sequence[str], known: Sequence[str]) -> int | list[int]:
    """Return the column that is meant, or all that could be."""
    own = [index for index, key in enumerate(keys) if key == known[0]]
    found = own or [index for index, key in enumerate(keys) if key in known]
    return found[0] if len(found) == 1 else found
