"""What a page is told while the first word does not come: is the model being loaded, or is it busy?

The model server is asked, once it has been quiet for some seconds; nobody waits for its answer.
"""

import asyncio
from collections.abc import Callable

import modelserver
from stories.models import Generation
from stories.writing import hub
from stories.writing.background import hold
from stories.writing.servers.health import server_of

QUIET = 6.0  # seconds, before a page says something by itself
AGAIN = 5.0  # seconds between two looks


def tell_what_is_waited_for(
    generation: Generation, is_waiting: Callable[[], bool]
) -> asyncio.TimerHandle:
    """Tell all pages of the story, now and then, while `is_waiting`, once it was for `QUIET`."""
    # No task for what is hardly ever told: a hundred writers may begin at once.
    return asyncio.get_running_loop().call_later(QUIET, lambda: hold(_tell(generation, is_waiting)))


async def _tell(generation: Generation, is_waiting: Callable[[], bool]) -> None:
    while is_waiting():
        try:
            loaded = await modelserver.is_loaded(server_of(generation), generation.model)
        except modelserver.ModelServerError:
            return  # the request itself tells
        message = {"type": "generation.waiting", "generation": generation.pk, "loaded": loaded}
        await hub.tell(generation.story_id, message)
        await asyncio.sleep(AGAIN)
