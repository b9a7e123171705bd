"""Put a trained and evaluated model in its place: `python -m pocket.training.card`.

Copies the GGUF file and the tokenizer into pocket/model/, draws the curves, and writes the card
from what training and evaluation measured. `reading.md`, what a person saw who read fifty of the
stories, is the only part of the card that no command writes.
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

MODEL = Path(__file__).parents[1] / "model"
FILES = ("pocket.gguf", "tokenizer.model")
_STORIES = 10

_CARD = """# The pocket model

A Llama of {parameters:,} parameters ({layers} layers, width {width}, {vocabulary:,} SentencePiece tokens, among them every number to 999 and every full hundred to 5,000, context {context:,}), trained from nothing on stories that a generator of this project wrote (`pocket/corpus/`: {patterns:,} sentence patterns in {plots} plots, 15 genres, 10 registers). {steps:,} steps, {tokens:,} tokens, {minutes:.0f} minutes on a CPU{training_note}; what goes on with a name or a keyword, and what a sentence begins with, weighs three times as much as other tokens, and six times as much where a sentence of a rewritten passage begins and where the passage meets the text after it. Llama 3.2's chat format; f16, {size:.1f} MB. It writes with the parameters in `parameters.json`; among them is llama.cpp's DRY sampler, which makes it less likely that a sentence comes again.

It is an embedded default, so that a fresh machine writes at once and the tests of the whole loop have a real model. Use Llama 3.2 through Ollama for stories that are to be read twice.

| | |
|---|---|
| corpus, SHA-256 of a thousand examples | `{corpus_hash}` |
| seed | {seed} |
| `pocket.gguf`, SHA-256 | `{pocket.gguf}` |
| `tokenizer.model`, SHA-256 | `{tokenizer.model}` |

## Measured

{stories:,} stories (300 settings, 3 seeds) for names and keywords that were those of no training story, through the server, by `python -m pocket.training.evaluate`:

| measure | goal | figure |
|---|---|---|
| every character's name present, whole | 95 % | {names:.1%} |
| every keyword present; inflected and hyphenated forms count, by Snowball's stems | 90 % | {keywords:.1%} |
| ends by itself, with a whole sentence, within the limit | 98 % | {ended:.1%} |
| words that are words of the training stories, names or keywords (stricter than a dictionary) | 99.5 % | {known_words:.2%} |
| stories with a sentence repeated | at most 2 % | {repeated:.1%} |
| twist asked for: a twist's opening phrase in the final paragraph | 90 % | {twist_asked:.1%} |
| twist not asked for: no such phrase there | 95 % | {twist_not_asked:.1%} |
| genre told by naive Bayes (of held-out stories of the generator: {genre_generator:.1%}) | 80 % | {genre_model:.1%} |
| register told by it (of the generator: {register_generator:.1%}) | 60 % | {register_model:.1%} |
| where no characters, no keywords or neither are named, {bare_stories} stories: ends as above | 98 % | {bare_ended:.1%} |
| of these, stories without a word that is none of the training stories' | 95 % | {bare_known:.1%} |
| of these, stories with a sentence repeated | at most 2 % | {bare_repeated:.1%} |
| of those that name nobody, stories of somebody with a first name (in two paragraphs or more) | 95 % | {bare_somebody:.1%} |
| first word, median, one request at a time | under 100 ms | {first_word_ms:.0f} ms |
| speed, median, one request at a time | over 400 tokens/s | {tokens_per_second:.0f} tokens/s |
| token ids equal in transformers, llama.cpp and training | 1,000 of 1,000 texts | {token_texts_equal:,} of {token_texts:,} |
| rewritten passages that join at both seams, of {rewrites} | 90 % | {rewrites_joined:.1%} |

The load average was {load:.1f} on {cores} cores when the times were taken. A rewritten passage joins when one space or one empty line stands on either side of it, it begins and ends with a whole sentence, repeats none of the sentences around it, and the model comes by itself to the text that stands after it, or ends there if there is none.

![Loss over the steps](curves.png)

{reading}

## Made again

`make pocket-model`: tokenizer, training, conversion by llama.cpp's own script, evaluation, this card. It gives a like model, not the same bytes: how many stories fit into the minutes depends on the machine, and a run that was interrupted draws new ones.

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


def card(facts: dict[str, Any], stories: list[dict[str, Any]], reading: str) -> str:
    """Return the card's text."""
    # Names with a dot, such as pocket.gguf, are no fields for `format`.
    text = _CARD.replace("{pocket.gguf}", facts["pocket.gguf"])
    text = text.replace("{tokenizer.model}", facts["tokenizer.model"])
    text = text.format(**facts, reading=reading.strip())
    for kept in stories[:_STORIES]:
        story = "\n>\n".join(f"> {part}" for part in kept["story"].split("\n\n"))
        text += f"\n{kept['prompt']}\n\n{story}\n"
    return text


def sha256(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Copy the model, draw the curves and write the card."""
    parser = argparse.ArgumentParser(prog="python -m pocket.training.card", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var/pocket-training"))
    parser.add_argument("--cores", type=int, default=2, help="of the machine that measured")
    parser.add_argument("--note", default="", help="how it was trained, in a few words")
    options = parser.parse_args()
    for name in FILES:
        shutil.copyfile(options.folder / name, MODEL / name)
    training = json.loads((options.folder / "training.json").read_text())
    evaluation = json.loads((options.folder / "evaluation.json").read_text())
    draw_curves(training["curve"], MODEL / "curves.png")
    facts = {
        **training,
        **evaluation["figures"],
        **{name: sha256(MODEL / name) for name in FILES},
        "size": (MODEL / "pocket.gguf").stat().st_size / 1e6,
        "cores": options.cores,
        "training_note": f" ({options.note})" if options.note else "",
    }
    (MODEL / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")
    reading = MODEL / "reading.md"
    text = card(facts, evaluation["stories"], reading.read_text() if reading.exists() else "")
    (MODEL / "card.md").write_text(text)


if __name__ == "__main__":
    main()
