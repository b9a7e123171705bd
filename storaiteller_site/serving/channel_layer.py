"""The channel layer in Redis, in which a crowd waits for a connection.

The layer's own pool refuses the hundred-and-first that sends at the same moment: its socket would
be closed in the middle of a click.
"""

from channels_redis.core import RedisChannelLayer
from redis.asyncio import BlockingConnectionPool

# Connections of a process: one of them reads for all its sockets.
_CONNECTIONS = 32
_TIMEOUT = 10  # seconds that a send may wait for one


class WaitingChannelLayer(RedisChannelLayer):  # type: ignore[misc]  # channels_redis has no types
    """A layer of the same options, whose hosts are addresses."""

    def create_pool(self, index: int) -> BlockingConnectionPool:
        """Return the pool of a host: who finds no free connection waits for one."""
        options = dict(self.hosts[index])
        url = options.pop("address")
        return BlockingConnectionPool.from_url(
            url, max_connections=_CONNECTIONS, timeout=_TIMEOUT, **options
        )
