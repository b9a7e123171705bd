"""Adapters in an S3-compatible store, for model servers on machines that share no disk with ours.

`MODEL_STORE` (s3://bucket/folder) says where; boto3 takes keys and address from the AWS_ variables.
A run's files lie under run-N/. Their list, with sizes and hashes, is written last: without it there
is nothing.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from finetuning.pipeline.run_folder import RunFolder
from prose import said

# No story is in any of it. Names of a list are taken for nothing else.
_NAMES = ("adapter_config.json", "adapter_model.safetensors", "adapter.gguf")
_LIST = "files.json"
_CHUNK = 1 << 20  # bytes


class StoreError(Exception):
    """The store can't be used, or has not what is asked for; the message is for a person."""


@dataclass(frozen=True)
class _Place:
    """Where the files of one run lie."""

    client: Any
    bucket: str
    folder: str

    def key(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def listed(self) -> dict[str, str]:
        """Return the hash of each file of a run that is stored whole; empty where none is."""
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=self.key(_LIST))
        except self.client.exceptions.NoSuchKey:
            return {}
        with answer["Body"] as body:
            told = json.loads(body.read())
        return {name: str(told[name]) for name in _NAMES if name in told}


def keep(number: int, folder: RunFolder) -> bool:
    """Store the adapter of run `number`, if there is a store; return whether anything was sent.

    Raises `StoreError`; `OSError` where a file is missing.
    """
    if not settings.MODEL_STORE:
        return False
    paths = [folder.adapter / name for name in _NAMES[:2]] + [folder.adapter_gguf]
    hashes = {path.name: _hash(path) for path in paths}
    with _place(number) as place:
        if place.listed() == hashes:
            return False
        for path in paths:
            place.client.upload_file(str(path), place.bucket, place.key(path.name))
        listed = json.dumps(hashes, indent=1).encode()
        place.client.put_object(Bucket=place.bucket, Key=place.key(_LIST), Body=listed)
    return True


def fetch(number: int, target: Path) -> list[Path]:
    """Write the files of run `number` into the folder `target`, and return them.

    A file gets its name once it is whole and its hash is right. Raises `StoreError` and `OSError`.
    """
    with _place(number) as place:
        hashes = place.listed()
        if not hashes:
            raise StoreError(f"{settings.MODEL_STORE} has no files of run {number}.")
        target.mkdir(parents=True, exist_ok=True)
        for name, expected in hashes.items():
            draft = target / f"{name}.part"
            place.client.download_file(place.bucket, place.key(name), str(draft))
            if _hash(draft) != expected:
                draft.unlink()
                raise StoreError(f"{name} in {settings.MODEL_STORE} is not what was stored.")
            draft.replace(target / name)
    return [target / name for name in hashes]


def remove(number: int) -> None:
    """Remove what is stored of run `number`, if there is a store. Raises `StoreError`."""
    if settings.MODEL_STORE:
        with _place(number) as place:
            for name in (_LIST, *_NAMES):
                place.client.delete_object(Bucket=place.bucket, Key=place.key(name))


@contextmanager
def _place(number: int) -> Iterator[_Place]:
    """Yield the place of run `number`; what goes wrong with it becomes a `StoreError`."""
    if not settings.MODEL_STORE:
        raise StoreError("MODEL_STORE is not set.")
    try:
        import boto3
        from boto3.exceptions import Boto3Error
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        told = said("MODEL_STORE needs boto3: install requirements-s3.txt.")
        raise StoreError(told) from error
    bucket, _, folder = settings.MODEL_STORE.removeprefix("s3://").partition("/")
    own = any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"))
    config = Config(
        # Stores other than Amazon's know neither names for buckets nor the newer checksums.
        s3={"addressing_style": "path"} if own else {},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=10,
        retries={"total_max_attempts": 3},
    )
    try:
        client = boto3.client("s3", config=config)
        try:
            yield _Place(client, bucket, "/".join(filter(None, (folder, f"run-{number}"))))
        finally:
            client.close()
    except (Boto3Error, BotoCoreError, ClientError, ValueError) as error:
        told = said(
            "The model store %(store)s can't be used: %(reason)s",
            store=settings.MODEL_STORE,
            reason=error,
        )
        raise StoreError(told) from error


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
