"""A model of ours on the server: registered as an adapter or, where refused, merged; in service,
and out of it again. The files are pocket's, which any server of the API can run."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

import modelserver
from finetuning.services import promotion
from modelserver import AdaptersRefusedError, Server
from pocket.server.shipped import TINY
from stories.models import User, model_in_service
from tests.finetuning.test_promotion import candidate
from tests.pocket.test_server import adapter
from tests.support import places

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

BASE, TUNED = "storaiteller-real-base", "storaiteller-real-tuned"


@pytest.fixture
async def base(base_url: str, settings: Settings) -> AsyncIterator[str]:
    """The base model, made from a file; the server is as before afterwards."""
    server = Server.at(base_url)
    digest = await modelserver.upload(server, TINY / "pocket.gguf")
    await modelserver.create(server, BASE, {"files": {"pocket.gguf": digest}})
    settings.STORY_MODEL = BASE
    yield BASE
    for name in (TUNED, BASE):
        await modelserver.delete(server, name)


async def registered(server: Server, folder: Path) -> str:
    """Put a tuned model on the server, in the way that it takes; returns which."""
    file = adapter(folder / "adapter.gguf")
    digest = await modelserver.upload(server, file)
    assert digest == f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    try:
        request = {"from": BASE, "adapters": {file.name: digest}}
        await modelserver.create(server, TUNED, request)
    except AdaptersRefusedError:
        whole = await modelserver.upload(server, TINY / "pocket.gguf")
        await modelserver.create(server, TUNED, {"files": {"merged.gguf": whole}})
        return "merged"
    return "adapter"


async def test_a_tuned_model_comes_into_service_and_goes(
    base: str, base_url: str, alice: User, tmp_path: Path
) -> None:
    server = Server.at(base_url)
    way = await registered(server, tmp_path)
    assert (await modelserver.abilities(server, TUNED)).context_length
    boss = await User.objects.acreate(username="boss", is_superuser=True, is_staff=True)
    model = await sync_to_async(candidate)(TUNED, service=BASE, base=BASE)
    await sync_to_async(promotion.promote)(model, boss)
    assert await sync_to_async(model_in_service)() == TUNED
    tuned = await places.write_story(alice, 0, 40)
    assert tuned.text, way
    assert await sync_to_async(promotion.roll_back)(model) is None
    assert await sync_to_async(model_in_service)() == BASE
    assert (await places.write_story(alice, 0, 40)).text
