"""The generator of the pocket model's training stories; all of its text was written for it.

`examples(seed)` yields prompts and stories for ever, the same ones for the same seed.
"""

from pocket.corpus.banks import twist_markers
from pocket.corpus.examples import Example, corpus_hash, examples
from pocket.corpus.settings import Vocabulary
from pocket.corpus.teller import split_sentences

__all__ = [
    "Example",
    "Vocabulary",
    "corpus_hash",
    "examples",
    "split_sentences",
    "twist_markers",
]
