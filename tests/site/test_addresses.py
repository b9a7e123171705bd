"""Addresses from the environment: brought into one form, or refused in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.http.request import validate_host
from environs import ValidationError

from storaiteller_site import addresses

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("http://stories.home/", "http://stories.home"),
        ("HTTP://Stories.Home", "http://stories.home"),
        ("http://stories.home:80", "http://stories.home"),
        ("https://stories.home:443/", "https://stories.home"),
        ("https://stories.home:80", "https://stories.home:80"),
        ("http://stories.home:8000", "http://stories.home:8000"),
        ("http://stories.home.", "http://stories.home"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[2001:DB8:0::1]:8000/", "http://[2001:db8::1]:8000"),
        ("http://[::1]", "http://[::1]"),
        ("http://192.0.2.7:8000", "http://192.0.2.7:8000"),
        (" 'http://stories.home' ", "http://stories.home"),
    ],
)
def test_an_origin_is_as_browsers_write_it(written: str, found: str) -> None:
    assert addresses.origins(written) == [found]
    host = addresses.host_of(found)
    authority = found.partition("://")[2]
    # What Django does with the header of a request.
    name = authority if authority.endswith("]") else authority.partition(":")[0]
    name = name if not authority.startswith("[") else authority.partition("]")[0] + "]"
    assert validate_host(name, [host])


def test_several_origins() -> None:
    both = "http://a.example/, \thttps://b.example ,, http://a.example"
    assert addresses.origins(f'"{both}"') == ["http://a.example", "https://b.example"]
    assert addresses.origins("") == addresses.origins(" , ") == []


@pytest.mark.parametrize(
    "written",
    [
        "stories.home",
        "//stories.home",
        "ftp://stories.home",
        "http://",
        "http:///x",
        "http://stories.home/app",
        "http://stories.home?x",
        "http://stories.home#x",
        "http://me@stories.home",
        "http://*.example.org",
        "*",
        "http://stories home",
        "http://stories..home",
        "http://stories.home:99999",
        "http://stories.home:abc",
        "http://[::1",
        "http://<x>",
        "http://a" + "b" * 70 + ".example",
    ],
)
def test_what_is_no_origin_is_refused(written: str) -> None:
    with pytest.raises(ValidationError) as refused:
        addresses.origins(written)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://mail.example", 25, False, False),
        ("smtp+tls://u%40x:p%2Fw@mail.example", 587, True, False),
        ("smtp+tls://u%40x:p%2Fw@mail.example:2525/", 2525, True, False),
        ("'submission://mail.example'", 587, True, False),
        ("smtp+ssl://mail.example", 465, False, True),
    ],
)
def test_mail_is_encrypted_as_its_address_says(url: str, port: int, tls: bool, ssl: bool) -> None:
    found = addresses.mail(url)
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert found["EMAIL_HOST"] == "mail.example"
    assert found["EMAIL_PORT"] == port
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (tls, ssl)
    assert found["EMAIL_TIMEOUT"], "a mail server that is silent must not hold a page for ever"
    if "@" in url:
        assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("u@x", "p/w")


def test_the_others_are_cleaned_too() -> None:
    assert addresses.redis(' "redis://host:6379/0/" ') == "redis://host:6379/0"
    assert addresses.redis("") == ""
    assert addresses.mail(" ") == {}
    found = addresses.database("'postgres://u:p@host:5432/name/'")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("host", 5432, "name")
    assert addresses.database("sqlite:////a/b%20c.sqlite3")["NAME"] == "/a/b c.sqlite3"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_ORIGINS", "http://stories.home/app"),
        ("PUBLIC_ORIGINS", "stories.home"),
        ("REDIS_URL", "host:6379"),
        ("REDIS_URL", "redis://host/zero"),
        ("REDIS_URL", "redis://:canary#x@host"),
        ("DATABASE_URL", "mysql://host/name"),
        ("DATABASE_URL", "postgres://u:canary#x@host/name"),
        ("EMAIL_URL", "mail.example"),
        ("EMAIL_URL", "smtp+tls://u:canary@host:abc"),
        ("EMAIL_URL", "smtps+x://u:canary@host"),
    ],
)
@pytest.mark.parametrize("way", ["manage.py", "web"])
def test_a_wrong_address_is_one_sentence_without_a_password(
    tmp_path: Path, name: str, value: str, way: str
) -> None:
    environment = {**os.environ, "DATA_DIR": str(tmp_path), name: value}
    environment["DJANGO_SETTINGS_MODULE"] = "storaiteller_site.settings"
    serving = ["-m", "storaiteller_site.serving.web", "storaiteller_site.asgi:application"]
    command = [sys.executable, *(["manage.py", "check"] if way == "manage.py" else serving)]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert name in sentence
    assert "canary" not in sentence


@pytest.mark.parametrize(
    ("written", "found"),
    [("", ""), ("/", ""), ("/stories", "/stories"), ("stories/", "/stories"), ("/a/b-c", "/a/b-c")],
)
def test_a_path_below_which_all_stands(written: str, found: str) -> None:
    assert addresses.prefix(written) == found


@pytest.mark.parametrize("written", ["/a//b", "/../a", "/a b", "/ä", "https://a.example/b", "/a?b"])
def test_what_is_no_such_path_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        addresses.prefix(written)
