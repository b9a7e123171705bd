"""What an operator writes about the model server, and what is made of it."""

import base64
import ssl
from pathlib import Path

import pytest

from modelserver import Server, ServerSettingsError

SECRETS = ("anna", "pa/ss", "key-canary")


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("  http://127.0.0.1:11434/ \n", "http://127.0.0.1:11434"),
        ('"http://127.0.0.1:11434"', "http://127.0.0.1:11434"),
        ("'http://127.0.0.1:11434/'", "http://127.0.0.1:11434"),
        ("192.0.2.7", "http://192.0.2.7:11434"),
        ("stories.example.org:8080", "http://stories.example.org:8080"),
        (":11500", "http://127.0.0.1:11500"),
        ("http://ollama", "http://ollama"),
        ("HTTPS://Ollama.Example.ORG", "https://ollama.example.org"),
        ("http://0.0.0.0:11434", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("[::]:11434", "http://[::1]:11434"),
        ("[::1]", "http://[::1]:11434"),
        ("http://[2001:DB8::1]:80", "http://[2001:db8::1]:80"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434"),
        ("http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434"),
        ("127.0.0.1:11434/api/", "http://127.0.0.1:11434"),
        ("https://example.org/models/ollama/", "https://example.org/models/ollama"),
        ("https://example.org/ollama/v1", "https://example.org/ollama"),
        ("https://example.org/v1/ollama", "https://example.org/v1/ollama"),
        ("http://model_server:1", "http://model_server:1"),
        ("http://bücher.example:1", "http://xn--bcher-kva.example:1"),
    ],
)
def test_an_address_is_read_as_it_was_meant(written: str, url: str) -> None:
    assert Server.at(written) == Server(url=url)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "http://",
        "nonsense:::x",
        "ftp://127.0.0.1",
        "http://two words",
        "http://127.0.0.1:0",
        "http://127.0.0.1:99999",
        "http://[::1",
        "http://[nonsense]:1",
        "http://a..b:1",
        "http://127.0.0.1:1/?model=x",
        "http://127.0.0.1:1/#here",
        "http://127.0.0.1:1/a b",
        # Secrets that were not encoded are not taken for a place.
        "http://anna:pa/ss@127.0.0.1:11434",
        "http://anna:12/canary@127.0.0.1:11434",
        "http://anna:pa℀canary@127.0.0.1",
        "http://anna:canary@",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(written: str) -> None:
    with pytest.raises(ServerSettingsError, match=r"^OLLAMA_HOST: Not an address like") as refused:
        Server.at(written)
    assert "canary" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_nothing_has_to_be_set() -> None:
    assert Server.from_environment({}) == Server()
    assert Server.from_environment({"OLLAMA_HOST": " "}) == Server()


def test_name_and_password_are_taken_out_of_the_address() -> None:
    server = Server.at("http://anna:pa%2Fss@127.0.0.1:11434/ollama")
    assert server.url == "http://127.0.0.1:11434/ollama"
    kind, pair = server.headers()["Authorization"].split()
    assert (kind, base64.b64decode(pair)) == ("Basic", b"anna:pa/ss")


def test_a_key_is_shown_unless_the_address_has_a_name() -> None:
    environ = {"OLLAMA_API_KEY": " key-canary\n"}
    assert Server.from_environment(environ).headers() == {"Authorization": "Bearer key-canary"}
    environ["OLLAMA_HOST"] = "http://anna:pass@127.0.0.1"
    assert Server.from_environment(environ).headers()["Authorization"].startswith("Basic")
    assert Server().headers() == {}


def test_secrets_are_not_shown() -> None:
    server = Server.at("http://anna:pa%2Fss@127.0.0.1:11434", api_key="key-canary")
    for secret in SECRETS:
        assert secret not in repr(server)
        assert secret not in server.url


def test_another_process_reads_the_same_description() -> None:
    server = Server.at(
        "https://anna%40home:p%C3%A4%3A%2F@[::1]:8443/ollama",
        api_key="key-canary",
        ca_file="",
        load=12.5,
        silence=3.0,
    )
    assert (server.user, server.password) == ("anna@home", "pä:/")
    assert Server.from_environment(server.environment()) == server
    # What the process inherits says nothing else.
    inherited = {"OLLAMA_API_KEY": "another", "MODEL_LOAD_SECONDS": "1"}
    plain = Server.at("http://192.0.2.7")
    assert Server.from_environment({**inherited, **plain.environment()}) == plain


def test_a_server_elsewhere_is_told_no_secrets() -> None:
    server = Server.at("http://anna:pa%2Fss@192.0.2.7", api_key="key-canary", load=12.5)
    assert server.elsewhere("http://127.0.0.1:1") == Server(url="http://127.0.0.1:1", load=12.5)


@pytest.mark.parametrize("name", ["MODEL_LOAD_SECONDS", "MODEL_SILENCE_SECONDS"])
@pytest.mark.parametrize("value", ["soon", "0.5", "nan", "inf", ""])
def test_a_patience_is_a_number_of_seconds(name: str, value: str) -> None:
    with pytest.raises(ServerSettingsError, match=name):
        Server.from_environment({name: value})


@pytest.mark.parametrize("key", ["two\r\nlines: x", "schlüssel", "two words"])
def test_a_key_has_to_fit_into_a_header(key: str) -> None:
    with pytest.raises(ServerSettingsError, match="OLLAMA_API_KEY") as refused:
        Server.from_environment({"OLLAMA_API_KEY": key})
    assert key not in str(refused.value)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_can_not_be_read_are_told_where_they_matter(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    environ = {"SSL_CERT_FILE": str(path), "OLLAMA_HOST": "https://127.0.0.1"}
    with pytest.raises(ServerSettingsError, match="SSL_CERT_FILE") as refused:
        Server.from_environment(environ)
    assert str(path) in str(refused.value)


def test_certificates_are_read_once_and_only_where_some_are_shown() -> None:
    plain, secret = Server.at("http://127.0.0.1").tls(), Server.at("https://127.0.0.1").tls()
    assert plain.get_ca_certs() == []
    assert plain.verify_mode == ssl.CERT_REQUIRED
    assert Server.at("https://127.0.0.2:1").tls() is secret


def test_several_servers_are_listed_with_what_they_speak_and_write_at_a_time() -> None:
    listed = "http://a:1 slots=4, https://anna:pw@b:2/v1 api=openai slots=16 drained,"
    first, second = Server.all_from_environment({"OLLAMA_HOST": listed, "MODEL_API": "ollama"})
    assert (first.url, first.api, first.slots, first.is_drained) == (
        "http://a:1",
        "ollama",
        4,
        False,
    )
    assert (second.url, second.user, second.api) == ("https://b:2", "anna", "openai")
    assert (second.slots, second.is_drained) == (16, True)
    again = Server.all_from_environment(Server.environment_of([first, second]))
    assert [each.url for each in again] == [first.url, second.url]
    assert (again[1].api, again[1].password, again[1].is_drained) == ("openai", "pw", True)


@pytest.mark.parametrize("more", ["slots=many", "api=grpc", "size=4", "slots=99999"])
def test_what_stands_after_an_address_has_to_make_sense(more: str) -> None:
    with pytest.raises(ServerSettingsError, match=r"OLLAMA_HOST|MODEL_API"):
        Server.all_from_environment({"OLLAMA_HOST": f"http://a:1 {more}"})
