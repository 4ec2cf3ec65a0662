"""Which addresses a download may go to: the entries of a setting such as PIXAZO_RESULT_HOSTS, read and applied."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from yarl import URL

# Signed addresses of object stores take up to some 2000 characters.
URL_MAX_CHARACTERS: Final = 4096

HOST_MAX_CHARACTERS: Final = 253  # of a name in DNS

# Printable ASCII without the characters that some readers of addresses take for something else.
_PLAIN_URL: Final = re.compile(r"[!-~]+")
_AMBIGUOUS: Final = frozenset('\\"<>^`{|}')
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedUrl:
    """An address that the list admits; `exempt` if its origin is written out, so that no other rule holds."""

    url: URL = field(repr=False)
    exempt: bool


class HostList:
    """A list of hosts that files may be fetched from.

    An entry is a host (`storage.pixazo.ai`), a pattern for the hosts below one (`*.r2.dev`), or an origin
    written out in full (`http://127.0.0.1:9000`). Hosts are reached by https on its own port only; an origin
    exempts exactly itself from that, and from the rule that addresses must be public.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        """Raises ValueError, naming the entry, for one that can't be read."""
        self._hosts: set[str] = set()
        self._suffixes: set[str] = set()
        self._origins: set[tuple[str, str, int]] = set()
        for entry in entries:
            self._add(entry.strip())

    def admit(self, text: str) -> AdmittedUrl | None:
        """The address, read once for checking and fetching alike, or None where it may not be fetched."""
        url = _parse(text)
        if url is None:
            return None
        origin = _origin_of(url)
        if origin in self._origins:
            return AdmittedUrl(url=url, exempt=True)
        scheme, host, port = origin
        listed = host in self._hosts or any(host.endswith(suffix) for suffix in self._suffixes)
        if scheme != "https" or port != 443 or not listed or not _HOST.fullmatch(host):
            return None
        return AdmittedUrl(url=url, exempt=False)

    @staticmethod
    def host_of(text: str) -> str:
        """The host that an address names, if it is plainly written, to tell an operator what is not listed; or ""."""
        url = _parse(text)
        host = _origin_of(url)[1] if url is not None else ""
        return host if len(host) <= HOST_MAX_CHARACTERS and _HOST.fullmatch(host) else ""

    def _add(self, entry: str) -> None:
        lowered = entry.lower()
        if "://" in entry:
            url = _parse(entry)
            if url is None or url.raw_path not in {"", "/"} or url.raw_query_string or url.raw_fragment:
                raise ValueError(f"{entry!r} is not an origin such as http://127.0.0.1:9000")
            self._origins.add(_origin_of(url))
        elif lowered.startswith("*.") and "." in lowered[2:] and _HOST.fullmatch(lowered[2:]):
            self._suffixes.add(lowered[1:])
        elif _HOST.fullmatch(lowered):
            self._hosts.add(lowered)
        else:
            raise ValueError(f"{entry!r} is not a host, a pattern such as *.example.com, or an origin")


def _parse(text: str) -> URL | None:
    """The address if it is an absolute http(s) one, plainly written and without user information."""
    if len(text) > URL_MAX_CHARACTERS or not _PLAIN_URL.fullmatch(text) or _AMBIGUOUS & set(text):
        return None
    try:
        # Taken as it is written: a signed address must not be spelled anew.
        url = URL(text, encoded=True)
        known = url.scheme in _DEFAULT_PORTS and bool(url.raw_host) and url.port is not None
    except ValueError:
        return None
    return url if known and "@" not in url.raw_authority else None


def _origin_of(url: URL) -> tuple[str, str, int]:
    return url.scheme, (url.raw_host or "").lower(), url.port or 0
