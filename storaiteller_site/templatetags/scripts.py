"""The import map: the name that each JavaScript module is imported by, and where it is served.

Served files carry a hash of their content in their names, so modules can't import each other by
paths. The map is made from what is in the static folders: a new file needs no entry anywhere.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import PurePath

from django import template
from django.contrib.staticfiles.finders import get_finder
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from storaiteller_site.languages import catalogue

OURS = PurePath("js")
VENDORED = PurePath("vendor") / "prosemirror"

register = template.Library()


def modules() -> Iterator[tuple[str, str]]:
    """Yield each module's name and its path among the static files.

    Ours is called by its path, as in `storaiteller/editor/text`; a vendored one by its file alone,
    which is its package's name on npm.
    """
    finder = get_finder("django.contrib.staticfiles.finders.FileSystemFinder")
    for found, _ in finder.list([]):
        path = PurePath(found)
        if path.suffix != ".js":
            continue
        if path.is_relative_to(OURS):
            name = path.relative_to(OURS).with_suffix("")
            yield f"storaiteller/{name.as_posix()}", path.as_posix()
        elif path.is_relative_to(VENDORED):
            yield path.stem, path.as_posix()


@register.simple_tag
@cache
def import_map() -> SafeString:
    """Return the import map as JSON that may stand in a script element; made once a process."""
    imports = {name: static(path) for name, path in sorted(modules())}
    text = json.dumps({"imports": imports}, indent=1)
    # File names are ours, and yet none may end the element.
    return mark_safe(text.replace("<", "\\u003c"))  # noqa: S308


@register.simple_tag
def language_script() -> str:
    """Return the address of the scripts' sentences in the page's language."""
    return catalogue.address(get_language())
