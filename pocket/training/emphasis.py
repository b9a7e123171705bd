"""How much each token weighs in training: more, where much depends on it."""

from itertools import pairwise
from typing import Any

from pocket.corpus import Example
from pocket.training import tokens

# What goes on with a name or a keyword, and where it is decided what comes next: a sentence, a
# paragraph, the end. Any other token weighs 1.
HEAVY = 3.0
# Where a sentence of a rewrite's passage begins, and where it meets the text that stands after it:
# there is one such place in an example, and everything else of the final part is copied.
HEAVIEST = 6.0


def weights(tokenizer: Any, example: Example) -> list[float]:
    """Return the weight of each token of the example's completion, its end of turn included."""
    joints, seam = example.joints(), example.seam()
    passage = [joint for joint in joints if seam and joint[0] <= seam[0][0]]
    decided, rewritten, given, met = (
        tokens.inside(tokenizer, example.completion, spans)
        for spans in (joints, passage, example.given(), seam)
    )
    decided[-1] = True
    # Not the first token as such, but only as that of a sentence, whichever it is: the model would
    # learn to name somebody far too often, or to go back before it has written anything.
    going_on = [before and one for before, one in pairwise([False, *given])]
    joining = [before and one for before, one in pairwise([False, *met])]
    return [
        HEAVIEST if places[0] or places[1] else HEAVY if places[2] or places[3] else 1.0
        for places in zip(rewritten, joining, decided, going_on, strict=True)
    ]
