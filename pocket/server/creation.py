"""`/api/create`: a new model from an old one or from uploaded files."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pocket.server import options
from pocket.server.answers import Models
from pocket.server.errors import bad_request
from pocket.server.metadata import read_metadata
from pocket.server.store import Manifest, full_name, parse_digest

ADAPTERS_REFUSED = "LoRA adapters are no longer supported"


def create(models: Models, body: dict[str, Any], *, adapters: bool) -> Iterator[dict[str, str]]:
    """Make the model that `body` describes and yield the progress; `adapters`: are they taken?

    Everything is checked before the first line, so that a refusal has its status code. Raises
    `APIError`.
    """
    name = full_name(body.get("model") or body.get("name"))
    if body.get("quantize"):
        raise bad_request("pocket does not quantize: bring the file ready")
    manifest = _changed(_base(models, body, name), body)
    if body.get("adapters"):
        if not adapters:
            raise bad_request(ADAPTERS_REFUSED)
        digests = _digests(models, body["adapters"], adapter=True)
        # On top of those that the model is made with.
        manifest = replace(manifest, adapters=[*manifest.adapters, *digests])
    return _keep(models, manifest)


def _keep(models: Models, manifest: Manifest) -> Iterator[dict[str, str]]:
    for digest in (manifest.model, *manifest.adapters):
        if models.store.is_blob(digest):
            yield {"status": f"using existing layer sha256:{digest}"}
    yield {"status": "writing manifest"}
    models.store.put(manifest)
    yield {"status": "success"}


def _base(models: Models, body: dict[str, Any], name: str) -> Manifest:
    if body.get("from"):
        parent = models.store.get(body["from"])
        return replace(parent, name=name, parent=parent.name)
    if not body.get("files"):
        raise bad_request("neither 'from' or 'files' was specified")
    digests = _digests(models, body["files"], adapter=False)
    if len(digests) != 1:
        raise bad_request("pocket takes one GGUF file a model")
    return Manifest(name, digests[0])


def _digests(models: Models, files: object, *, adapter: bool) -> list[str]:
    if not isinstance(files, dict):
        raise bad_request("files are given as {file name: digest}")
    digests = [parse_digest(digest) for digest in files.values()]
    for digest in digests:
        if not models.store.has_blob(digest):
            raise bad_request(f"blob sha256:{digest} was not uploaded")
        if read_metadata(models.store.blob_path(digest)).is_adapter != adapter:
            raise bad_request("an adapter belongs under 'adapters', a model under 'files'")
    return digests


def _changed(manifest: Manifest, body: dict[str, Any]) -> Manifest:
    for name in ("template", "system"):
        if not isinstance(body.get(name, ""), str):
            raise bad_request(f"{name} has to be a text")
    parameters = options.check_options(body.get("parameters"))
    if "stop" in parameters and not parameters["stop"]:
        del parameters["stop"]
    return replace(
        manifest,
        template=body.get("template", manifest.template),
        system=body.get("system", manifest.system),
        parameters={**manifest.parameters, **parameters},
    )
