"""`manage.py serve`: the whole app under one supervisor."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from storaiteller_site.serving import supervisor


class Command(BaseCommand):
    """Prepares the database and the static files, then runs web, worker and model server."""

    help = "Run the whole app: web, worker and, without an Ollama server, the embedded model."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the address to listen on."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until interrupted."""
        host, port = options["host"], options["port"]
        try:
            supervisor.check_debug(host)
            supervisor.check_port(host, port)
            supervisor.check_services()
            supervisor.prepare()
        except supervisor.CannotServeError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.strerror}: {error.filename}") from error
        sys.exit(supervisor.run(host, port, supervisor.choose_model_server()))
