"""MiniLM in PyTorch, with an adapter of low rank and a linear classifier, and how it is tuned."""

import random
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy, embedding, gelu, layer_norm, linear
from torch.nn.utils.rnn import pad_sequence
from torch.optim.lr_scheduler import OneCycleLR

from pocket.training.children.material import Row, a_round
from prose.children import encoder, idioms
from prose.children.wordpiece import WordPiece

RANK, DROPOUT = 16, 0.1
ROUNDS, BATCH = 6, 32
RATE, DECAY = 1e-3, 0.01
SMOOTHING = 0.1  # of the labels: nobody is quite sure what frightens
_LAYERS = [
    f"encoder.layer.{number}.{kind}"
    for number in range(6)
    for kind in (
        *("attention.self.query", "attention.self.key", "attention.self.value"),
        *("attention.output.dense", "intermediate.dense", "output.dense"),
    )
]


class Tuned(torch.nn.Module):  # type: ignore[misc]  # torch is not in the web's environment
    """MiniLM with an adapter, and a classifier on the mean and the maximum of a passage's tokens.

    The adapter is multiplied out before a batch is read: that costs less than to take every token
    through it. What is dropped out are parts of the features; within the layers it costs most of
    the time on a processor.
    """

    def __init__(self) -> None:
        super().__init__()
        weights, vocabulary = encoder.parts(encoder.PACKAGE)
        self._weights = {name: torch.tensor(array) for name, array in weights.items()}
        self._tokens = WordPiece(vocabulary)
        self.up, self.down = torch.nn.ParameterDict(), torch.nn.ParameterDict()
        for layer in _LAYERS:
            outputs, inputs = self._weights[layer + ".weight"].shape
            self.up[_key(layer)] = torch.zeros(outputs, RANK)
            self.down[_key(layer)] = torch.randn(RANK, inputs) / inputs**0.5
        self.dropout = torch.nn.Dropout(DROPOUT)
        self.classifier = torch.nn.Linear(2 * 384, len(encoder.CATEGORIES))

    def read(self, text: str) -> list[int]:
        """Return the tokens of `text`, as the check reads it."""
        return self._tokens.numbers(idioms.plainly(text), encoder.MOST_TOKENS)

    def forward(self, batch: Sequence[list[int]]) -> torch.Tensor:
        """Return the logits of texts, by their tokens; shape (texts, categories)."""
        numbers = pad_sequence([torch.tensor(each) for each in batch], batch_first=True)
        lengths = torch.tensor([len(each) for each in batch])
        seen = torch.arange(numbers.shape[1]) < lengths[:, None]
        hidden = self._hidden(numbers, seen[:, None, None]).float()
        mean = (hidden * seen[..., None]).sum(dim=1) / lengths[:, None]
        most = hidden.masked_fill(~seen[..., None], -torch.inf).amax(dim=1)
        logits: torch.Tensor = self.classifier(self.dropout(torch.cat([mean, most], dim=1)))
        return logits.float()

    def _hidden(self, numbers: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Return what the last layer makes of the tokens, shape (texts, tokens, width)."""
        weights = self._weights
        words = embedding(numbers, weights["embeddings.word_embeddings.weight"])
        places = weights["embeddings.position_embeddings.weight"][: numbers.shape[1]]
        kinds = weights["embeddings.token_type_embeddings.weight"][0]
        hidden = self._normed("embeddings.LayerNorm", words + places + kinds)
        for layer in range(6):
            name = f"encoder.layer.{layer}."
            attended = self._linear(
                name + "attention.output.dense", self._attention(name, hidden, seen)
            )
            hidden = self._normed(name + "attention.output.LayerNorm", hidden + attended)
            inner = gelu(self._linear(name + "intermediate.dense", hidden))
            outer = self._linear(name + "output.dense", inner)
            hidden = self._normed(name + "output.LayerNorm", hidden + outer)
        return hidden

    def _attention(self, name: str, hidden: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        texts, tokens, width = hidden.shape
        query, key, value = (
            self._linear(f"{name}attention.self.{kind}", hidden)
            .reshape(texts, tokens, 12, -1)
            .transpose(1, 2)
            for kind in ("query", "key", "value")
        )
        # In full: PyTorch's own attention takes several times as long to learn on a processor.
        likeness = (query @ key.transpose(2, 3) / query.shape[-1] ** 0.5).masked_fill(~seen, -1e4)
        gathered = likeness.softmax(dim=-1).to(value.dtype) @ value
        return gathered.transpose(1, 2).reshape(texts, tokens, width)

    def _linear(self, name: str, inputs: torch.Tensor) -> torch.Tensor:
        weights = self._weights[name + ".weight"]
        if name in _LAYERS:
            weights = weights + self.up[_key(name)] @ self.down[_key(name)]
        return linear(inputs, weights, self._weights[name + ".bias"])

    def _normed(self, name: str, inputs: torch.Tensor) -> torch.Tensor:
        scale, shift = self._weights[name + ".weight"], self._weights[name + ".bias"]
        return layer_norm(inputs, scale.shape, scale, shift, 1e-12)

    def learned(self) -> dict[str, NDArray[Any]]:
        """Return what was learned, as `encoder.tuned` takes it; the adapter in half precision."""
        found = {
            "weights": self.classifier.weight.detach().numpy(),
            "biases": self.classifier.bias.detach().numpy(),
        }
        for layer in _LAYERS:
            for kind, adapter in (("up", self.up), ("down", self.down)):
                found[f"{layer}.{kind}"] = adapter[_key(layer)].detach().numpy().astype(np.float16)
        return found


def _key(layer: str) -> str:
    """Return the name of `layer` as PyTorch takes it: without full stops."""
    return layer.replace(".", "-")


def weight(logits: torch.Tensor) -> torch.Tensor:
    """Return by how much the categories outweigh "nothing of these" (log odds)."""
    return logits[:, 1:].logsumexp(dim=1) - logits[:, 0]


def batches(rows: Iterable[tuple[list[int], int]], chance: random.Random) -> list[list[Any]]:
    """Return `rows` in batches of texts that are about as long as each other, in any order."""
    ordered = sorted(rows, key=lambda row: len(row[0]) + 8 * chance.random())
    found = [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)]
    chance.shuffle(found)
    return found


def fit(rows: list[Row], paragraphs: list[str], seed: int, rounds: int = ROUNDS) -> Tuned:
    """Return a model that was tuned on `rows` and `paragraphs`."""
    torch.manual_seed(seed)
    chance = random.Random(seed)
    model = Tuned()
    drawn = []
    for _ in range(rounds):
        read = [(model.read(text), kind) for text, kind in a_round(rows, paragraphs, chance)]
        drawn += batches(read, chance)
    kept = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(kept, lr=RATE, weight_decay=DECAY)
    schedule = OneCycleLR(optimizer, RATE, total_steps=len(drawn), pct_start=0.1)
    model.train()
    for batch in drawn:
        with torch.autocast("cpu", torch.bfloat16):
            logits = model([read for read, _ in batch])
        wanted = torch.tensor([category for _, category in batch])
        loss = cross_entropy(logits, wanted, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    model.eval()
    return model


def judged(model: Tuned, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the log odds of each text."""
    read = [model.read(text) for text in texts]
    order = sorted(range(len(read)), key=lambda row: len(read[row]))
    found = np.zeros(len(read), dtype=np.float32)
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            logits = model([read[row] for row in rows])
        found[rows] = weight(logits).numpy()
    return found
