"""The ASGI entry point: HTTP to Django, websockets to the consumers of `stories`."""

import os
import sys

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storaiteller_site.settings")
# Database threads would hold the event loop up for 5 ms at a time, and with it thirty first words.
sys.setswitchinterval(0.0005)  # seconds
# Loads the apps; everything below may import models only after it.
http_application = get_asgi_application()

from django.conf import settings  # noqa: E402

from storaiteller_site.checks import refuse_if_faulty  # noqa: E402
from storaiteller_site.languages.sockets import in_its_language  # noqa: E402
from storaiteller_site.operations.leaving import with_lifespan  # noqa: E402
from storaiteller_site.operations.metrics import with_metrics  # noqa: E402
from storaiteller_site.operations.probes import with_probes  # noqa: E402
from storaiteller_site.operations.request_ids import with_request_id  # noqa: E402
from storaiteller_site.operations.traces import begin, with_traces  # noqa: E402
from storaiteller_site.prefixed import below_prefix  # noqa: E402
from stories.live.routing import websocket_urlpatterns  # noqa: E402

refuse_if_faulty()
begin("web")

_routed = ProtocolTypeRouter(
    {
        "http": http_application,
        # Whole origins, not hosts: another port of this machine is another site.
        "websocket": OriginValidator(
            AuthMiddlewareStack(in_its_language(below_prefix(URLRouter(websocket_urlpatterns)))),
            settings.WEBSOCKET_ORIGINS,
        ),
    }
)
application = with_lifespan(with_probes(with_metrics(with_request_id(with_traces(_routed)))))
