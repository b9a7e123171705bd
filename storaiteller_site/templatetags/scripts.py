"""The import map: the name that each JavaScript module is imported by, and where it is served.

Served files carry a hash of their content in their names, so modules can't import each other by
paths. The map is made from what is in the static folders: a new file needs no entry anywhere.
"""

import json
from functools import cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from storaiteller_site.bundling import modules, scripts_of
from storaiteller_site.languages import catalogue

register = template.Library()


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


@register.simple_tag
def page_scripts(page: str = "") -> SafeString:
    """Return the script elements of what `page`, or any other page, runs."""
    addresses = ((static(path),) for path in scripts_of(page))
    return format_html_join("\n", '<script type="module" src="{}"></script>', addresses)
