"""`make messages`: what is said in the sources goes into the catalogues, for translators.

Translations that are there stay; what the sources do not say any more goes. Of a sentence only the
file is told, no line, and of a catalogue no date: they would change with each edit.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "locale"
LANGUAGES = ("de", "es", "fr", "it")
DOMAINS = ("django", "djangojs")
_ROOMS = ("prose", "modelserver", "stories", "finetuning", "storaiteller_site")
_PYTHON: dict[str, Any] = {
    **dict.fromkeys(("_", "said", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
_JAVASCRIPT: dict[str, Any] = {"gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
_COMMENTS = ("Translators:",)
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
_WIDTH = 96
# CLDR knows one more, of millions, which no sentence of ours comes to.
_PLURALS = {"fr": "nplurals=2; plural=(n > 1);"}
_TWO_PLURALS = "nplurals=2; plural=(n != 1);"


def extracted(domain: str) -> Catalog:
    """Return all that the sources say to people: in pages and Python, or in scripts."""
    found = Catalog(domain=domain)
    for path, source, method, keywords in _sources(domain):
        where = [(path.relative_to(ROOT).as_posix(), 1)]
        for _, text, comments, context in extract(method, source, keywords, _COMMENTS):
            found.add(text, locations=where, auto_comments=comments, context=context)
    return found


def _sources(domain: str) -> Iterator[tuple[Path, BytesIO, str, dict[str, Any]]]:
    if domain == "djangojs":
        for path in sorted((ROOT / "static" / "js").rglob("*.js")):
            yield path, BytesIO(path.read_bytes()), "javascript", _JAVASCRIPT
        return
    for room in _ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, BytesIO(path.read_bytes()), "python", _PYTHON
    for path in sorted((ROOT / "templates").rglob("*.*")):
        # Calls among blanks: Python but for its indentation.
        lines = templatize(path.read_text()).splitlines()
        source = "\n".join(line.strip() for line in lines)
        yield path, BytesIO(source.encode()), "python", _PYTHON


def path_of(language: str, domain: str) -> Path:
    """Return where a catalogue is kept; its compiled form lies beside it."""
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.po"


def kept(language: str, domain: str) -> Catalog:
    """Return the catalogue as it is kept, empty if there is none yet."""
    path = path_of(language, domain)
    if not path.exists():
        catalog = Catalog(locale=language, domain=domain)
        plurals = _PLURALS.get(language, _TWO_PLURALS)
        catalog.mime_headers = [("Plural-Forms", plurals)]
        return catalog
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=domain)


def updated(language: str, domain: str) -> Catalog:
    """Return the catalogue with what the sources say now, and the translations that it has."""
    catalog = kept(language, domain)
    catalog.update(extracted(domain), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    return catalog


def as_text(catalog: Catalog) -> bytes:
    """Return the catalogue as a .po file, the same for the same sentences."""
    header = (
        f"Language: {catalog.locale}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {catalog.plural_forms}",
    )
    lines = "".join(f'"{line}\\n"\n' for line in header)
    file = BytesIO()
    write_po(
        file,
        catalog,
        width=_WIDTH,
        omit_header=True,
        sort_output=True,
        ignore_obsolete=True,
        include_lineno=False,
    )
    return f'msgid ""\nmsgstr ""\n{lines}\n'.encode() + file.getvalue().strip(b"\n") + b"\n"


def compiled(catalog: Catalog) -> bytes:
    """Return the catalogue as a .mo file, the same for the same translations."""
    catalog.creation_date = catalog.revision_date = _NO_DATE
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def update() -> None:
    """Write all catalogues."""
    for domain in DOMAINS:
        for language in LANGUAGES:
            path = path_of(language, domain)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(as_text(updated(language, domain)))
            path.with_suffix(".mo").write_bytes(compiled(kept(language, domain)))


if __name__ == "__main__":
    update()
