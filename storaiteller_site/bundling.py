"""JavaScript modules, and those of a page in one file.

A page of ninety modules takes ninety requests, one chain of imports after the other. When the
static files are collected, the entries of `BUNDLES` are put into a file each with all that they
import: every module is a function that is called once, in the order of the imports. Whatever else
imports them does so one by one (`storaiteller_site/templatetags/scripts.py`).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finder
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.base import ContentFile
from whitenoise.storage import (  # type: ignore[import-untyped]
    CompressedManifestStaticFilesStorage,
)

OURS = PurePath("js")
VENDORED = PurePath("vendor") / "prosemirror"
# The modules of each page, in the order in which they run; the last one may fail in old browsers.
EVERYWHERE = ("common/refused", "common/menus", "offline/keeping")
BUNDLES = {"story": (*EVERYWHERE, "common/settings", "story")}

_NAME = r"[\w$]+"
_IMPORT = re.compile(
    rf"^import\s+(?:(?:(?P<default>{_NAME})|\{{(?P<names>[^}}]*)\}})\s*from\s+)?"
    r"(?P<quote>[\"'])(?P<module>[^\"']+)(?P=quote);",
    re.MULTILINE,
)
_DECLARED = re.compile(
    rf"^export (?=(?:(?:async )?function\*?|class|const|var) (?P<name>{_NAME}))", re.MULTILINE
)
_LISTED = re.compile(r"^export \{(?P<names>[^}]*)\};", re.MULTILINE)
_DEFAULT = re.compile(rf"^export default (?P<name>{_NAME});", re.MULTILINE)
_LEFT = re.compile(
    r"^(?:import|export|await)\b.*|\bimport(?:\.meta|\s*\().*|^//# sourceMappingURL.*",
    re.MULTILINE,
)


class BundlingError(ValueError):
    """A module says something that a bundle of functions can't."""


def modules() -> Iterator[tuple[str, str]]:
    """Yield each module's name and its path among the static files.

    Ours is called by its path, as in `storaiteller/editor/text`; a vendored one by its file alone,
    which is its package's name on npm.
    """
    for name, (path, _) in _found():
        yield name, path


def _found() -> Iterator[tuple[str, tuple[str, Any]]]:
    finder = get_finder("django.contrib.staticfiles.finders.FileSystemFinder")
    for found, storage in finder.list([]):
        path = PurePath(found)
        if path.suffix != ".js":
            continue
        if path.is_relative_to(OURS):
            name = path.relative_to(OURS).with_suffix("")
            yield f"storaiteller/{name.as_posix()}", (path.as_posix(), storage)
        elif path.is_relative_to(VENDORED):
            yield path.stem, (path.as_posix(), storage)


def bundle(entries: tuple[str, ...], sources: Mapping[str, str]) -> str:
    """Return a script that does what the modules `entries` do, one after the other.

    `sources` are all modules' texts by their names. Raises `BundlingError` for a module that is not
    among them, for a circle of imports, and for what can't be said in a function.
    """
    done: dict[str, str] = {}
    for entry in entries:
        _add(entry, sources, done, ())
    return "\n".join(["const modules = {};", *done.values()])


def _add(
    name: str, sources: Mapping[str, str], done: dict[str, str], open_: tuple[str, ...]
) -> None:
    """Put what `name` imports, and then itself, into `done`."""
    if name in done:
        return
    if name in open_ or name not in sources:
        raise BundlingError(f"{' → '.join([*open_, name])}: a circle, or not a module")
    for match in _IMPORT.finditer(sources[name]):
        _add(match["module"], sources, done, (*open_, name))
    done[name] = _as_function(name, sources[name])


def _as_function(name: str, source: str) -> str:
    exported: list[str] = []

    def bring(match: re.Match[str]) -> str:
        module = f'modules["{match["module"]}"]'
        if match["default"]:
            return f"const {match['default']} = {module}.default;"
        # The same number of lines, so that an error's place is easily found.
        names = (match["names"] or "").replace(" as ", ": ")
        return f"const {{{names}}} = {module};" if match["names"] else ""

    def listed(match: re.Match[str]) -> str:
        for each in filter(None, map(str.strip, match["names"].split(","))):
            local, _, public = each.partition(" as ")
            exported.append(f"{public or local}: {local}")
        return ""

    def default(match: re.Match[str]) -> str:
        exported.append(f"default: {match['name']}")
        return ""

    def declared(match: re.Match[str]) -> str:
        exported.append(match["name"])
        return ""

    body = source
    for pattern, put in (
        *((_IMPORT, bring), (_LISTED, listed)),
        *((_DEFAULT, default), (_DECLARED, declared)),
    ):
        body = pattern.sub(put, body)
    if left := _LEFT.search(body):
        raise BundlingError(f"{name} says what a bundle can't: {left[0]}")
    return f'modules["{name}"] = (() => {{\n{body}\nreturn {{ {", ".join(exported)} }};\n}})();'


def is_bundling() -> bool:
    """Return whether pages have their bundles: what is collected has, what is worked on has not."""
    return isinstance(staticfiles_storage, BundlingStorage) and not settings.DEBUG


def path_of(page: str) -> str:
    """Return where the bundle of `page` is among the collected static files."""
    return f"bundles/{page}.js"


def scripts_of(page: str) -> list[str]:
    """Return the paths, among the static files, of what `page` runs; "" is any without a bundle."""
    if page and is_bundling():
        return [path_of(page)]
    return [(OURS / f"{entry}.js").as_posix() for entry in BUNDLES.get(page, EVERYWHERE)]


class BundlingStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # has no types
    """Collected static files, with hashes in their names, compressed; the bundles among them."""

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str | None, Any]]:
        """Add the bundles to what was collected, and go on with all of it."""
        if not dry_run:
            found = dict(_found())
            sources = {
                name: Path(storage.path(path)).read_text()
                for name, (path, storage) in found.items()
            }
            for page, entries in BUNDLES.items():
                text = bundle(tuple(f"storaiteller/{entry}" for entry in entries), sources)
                self.delete(path_of(page))
                self.save(path_of(page), ContentFile(text.encode()))
                paths[path_of(page)] = (self, path_of(page))
        yield from super().post_process(paths, dry_run=dry_run, **options)
