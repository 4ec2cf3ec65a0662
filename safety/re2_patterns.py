"""Administrators' patterns, run by RE2: its time grows with the text's length alone, whatever the pattern."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, Protocol, cast

import re2  # type: ignore[import-untyped]  # it comes without types; what is used of it is typed below

# As long as Discord's own AutoMod lets a pattern be.
PATTERN_MAX_CHARACTERS: Final = 260
# What one compiled pattern may take. A pattern that needs more, as ((a{99}){99}){99} does, is refused.
_MEMORY_MAX_BYTES: Final = 1 << 18


class PatternFault(StrEnum):
    """What is wrong with a pattern, as a code for the interface to word."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOT_RE2 = "not_re2"
    MATCHES_NOTHING = "matches_nothing"
    """It also matches where there is no text, so it would block every prompt."""


class BadPattern(ValueError):
    """A pattern that can't be used; `fault` says why, `detail` is RE2's own words or empty."""

    def __init__(self, fault: PatternFault, pattern: str, detail: str = "") -> None:
        super().__init__(f"{fault}: {pattern[:PATTERN_MAX_CHARACTERS]!r}{': ' if detail else ''}{detail}")
        self.fault = fault
        self.pattern = pattern
        self.detail = detail


class _Match(Protocol):
    def span(self) -> tuple[int, int]: ...


class CompiledPattern(Protocol):
    """What is used of RE2's compiled pattern."""

    def search(self, text: str) -> _Match | None: ...

    def finditer(self, text: str) -> Iterator[_Match]: ...


def compile_pattern(pattern: str) -> CompiledPattern:
    """Compile a pattern, case-insensitive. Raises BadPattern."""
    if not pattern.strip():
        raise BadPattern(PatternFault.EMPTY, pattern)
    if len(pattern) > PATTERN_MAX_CHARACTERS:
        raise BadPattern(PatternFault.TOO_LONG, pattern)
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False  # RE2 would write them to stderr
    options.never_capture = True
    options.max_mem = _MEMORY_MAX_BYTES
    try:
        compiled = cast("CompiledPattern", re2.compile(pattern, options))
        empty = compiled.search("") is not None
    except re2.error as error:
        raise BadPattern(PatternFault.NOT_RE2, pattern, _words_of(error)) from None
    except UnicodeEncodeError:
        raise BadPattern(PatternFault.NOT_RE2, pattern, "half of a surrogate pair") from None
    if empty:
        raise BadPattern(PatternFault.MATCHES_NOTHING, pattern)
    return compiled


def _words_of(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
