"""Examples that the tests of the corpus look at, drawn once."""

from itertools import islice

from pocket import corpus

EXAMPLES = list(islice(corpus.examples(11), 2000))
WHOLE = [example for example in EXAMPLES if example.kind == "write"]
HELD_OUT = list(islice(corpus.examples(12, vocabulary="held-out", kind="write"), 300))
