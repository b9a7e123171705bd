"""More sockets tell each other something at one moment than there are connections to Redis."""

import asyncio
from pathlib import Path

from storaiteller_site.serving.channel_layer import WaitingChannelLayer
from tests.support.servers import redis_server

CROWD = 300


async def test_a_crowd_that_sends_at_once_waits_for_connections(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        layer = WaitingChannelLayer(hosts=[{"address": url, "socket_timeout": None}])
        channel = await layer.new_channel()
        groups = [f"story.{number}" for number in range(CROWD)]
        await asyncio.gather(*(layer.group_add(group, channel) for group in groups[:90]))
        sending = asyncio.gather(*(layer.group_send(group, {"type": "x"}) for group in groups))
        heard = [await layer.receive(channel) for _ in groups[:90]]
        await sending
        assert len(heard) == 90
        await layer.close_pools()
