"""The list of hosts that files may come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.catalogue import RESULT_HOSTS
from provider.host_list import URL_MAX_CHARACTERS, HostList

ENTRIES = ("storage.pixazo.ai", "*.r2.dev", "http://127.0.0.1:9000", "https://files.example:8443", "10.0.0.1")
HOSTS = HostList(ENTRIES)


@pytest.mark.parametrize(
    ("url", "exempt"),
    [
        ("https://storage.pixazo.ai/a.png", False),
        ("https://storage.pixazo.ai:443/a.png", False),
        ("https://STORAGE.Pixazo.AI/a.png", False),
        ("HTTPS://storage.pixazo.ai/a.png", False),
        ("https://storage.pixazo.ai", False),
        ("https://pub-0a1b.r2.dev/a.png?X-Amz-Signature=%2F+%7E&b=c#top", False),
        ("https://a.b.r2.dev/a.png", False),
        ("https://10.0.0.1/a.png", False),
        ("http://127.0.0.1:9000/a.png", True),
        ("https://files.example:8443/a.png", True),
        ("https://storage.pixazo.ai/" + "a" * 2000, False),
    ],
)
def test_listed_addresses_are_admitted(url: str, exempt: bool) -> None:
    admitted = HOSTS.admit(url)
    assert admitted is not None
    assert admitted.exempt is exempt
    path = "/" + url.partition("#")[0].split("/", 3)[3] if url.count("/") > 2 else "/"
    assert admitted.url.raw_path_qs == path, "the address was spelled anew"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "storage.pixazo.ai/a.png",
        "//storage.pixazo.ai/a.png",
        "http://storage.pixazo.ai/a.png",
        "http://storage.pixazo.ai:443/a.png",
        "https://storage.pixazo.ai/a\\b.png",
        "https://storage.pixazo.ai/{a}.png",
        "ftp://storage.pixazo.ai/a.png",
        "file:///etc/hostname",
        "data:image/png;base64,AAAA",
        "https://storage.pixazo.ai:8443/a.png",
        "https://storage.pixazo.ai:80/a.png",
        "https://storage.pixazo.ai:x/a.png",
        "https://storage.pixazo.ai:99999/a.png",
        "https://storage.pixazo.ai./a.png",
        "https://evilstorage.pixazo.ai/a.png",
        "https://storage.pixazo.ai.example/a.png",
        "https://storage.pixazo.ai@evil.example/a.png",
        "https://user@storage.pixazo.ai/a.png",
        "https://user:pass@storage.pixazo.ai/a.png",
        "https://@storage.pixazo.ai/a.png",
        "https://evil.example\\@storage.pixazo.ai/a.png",
        "https://evil.example#@storage.pixazo.ai/a.png",
        "https://evil.example?@storage.pixazo.ai/a.png",
        "https://storage.pixazo.ai%2eevil.example/a.png",
        "https://storage%2epixazo.ai/a.png",
        "https://r2.dev/a.png",
        "https://.r2.dev/a.png",
        "https://a..r2.dev/a.png",
        "https://-a.r2.dev/a.png",
        "https://" + "a" * 64 + ".r2.dev/a.png",
        "https://evilr2.dev/a.png",
        "https://[::1].r2.dev/a.png",
        "https://127.0.0.1:9000/a.png",
        "http://127.0.0.1:9001/a.png",
        "http://127.0.0.1/a.png",
        "http://127.0.0.1.:9000/a.png",
        "http://user@127.0.0.1:9000/a.png",
        "http://127.1:9000/a.png",
        "http://localhost:9000/a.png",
        "https://files.example/a.png",
        "http://files.example:8443/a.png",
        "https://storage.pixazo.ai/a b.png",
        "https://storage.pixazo.ai/a\r\nX-Injected: 1",
        "https://storage.pixazo.ai/\x00",
        "https://storage.pixazo.ai/é.png",
        " https://storage.pixazo.ai/a.png",
        "https://\uff53torage.pixazo.ai/a.png",
        "https://[::1/x.png",
        "https://storage.pixazo.ai/" + "a" * URL_MAX_CHARACTERS,
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    assert HOSTS.admit(url) is None


@given(st.text() | st.text(st.characters(min_codepoint=33, max_codepoint=126)).map("https://".__add__))
def test_no_text_raises_and_only_listed_hosts_pass(text: str) -> None:
    admitted = HOSTS.admit(text)
    if admitted is not None:
        host = admitted.url.host or ""
        assert host.endswith(".r2.dev") or host in {"storage.pixazo.ai", "127.0.0.1", "files.example", "10.0.0.1"}


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "*",
        "*.com",
        "*.",
        "a.*.example",
        "storage.pixazo.ai/path",
        "storage.pixazo.ai:443",
        "https://storage.pixazo.ai/path",
        "https://storage.pixazo.ai?x",
        "https://user@storage.pixazo.ai",
        "ftp://storage.pixazo.ai",
        "https://",
        "two hosts.example",
        "::1",
    ],
)
def test_entry_that_means_nothing_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="is not") as raised:
        HostList([entry])
    assert repr(entry) in str(raised.value)


def test_spaces_around_an_entry_and_its_case_do_not_matter() -> None:
    hosts = HostList([" Storage.Pixazo.AI ", " HTTP://LocalHost:9000/ "])
    assert hosts.admit("https://storage.pixazo.ai/x") is not None
    assert hosts.admit("http://localhost:9000/x") is not None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://v4.fal.media/files/secret.png?token=x", "v4.fal.media"),
        ("https://User@V4.fal.media:99/a", ""),
        ("https://10.0.0.1/a", "10.0.0.1"),
        ("http://[::1]/a", ""),
        ("https://a\r\nb/", ""),
        ("no address", ""),
        ("https://" + ".".join(["a" * 60] * 5) + "/", ""),
    ],
)
def test_host_that_is_not_listed_can_be_named(url: str, host: str) -> None:
    assert HOSTS.host_of(url) == host


def test_empty_list_admits_nothing() -> None:
    assert HostList(()).admit("https://storage.pixazo.ai/a.png") is None


def test_default_list_admits_the_hosts_of_the_provider() -> None:
    hosts = HostList(RESULT_HOSTS)
    for host in ("storage.pixazo.ai", "pub-582b7213209642b9b995c96c95a30381.r2.dev", "v3b.fal.media"):
        assert hosts.admit(f"https://{host}/a.png") is not None
    assert hosts.admit("https://evil.example/a.png") is None
