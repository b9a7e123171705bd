"""What gets installed is fixed: every package by its version and by the hashes of its files."""

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    "requirements",
    "requirements-tracing",
    "requirements-s3",
    "requirements-dev",
    "requirements-docs",
    "requirements-audit",
)
_PIN = re.compile(
    r"^(?P<name>[a-z0-9-]+)(?:\[(?P<extras>[a-z0-9, -]+)\])?==[^ ]+(?: ; [^\\]+)?"
    r"(?P<hashes>(?: \\\n +--hash=\S+)+)$",
    re.M,
)


def pins(name: str) -> dict[str, list[str]]:
    """Return the packages of a lock file, each with the hashes that its files may have."""
    text = (ROOT / f"{name}.txt").read_text()
    found: dict[str, list[str]] = {}
    for pin in _PIN.finditer(text):
        found.setdefault(pin["name"], []).extend(re.findall(r"--hash=(\S+)", pin["hashes"]))
    assert not _PIN.sub("", text).strip(), "a line that pins nothing"
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_package_is_locked_with_hashes(name: str) -> None:
    locked = pins(name)
    for package, hashes in locked.items():
        assert hashes, package
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), package
    for line in (ROOT / f"{name}.in").read_text().splitlines():
        if wanted := re.match(r"[A-Za-z0-9][A-Za-z0-9-]*", line):
            assert wanted[0].lower() in locked, line


def test_what_is_asked_for_with_an_extra_is_locked_with_it() -> None:
    """Or pip 23 takes the newest release for it, and refuses that one for having no hash."""
    text = (ROOT / "requirements-dev.txt").read_text()
    locked = {pin["name"]: set(re.split(", ?", pin["extras"] or "")) for pin in _PIN.finditer(text)}
    found = [
        requirement
        for distribution in distributions()
        for requirement in map(Requirement, distribution.requires or ())
        if requirement.extras
        and any(
            requirement.marker is None or requirement.marker.evaluate({"extra": extra})
            for extra in locked.get(canonicalize_name(distribution.name), ())
        )
    ]
    assert {"twisted", "coverage"} <= {canonicalize_name(asked.name) for asked in found}
    for asked in found:
        assert asked.extras <= locked[canonicalize_name(asked.name)], asked


def test_the_checks_run_on_the_versions_that_are_served() -> None:
    served, tested = pins("requirements") | pins("requirements-tracing"), pins("requirements-dev")
    assert served.keys() <= tested.keys()
    assert all(set(tested[package]) == set(hashes) for package, hashes in served.items())


def test_a_package_without_its_hash_is_not_installed() -> None:
    commands = (ROOT / "Makefile").read_text().replace("\\\n", "")
    [install] = re.findall(r"^INSTALL := (.*)", commands, re.M)
    assert "--require-hashes" in install
