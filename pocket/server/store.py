"""Models on disk: content-addressed blobs, and a manifest per name.

Every file is written aside and renamed, so that what is there is whole. File names are made here
from digests and quoted names, never taken from a request.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from pocket.server.errors import APIError, bad_request, model_not_found
from pocket.server.shipped import Shipped

_NAME = re.compile(r"[a-zA-Z0-9][\w.-]*(/[a-zA-Z0-9][\w.-]*)*(:[\w][\w.-]*)?", re.ASCII)
_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})", re.ASCII)
_MAX_NAME = 120


@dataclass(frozen=True)
class Manifest:
    """A model: the GGUF file it is in, the adapters on top, and how it is asked."""

    name: str  # with its tag
    model: str  # digest, or the key of a shipped file
    adapters: list[str] = field(default_factory=list)  # as `model`
    template: str = ""
    system: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    parent: str = ""
    modified_at: str = ""
    editor: str = ""  # the name of the model that goes on from a text that is given, or rewrites it


def full_name(name: object) -> str:
    """Return `name` with its tag; raises `APIError` when it is no model name."""
    if not isinstance(name, str) or not name:
        raise bad_request("model is required")
    if len(name) > _MAX_NAME or not _NAME.fullmatch(name):
        raise bad_request("invalid model name")
    return name if ":" in name else f"{name}:latest"


def parse_digest(text: object) -> str:
    """Return the hexadecimal part of a digest; raises `APIError` when it is none."""
    match = _DIGEST.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise bad_request("invalid digest format")
    return match[1]


class Store:
    """The models in `folder`, and the shipped ones, which are always there and never changed."""

    def __init__(self, folder: Path, shipped: Shipped) -> None:
        self._blobs = folder / "blobs"
        self._manifests = folder / "manifests"
        for made in (self._blobs, self._manifests):
            made.mkdir(parents=True, exist_ok=True)
        self._shipped_files = shipped.files
        self._changing = shipped.ours
        self._hashes: dict[str, str] = {}  # of those files that were asked for
        self._shipped = {
            one.name: Manifest(
                one.name,
                one.model,
                list(one.adapters),
                parameters=one.parameters,
                editor=one.editor,
                modified_at=shipped.written(one),
            )
            for one in shipped.models
        }

    # ---- Manifests ----

    def get(self, name: object) -> Manifest:
        """Return the manifest of model `name`; raises `APIError` 404."""
        wanted = full_name(name)
        if wanted in self._shipped:
            return self._shipped[wanted]
        try:
            return Manifest(**json.loads(self._manifest_path(wanted).read_text()))
        except FileNotFoundError:
            raise model_not_found(str(name)) from None

    def editor_of(self, manifest: Manifest) -> Manifest:
        """Return the model that goes on for `manifest` from a text that is given: another or it."""
        # One that was made before there were editors, or without the editor's base.
        parent = self._shipped.get(manifest.parent)
        return self._shipped.get(manifest.editor or (parent.editor if parent else ""), manifest)

    def all(self) -> list[Manifest]:
        """Return all models, the newest first."""
        names = [unquote(path.stem) for path in self._manifests.glob("*.json")]
        found = [self.get(name) for name in names]
        found += self._shipped.values()
        return sorted(found, key=lambda model: model.modified_at, reverse=True)

    def put(self, manifest: Manifest) -> None:
        """Keep `manifest` under its name."""
        self._refuse_shipped(manifest.name)
        stamped = replace(manifest, modified_at=datetime.now(UTC).isoformat())
        data = json.dumps(asdict(stamped), indent=1).encode()
        _write_whole(self._manifest_path(manifest.name), data)

    def copy(self, source: object, destination: object) -> None:
        """Keep the model `source` under a second name."""
        self.put(replace(self.get(source), name=full_name(destination)))

    def delete(self, name: object) -> None:
        """Remove the model and the blobs that no other model needs."""
        manifest = self.get(name)
        self._refuse_shipped(manifest.name)
        self._manifest_path(manifest.name).unlink(missing_ok=True)
        needed = {digest for model in self.all() for digest in (model.model, *model.adapters)}
        for digest in {manifest.model, *manifest.adapters} - needed - self._shipped_files.keys():
            self.blob_path(digest).unlink(missing_ok=True)

    def _manifest_path(self, name: str) -> Path:
        return self._manifests / f"{quote(name, safe='')}.json"

    def _refuse_shipped(self, name: str) -> None:
        if name in self._shipped:
            short = name.removesuffix(":latest")
            raise bad_request(f"{short} is part of the program: it can't be replaced or deleted")

    # ---- Files ----

    def model_path(self, manifest: Manifest) -> Path:
        """Return the model's GGUF file."""
        return self.blob_path(manifest.model)

    def files(self, manifest: Manifest) -> tuple[Path, ...]:
        """Return all that the model is loaded from: its GGUF file, and the adapters on top."""
        return tuple(map(self.blob_path, (manifest.model, *manifest.adapters)))

    def blob_path(self, digest: str) -> Path:
        """Return where the blob of hexadecimal `digest` is or would be, or a shipped file."""
        return self._shipped_files.get(digest) or self._blobs / f"sha256-{digest}"

    def is_blob(self, key: str) -> bool:
        """Tell whether a manifest's `key` is that of a blob, and not of a shipped file."""
        return key not in self._shipped_files

    def has_blob(self, digest: str) -> bool:
        """Tell whether the blob is here."""
        return self.blob_path(digest).exists()

    def digest_of(self, manifest: Manifest) -> str:
        """Return a digest that changes when anything about the model does.

        A shipped file is another one in another version of the program.
        """
        described = {**asdict(manifest), "modified_at": "", "name": ""}
        if not manifest.editor:
            del described["editor"]  # digests were made before there were editors
        keys = [key for key in (manifest.model, *manifest.adapters) if key in self._changing]
        if keys:
            described["files"] = [self._contents(key) for key in keys]
        return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()

    def _contents(self, key: str) -> str:
        if key not in self._hashes:
            data = self._shipped_files[key].read_bytes()
            self._hashes[key] = hashlib.sha256(data).hexdigest()
        return self._hashes[key]

    async def receive_blob(self, digest: str, chunks: AsyncIterator[bytes]) -> bool:
        """Keep an uploaded blob; False if it was here. Raises `APIError` if it is another one."""
        if self.has_blob(digest):
            return False
        draft = self._blobs / f"part-{secrets.token_hex(8)}"
        computed = hashlib.sha256()
        try:
            with draft.open("wb") as file:
                async for chunk in chunks:
                    computed.update(chunk)
                    file.write(chunk)
            if computed.hexdigest() != digest:
                raise bad_request(
                    f"digest mismatch, expected sha256:{digest}, got sha256:{computed.hexdigest()}"
                )
            draft.replace(self.blob_path(digest))
        except OSError as error:
            raise APIError(500, f"the blob can't be kept: {error.strerror}") from error
        finally:
            draft.unlink(missing_ok=True)
        return True


def _write_whole(path: Path, data: bytes) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
