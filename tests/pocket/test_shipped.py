"""Which models come with the program, and what is left without the large one's package."""

import shutil
from pathlib import Path

import pytest

from pocket.server.errors import APIError
from pocket.server.shipped import BASE, HOUSE, TINY, Shipped
from pocket.server.store import Manifest, Store

PARAMETERS = "parameters.json"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with an adapter."""
    folder = tmp_path / "house"
    folder.mkdir()
    shutil.copy(HOUSE / PARAMETERS, folder)
    (folder / "adapter.gguf").write_bytes(b"GGUF")
    return folder


def names(shipped: Shipped) -> dict[str, tuple[str, ...]]:
    return {model.name: (model.model, *model.adapters) for model in shipped.models}


def test_without_its_base_the_tiny_model_is_pocket(house: Path, tmp_path: Path) -> None:
    alone = {"pocket-tiny:latest": ("",), "pocket:latest": ("",)}
    for base in (None, tmp_path / "missing.gguf"):
        shipped = Shipped(TINY, house, base)
        assert names(shipped) == alone
        store = Store(tmp_path / "models", shipped)
        assert store.editor_of(store.get("pocket")) == store.get("pocket")


def test_with_its_base_pocket_has_an_editor(house: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.gguf"
    base.write_bytes(b"GGUF")
    shipped = Shipped(TINY, house, base)
    assert names(shipped) == {
        "pocket-tiny:latest": ("",),
        "smollm2:latest": ("smollm2",),
        "pocket-editor:latest": ("smollm2", "house"),
        "pocket:latest": ("",),
    }
    store = Store(tmp_path / "models", shipped)
    assert store.model_path(store.get("pocket")) == TINY / "pocket.gguf"
    editor = store.editor_of(store.get("pocket"))
    assert store.files(editor) == (base, house / "adapter.gguf")
    assert store.editor_of(store.get("pocket-tiny")) == store.get("pocket-tiny")


def test_what_was_tuned_from_the_tiny_model_stays_so(house: Path, tmp_path: Path) -> None:
    before = Store(tmp_path / "models", Shipped(TINY))
    before.put(Manifest("mine:latest", before.get("pocket").model))
    base = tmp_path / "base.gguf"
    base.write_bytes(b"GGUF")
    store = Store(tmp_path / "models", Shipped(TINY, house, base))
    assert store.model_path(store.get("mine")) == TINY / "pocket.gguf"
    store.delete("mine")
    assert (TINY / "pocket.gguf").exists()
    for name in ("pocket", "smollm2", "pocket-tiny"):
        with pytest.raises(APIError, match=f"{name} is part of the program"):
            store.delete(name)


def test_the_package_brings_the_base() -> None:
    """`make test` fetches it; without it, the model that writers meet is not tested."""
    assert BASE.is_file()
