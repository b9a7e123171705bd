"""Settings of installations on more than one machine. docs/configuration.md lists them."""

import re

from environs import Env, ValidationError, validate

_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]*(/[A-Za-z0-9._=-]+)*/?")


def _store(value: str) -> str:
    value = value.strip()
    if value and not _BUCKET.fullmatch(value):
        raise ValidationError("Not a place like s3://bucket/folder.")
    return value.rstrip("/")


env = Env()
env.add_parser("store", _store)

# How long a web process that is asked to end may go on with what it writes, as at a deploy.
DRAIN_SECONDS = env.float("DRAIN_SECONDS", 0.0, validate=validate.Range(min=0))
# Where the adapters of runs lie for model servers on other machines; boto3 reads keys and address.
MODEL_STORE: str = env.store("MODEL_STORE", "")
