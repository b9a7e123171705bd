"""Which column holds the prompt and which the story, whatever their order and their names."""

from collections.abc import Sequence

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


def find(names: Sequence[str]) -> tuple[int, int] | str:
    """Return where the prompt and the story stand in `names`, or a sentence on what is unclear."""
    keys = [_key(name) for name in names]
    prompt, story = (_one(keys, known) for known in (_PROMPTS, _STORIES))
    if isinstance(prompt, int) and isinstance(story, int):
        return prompt, story
    if [] in (prompt, story):
        missing = " and ".join(
            name for name, found in (("Prompt", prompt), ("Story", story)) if found == []
        )
        return (
            f"the header has to name Prompt and Story; there is no {missing} in: {listed(names)}."
        )
    what, doubtful = ("prompt", prompt) if isinstance(prompt, list) else ("story", story)
    assert isinstance(doubtful, list)  # noqa: S101 - the other one was found
    among = listed([names[index] for index in doubtful])
    return f"several columns could be the {what}: {among}. Name one of them {what.title()}."


def find_pair(names: Sequence[str]) -> tuple[int, int, int] | str:
    """Return where the prompt, the preferred and the other text stand, or what is unclear."""
    keys = [_key(name) for name in names]
    prompt, chosen, rejected = (_one(keys, known) for known in (_PROMPTS, _CHOSEN, _REJECTED))
    if isinstance(prompt, int) and isinstance(chosen, int) and isinstance(rejected, int):
        return prompt, chosen, rejected
    return f"the header has to name Prompt, Chosen and Rejected, once each; it is: {listed(names)}."


def listed(names: Sequence[str]) -> str:
    """Return `names` for a sentence, not all of too many."""
    shown = [name.strip()[:_LONGEST_SHOWN] or "(no name)" for name in names[:_MOST_SHOWN]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _key(name: str) -> str:
    return " ".join(
        name.strip().strip("\"'").casefold().replace("_", " ").replace("-", " ").split()
    )


def _one(keys: Sequence[str], known: Sequence[str]) -> int | list[int]:
    """Return the column that is meant, or all that could be."""
    own = [index for index, key in enumerate(keys) if key == known[0]]
    found = own or [index for index, key in enumerate(keys) if key in known]
    return found[0] if len(found) == 1 else found
