"""Put a trained and evaluated model in its place: `python -m pocket.card`.

Copies the GGUF file and the tokenizer into pocket/model/, draws the curves, and writes the card
from what training and evaluation measured.
"""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

MODEL = Path(__file__).parent / "model"

_CARD = """# The pocket model

A Llama of {parameters:,} parameters (8 layers, width 192, 4,096 SentencePiece tokens, context 1,024), trained from nothing on stories that a generator of this project wrote (`pocket/corpus/`, hash `{corpus_hash}`), seed {seed}, {steps:,} steps, {tokens:,} tokens, {minutes:.0f} minutes on {threads} CPU cores. Llama 3.2's chat format; f16, {size:.1f} MB.

It is an embedded default, so that a fresh machine writes at once and the tests of the whole loop have a real model. It knows the patterns of its corpus and nothing of the world: its plots are collages, its sentences recur, it ignores what its settings do not say, and it writes English only. Use Llama 3.2 through Ollama for stories that are to be read twice.

## Measured

{stories:,} stories for settings whose names and keywords are in no training story, through the server, by `python -m pocket.evaluate`:

| measure | figure |
|---|---|
| every character's name present | {names:.1%} of stories |
| every keyword present | {keywords:.1%} |
| ends by itself, with a whole sentence, within the limit | {ended:.1%} |
| stories with a sentence repeated | {repeated:.1%} |
| first word, speed (median, {threads} cores) | {first_word_ms:.0f} ms, {tokens_per_second:.0f} tokens/s |
| token ids equal in transformers and llama.cpp | 1,000 of 1,000 chats (`tests/pocket/test_tokens.py`) |

![Loss over the steps](curves.png)

## Made again

`make pocket-model` (some {minutes:.0f} minutes on two cores): tokenizer, training, conversion by llama.cpp's own script, evaluation, this card.

## Ten stories, unedited

The first ten of the evaluation, the dull ones too.
"""


def draw_curves(curve: list[list[float]], path: Path) -> None:
    """Draw the training and the held-out loss over the steps."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    steps, train, held_out = zip(*curve, strict=True)
    figure, axes = pyplot.subplots(figsize=(6, 3.2), dpi=110)
    axes.plot(steps, train, label="training batch", alpha=0.5)
    axes.plot(steps, held_out, label="held-out names and keywords")
    axes.set(xlabel="step", ylabel="loss (nats a token)", ylim=(0, None))
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)


def card(training: dict[str, Any], evaluation: dict[str, Any], size: int, threads: int) -> str:
    """Return the card's text."""
    facts = {**training, **evaluation["figures"], "size": size / 1e6, "threads": threads}
    text = _CARD.format(**{**facts, "corpus_hash": training["corpus_hash"][:16]})
    for kept in evaluation["kept"]:
        story = "\n>\n".join(f"> {part}" for part in kept["story"].split("\n\n"))
        text += f"\n{kept['prompt']}\n\n{story}\n"
    return text


def main() -> None:
    """Copy the model, draw the curves and write the card."""
    parser = argparse.ArgumentParser(prog="python -m pocket.card", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var/pocket-training"))
    parser.add_argument("--threads", type=int, default=2, help="cores that were used")
    options = parser.parse_args()
    for name in ("pocket.gguf", "tokenizer.model"):
        shutil.copyfile(options.folder / name, MODEL / name)
    training = json.loads((options.folder / "training.json").read_text())
    evaluation = json.loads((options.folder / "evaluation.json").read_text())
    draw_curves(training["curve"], MODEL / "curves.png")
    size = (MODEL / "pocket.gguf").stat().st_size
    (MODEL / "card.md").write_text(card(training, evaluation, size, options.threads))


if __name__ == "__main__":
    main()
