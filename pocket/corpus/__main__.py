"""`python -m pocket.corpus`: read some stories, or count what the corpus holds."""

import argparse
import re
from collections import Counter
from itertools import islice

from pocket.corpus import banks, corpus_hash, examples, split_sentences


def main() -> None:
    """Print stories or, with --stats, figures."""
    parser = argparse.ArgumentParser(prog="python -m pocket.corpus", description=__doc__)
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--genre")
    parser.add_argument("--register")
    parser.add_argument("--kind", choices=("write", "rewrite", "continue"))
    parser.add_argument("--held-out", action="store_true", help="names and keywords never trained")
    parser.add_argument("--stats", action="store_true")
    options = parser.parse_args()
    stream = examples(
        options.seed,
        vocabulary="held-out" if options.held_out else "train",
        genre=options.genre,
        register=options.register,
        kind=options.kind,
    )
    if options.stats:
        _print_stats([example.story for example in islice(stream, 10_000)])
        return
    for example in islice(stream, options.count):
        print(f"{example.prompt}\n---\n{example.prefill}⟦{example.completion}⟧\n{'=' * 72}")


def _print_stats(stories: list[str]) -> None:
    sentences = [set(split_sentences(story)) for story in stories]
    counts = Counter(sentence for story in sentences for sentence in story)
    shared = sum(counts[sentence] > 1 for story in sentences for sentence in story)
    vocabulary = {word for story in stories for word in re.findall(r"[a-z]+", story)}
    lengths = sorted(len(story.split()) for story in stories)
    print(f"corpus {corpus_hash()[:16]}")
    print(f"authored patterns {len(banks.patterns())}")
    print(f"lower-case words in 10,000 stories {len(vocabulary)}")
    print(f"words a story: median {lengths[len(lengths) // 2]}, longest {lengths[-1]}")
    print(f"sentences that stand in another story too {shared / sum(map(len, sentences)):.0%}")


if __name__ == "__main__":
    main()
