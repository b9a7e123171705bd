"""Which tokens weigh more in training: those that much depends on."""

from itertools import pairwise
from typing import Any

from pocket import tokens
from pocket.corpus import Example


def heavy(tokenizer: Any, example: Example) -> list[bool]:
    """Tell for each token of the example's completion whether it weighs more.

    What goes on with a name, a keyword or a rewrite's seam does, and so does where a sentence, a
    paragraph or the answer ends and it is decided what comes next.
    """
    given, seam, joints = (
        tokens.inside(tokenizer, example.completion, spans)
        for spans in (example.given(), example.seam(), example.joints())
    )
    joints[-1] = True
    # Not the first token as such, but only as that of a sentence, whichever it is: the model would
    # learn to name somebody far too often, or to go back before it has written anything.
    return [
        joint or any(before and one for before, one in pairs)
        for joint, *pairs in zip(
            joints, pairwise([False, *given]), pairwise([False, *seam]), strict=True
        )
    ]
