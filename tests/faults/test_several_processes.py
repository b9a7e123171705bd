"""Two web processes on PostgreSQL and Redis: started in one, followed and stopped in the other."""

from pathlib import Path

from tests.conftest import ScriptedServer
from tests.support.processes import free_port
from tests.support.seats import take_seats
from tests.support.servers import postgres_server, redis_server
from tests.support.web import client, installation, web


def test_a_story_is_followed_stopped_and_continued_from_another_process(
    tmp_path: Path, scripted_server: ScriptedServer
) -> None:
    for name in ("data", "redis", "postgres"):
        (tmp_path / name).mkdir()
    with (
        redis_server(tmp_path / "redis") as redis_url,
        postgres_server(tmp_path / "postgres") as database_url,
    ):
        environment = installation(
            tmp_path / "data",
            scripted_server.url,
            "slow",
            REDIS_URL=redis_url,
            DATABASE_URL=database_url,
        )
        [seat] = take_seats(environment, 1)
        other_port = str(free_port())
        with (
            web(environment),
            web(environment, other_port),
            client(environment, seat) as one,
            client(environment, seat, other_port) as other,
        ):
            one.send(type="write")
            other.follow(200)
            other.send(type="stop")
            other.follow()
            one.follow()
            assert one.text == other.text
            assert one.done == other.done
            assert one.done["status"] == "stopped"
            other.send(type="continue")
            one.receive()
            one.follow(50)
            one.send(type="stop")
            one.follow()
            assert one.done["version"] == 2
