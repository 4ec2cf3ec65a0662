"""The prompt filter: whether a text contains what a policy blocks, in whatever disguise.

`screen` is pure. A policy is block terms, allowed phrases and RE2 patterns; compiled once, it is used for any number
of prompts. How a prompt is read, and why, is in `docs/prompt-filter.md`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

from safety.automaton import Automaton, Shape
from safety.disguises import EVASIVE, View, undone
from safety.re2_patterns import BadPattern, CompiledPattern, PatternFault, compile_pattern
from safety.reading import Reading, readings
from safety.renderings import rendered
from safety.rows import joined
from safety.terms import BadTerm, TermFault, shapes_of
from safety.words import Stream, as_written

__all__ = [
    "Action",
    "BadPattern",
    "BadTerm",
    "CompiledPolicy",
    "Pattern",
    "PatternFault",
    "PromptVerdict",
    "Term",
    "TermFault",
    "View",
    "check_pattern",
    "check_term",
    "compile_policy",
    "screen",
]

DEFAULT_CATEGORY: Final = "blocked"
_POLICIES_KEPT: Final = 64
_MODEL = re.compile(r"[a-z][1-9]\d?")


class Action(StrEnum):
    """What a match leads to."""

    BLOCK = "block"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase, `*` at either end for any letters: as its author wrote it."""

    text: str
    category: str = DEFAULT_CATEGORY
    action: Action = Action.BLOCK


@dataclass(frozen=True, slots=True)
class Pattern:
    """An RE2 pattern, without regard to case."""

    text: str
    category: str = DEFAULT_CATEGORY
    action: Action = Action.BLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptVerdict:
    """What the filter says of a prompt: at most one match, a blocking one before one that asks for review.

    Of several terms that match the one is named that its list has first.
    """

    blocked: bool = False
    review: bool = False
    """A review term matched, and nothing that blocks."""
    term: str | None = None
    """The term or pattern as the list has it."""
    category: str | None = None
    action: Action | None = None
    view: View | None = None
    """The disguise that was undone, the most deliberate one of several; PLAIN where there was none."""
    views: tuple[View, ...] = ()
    """All disguises that were undone."""
    found: str | None = None
    """The part of the prompt that matched, as its author wrote it."""

    @property
    def disguised(self) -> bool:
        """Whether it matched only after a disguise was undone; mere case is none."""
        return bool(self.views) and self.views != (View.PLAIN,)

    @property
    def evasion(self) -> bool:
        """Whether the disguise can hardly be anything but an evasion. Accents, markup and held keys may be innocent."""
        return not EVASIVE.isdisjoint(self.views)


TermLike = str | Term | tuple[str, str]
PatternLike = str | Pattern


@dataclass(frozen=True, slots=True, eq=False)
class _Matcher:
    """Terms with one action and their automaton; `owners` are the terms that the shapes belong to."""

    automaton: Automaton
    owners: tuple[Term, ...]

    @classmethod
    def of(cls, terms: Iterable[Term]) -> "_Matcher":
        shapes: list[Shape] = []
        owners: list[Term] = []
        for term in terms:
            for shape in shapes_of(term.text):
                shapes.append(shape)
                owners.append(term)
        return cls(Automaton(shapes), tuple(owners))


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A policy ready for use. Equal lists make equal policies; threads may share one."""

    block: tuple[Term, ...]
    allow: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    _matchers: Mapping[Action, _Matcher] = field(init=False, repr=False, compare=False)
    _allowed: Automaton = field(init=False, repr=False, compare=False)
    _compiled: Mapping[Action, tuple[tuple[Pattern, CompiledPattern], ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Compile. Raises BadTerm or BadPattern."""
        matchers = {action: _Matcher.of(term for term in self.block if term.action is action) for action in Action}
        allowed = [shape for phrase in self.allow for shape in shapes_of(phrase)]
        compiled = {
            action: tuple(
                (pattern, compile_pattern(pattern.text)) for pattern in self.patterns if pattern.action is action
            )
            for action in Action
        }
        object.__setattr__(self, "_matchers", matchers)
        object.__setattr__(self, "_allowed", Automaton(allowed, may_be_held=False))
        object.__setattr__(self, "_compiled", compiled)

    def screen(self, text: str) -> PromptVerdict:
        """Judge a text of any kind; never raises for one. Takes time in proportion to its length."""
        seen = [self._see(text, reading) for reading in readings(text)]
        for action in (Action.BLOCK, Action.REVIEW):
            for look in seen:
                verdict = next(self._matches(action, look), None)
                if verdict is not None:
                    return verdict
        return PromptVerdict()

    def _see(self, text: str, reading: Reading) -> "_Look":
        written = as_written(reading)
        together = joined(reading, written)
        streams = (written,) if together is None else (written, together)
        allowed = [
            _span(reading, stream, self._allowed.begin(stream, number, end), end)
            for stream in streams
            for number, end in self._allowed.hits(stream)
        ]
        return _Look(prompt=text, reading=reading, streams=streams, allowed=tuple(allowed))

    def _matches(self, action: Action, look: "_Look") -> Iterator[PromptVerdict]:
        matcher = self._matchers[action]
        for stream in look.streams:
            found = _first_in_list(matcher.automaton, look, stream)
            if found is not None:
                number, begin, end = found
                letters = matcher.automaton.shapes[number].letters
                yield look.verdict(matcher.owners[number], stream, begin, end, letters)
        compiled = self._compiled[action]
        if not compiled:
            return
        for reading, stream, written in rendered(look.prompt, look.reading, look.streams):
            aside = replace(look, reading=reading)
            for pattern, machine in compiled:
                for match in machine.finditer(written):
                    begin, end = match.span()
                    if begin < end and not aside.excuses(stream, begin, end):
                        yield aside.verdict(pattern, stream, begin, end, written[begin:end])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One reading of a prompt with its streams and the allowed spans of its text."""

    prompt: str
    reading: Reading
    streams: tuple[Stream, ...]
    allowed: tuple[tuple[int, int], ...]

    def excuses(self, stream: Stream, begin: int, end: int) -> bool:
        """Whether the match lies within an allowed phrase."""
        if not self.allowed:
            return False
        first, last = _span(self.reading, stream, begin, end)
        return any(start <= first and last <= stop for start, stop in self.allowed)

    def verdict(self, by: Term | Pattern, stream: Stream, begin: int, end: int, letters: str) -> PromptVerdict:
        """What is to be said of a match."""
        views = undone(self.prompt, self.reading, stream, begin, end, letters)
        first, last = _span(self.reading, stream, begin, end)
        return PromptVerdict(
            blocked=by.action is Action.BLOCK,
            review=by.action is Action.REVIEW,
            term=by.text,
            category=by.category,
            action=by.action,
            view=views[0],
            views=views,
            found=self.prompt[first : last + 1],
        )


def _first_in_list(automaton: Automaton, look: _Look, stream: Stream) -> tuple[int, int, int] | None:
    """Of all shapes that match the one that the list has first, with the items it begins and ends at."""
    best = None
    for number, end in automaton.hits(stream):
        if best is None or number < best[0]:
            begin = automaton.begin(stream, number, end)
            if _is_fair(look, stream, begin, end, automaton.shapes[number]) and not look.excuses(stream, begin, end):
                best = number, begin, end
    return best


def _is_fair(look: _Look, stream: Stream, begin: int, end: int, shape: Shape) -> bool:
    """Whether a hit is what it seems.

    A55 and R34 are models: a capital with a digit or two. And a phrase without its spaces must have been spelled out,
    or `bath water` would find bathwater.
    """
    items = stream.items[begin:end]
    first, last = stream.where[begin], stream.where[end - 1]
    if last - first >= len(items):
        return True
    if shape.run_together:
        return False
    capital = look.prompt[look.reading.where[first]].isupper()
    return not capital or items == shape.letters or _MODEL.fullmatch(items) is None


def _span(reading: Reading, stream: Stream, begin: int, end: int) -> tuple[int, int]:
    """The first and last position of a match in the prompt."""
    one, other = reading.where[stream.where[begin]], reading.where[stream.where[end - 1]]
    return min(one, other), max(one, other)


def compile_policy(
    block: Iterable[TermLike] | Mapping[str, str],
    allow: Iterable[str | Term] = (),
    patterns: Iterable[PatternLike] = (),
) -> CompiledPolicy:
    """Compile lists into a policy. Raises BadTerm or BadPattern for the first entry that can't be used."""
    return _compiled(tuple(block.items() if isinstance(block, Mapping) else block), tuple(allow), tuple(patterns))


def screen(
    text: str,
    *,
    block: Iterable[TermLike] | Mapping[str, str],
    allow: Iterable[str | Term],
    patterns: Iterable[PatternLike],
) -> PromptVerdict:
    """Judge a text by these lists; those used lately stay compiled. Raises BadTerm or BadPattern."""
    return compile_policy(block, allow, patterns).screen(text)


def check_term(text: str) -> Term:
    """The term, if it can be used. Raises BadTerm."""
    shapes_of(text)
    return Term(text.strip())


def check_pattern(text: str) -> Pattern:
    """The pattern, if it can be used. Raises BadPattern."""
    compile_pattern(text)
    return Pattern(text)


def _as_term(term: TermLike) -> Term:
    if isinstance(term, Term):
        return term
    return Term(term) if isinstance(term, str) else Term(*term)


@lru_cache(maxsize=_POLICIES_KEPT)
def _compiled(
    block: tuple[TermLike, ...], allow: tuple[str | Term, ...], patterns: tuple[PatternLike, ...]
) -> CompiledPolicy:
    return CompiledPolicy(
        tuple(_as_term(term) for term in block),
        tuple(phrase if isinstance(phrase, str) else phrase.text for phrase in allow),
        tuple(Pattern(pattern) if isinstance(pattern, str) else pattern for pattern in patterns),
    )
