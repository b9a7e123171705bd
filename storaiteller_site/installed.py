"""The site as an installed app: its manifest, its service worker, and the page for when offline.

They stand above all pages: a worker has power over what lies beside it and below. None of them
knows who is asking.
"""

import json
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePath

from django.contrib.staticfiles.finders import find, get_finder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_cookie

from storaiteller_site.bundling import BUNDLES, is_bundling, path_of
from storaiteller_site.languages import catalogue

# --paper of static/css/base.css.
_PAPER = "#f7f4ee"
_WORKER = "js/offline/worker.js"
_OF_PAGES = {".css", ".js", ".woff2", ".svg", ".png"}
_HTMX = "django_htmx/htmx-2.min.js"
# What is asked for at each visit, and sent only if it is another one.
_revalidated = cache_control(no_cache=True)


@require_safe
@_revalidated
@vary_on_cookie  # which tells the language
def manifest(request: HttpRequest) -> HttpResponse:
    """Answer what an installed app is called, how it looks and where it begins."""
    icons = [
        ("img/icon.svg", "any", "image/svg+xml", "any"),
        ("img/icon-192.png", "192x192", "image/png", "any"),
        ("img/icon-512.png", "512x512", "image/png", "any"),
        ("img/icon-maskable.svg", "any", "image/svg+xml", "maskable"),
        ("img/icon-maskable-512.png", "512x512", "image/png", "maskable"),
    ]
    told = {
        "id": reverse("stories:home"),
        "name": "StorAIteller",
        "short_name": "StorAIteller",
        "description": _("Stories, written on your own machine."),
        "lang": get_language(),
        "start_url": reverse("stories:library"),
        "scope": reverse("stories:home"),
        "display": "standalone",
        "background_color": _PAPER,
        "theme_color": _PAPER,
        "icons": [
            {"src": static(path), "sizes": sizes, "type": kind, "purpose": purpose}
            for path, sizes, kind, purpose in icons
        ],
        "shortcuts": [{"name": _("New story"), "url": reverse("stories:new")}],
    }
    return JsonResponse(told, content_type="application/manifest+json")


@require_safe
@_revalidated
@vary_on_cookie  # which tells the language
def worker(request: HttpRequest) -> HttpResponse:
    """Answer the service worker; another file or language of the pages makes another one."""
    return HttpResponse(_worker(get_language()), content_type="text/javascript")


@require_safe
@_revalidated
@vary_on_cookie  # which tells the language
def offline(request: HttpRequest) -> HttpResponse:
    """Show the page that the worker keeps for when there is no connection."""
    return HttpResponse(render_to_string("offline.html"))


@cache
def _worker(language: str) -> str:
    """Return the worker with the files that it keeps before it; made once a process and language.

    What it keeps of before, in another language, it asks for anew.
    """
    source = Path(str(find(_WORKER))).read_text()
    files = [*(static(path) for path in sorted(_files())), catalogue.address(language)]
    page = render_to_string("offline.html")
    version = sha256("\n".join([source, page, *files]).encode()).hexdigest()[:12]
    addresses = {"root": reverse("stories:home"), "offline": reverse("offline")}
    shell = {"version": version, "files": files, **addresses}
    return f"self.SHELL = {json.dumps(shell)};\n{source}"


def _files() -> Iterator[str]:
    """Yield what pages are made of, by the paths among the static files."""
    finder = get_finder("django.contrib.staticfiles.finders.FileSystemFinder")
    yield _HTMX
    if is_bundling():
        yield from map(path_of, BUNDLES)
    for found, _storage in finder.list([]):
        path = PurePath(found)
        if path.suffix in _OF_PAGES and path.as_posix() != _WORKER:
            yield path.as_posix()
