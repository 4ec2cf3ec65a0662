"""The prompt filters: every guild's list and the operator's beneath, ready for use, and what moderators do to them.

The lists are compiled once and held in memory. Nobody is judged by one that has changed since: the accepting
transaction compares versions, and a list that can't be read refuses everything.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakValueDictionary

from clock import Clock
from errors import FilterUnreadable, InvalidOption, StorageError, TermRefused
from generation import filter_files
from generation.filter_files import FileLine, RefusedLine
from generation.filter_terms import ALLOW, REVIEW, keys_of, term_of
from generation.screening import NO_POLICY, CompiledPolicy, PromptVerdict, Screening, Whose, judged, policy_of
from moderation import Review
from safety.prompts import Term
from storage import filters, guilds
from storage.database import Database
from storage.filters import PATTERNS_MAX, TERMS_MAX, FilterTerm, Imported, TermKind
from storage.guilds import EVERYWHERE

__all__ = [
    "EVERYWHERE",
    "PATTERNS_MAX",
    "TERMS_MAX",
    "Added",
    "FilterBook",
    "FilterTerm",
    "Imported",
    "Plan",
    "TermKind",
]

log = logging.getLogger(__name__)

# What is held in memory at once: 40 MB, where an entry takes some 400 bytes, and a pattern up to RE2's 256 KiB.
_HELD_WEIGHT: Final = 100_000
_WEIGHT_OF_PATTERN: Final = 650
# Longer lists are compiled on a thread: a thousand entries take 7 ms.
_COMPILED_INLINE: Final = 100
# In characters, times the lists that hold anything: a thousand take 2 ms. Below, the way to a thread isn't worth it.
_SCREENED_INLINE: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """An entry that another has the effect of, and whose list it is on."""

    verdict: PromptVerdict
    whose: Whose


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What came of adding an entry. `before` is the one like it that it has replaced.

    `covered` is what blocks or marks it already, on either list; `excused` says that an allowed phrase keeps it from
    having any effect, and `exceptions` are the allowed phrases that go on having theirs. Of an allowed phrase,
    `idle` says that there is nothing in it to be excused, and `covered` is what the operator blocks in it all the same.
    """

    term: FilterTerm
    before: FilterTerm | None
    covered: Covered | None = None
    excused: bool = False
    exceptions: tuple[str, ...] = ()
    idle: bool = False
    review_is_off: bool = False

    @property
    def is_same(self) -> bool:
        """Whether the list had exactly that before."""
        return self.term.says_the_same(self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an import would do: the entries that can be taken, and the lines that can't."""

    terms: tuple[FilterTerm, ...]
    new: int
    changed: int
    refused: tuple[RefusedLine, ...]

    @property
    def same(self) -> int:
        return len(self.terms) - self.new - self.changed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    version: int
    policy: CompiledPolicy
    weight: int


class FilterBook:
    """Everybody's lists; EVERYWHERE is the operator's. Every method but `screen` raises StorageUnavailable."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._held: OrderedDict[int, _Held] = OrderedDict()
        self._weight = 0
        self._reading: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._screening = asyncio.Semaphore(1)
        self._unreadable: set[int] = set()

    async def screen(self, guild_id: int, texts: Sequence[str]) -> Screening:
        """What the guild's list and the operator's say of the texts. Raises FilterUnreadable: then refuse.

        Long texts are looked at on a thread, one at a time, so that the event loop goes on.
        """
        operator = await self._of(EVERYWHERE)
        guild = operator if guild_id == EVERYWHERE else await self._of(guild_id)
        theirs = NO_POLICY if guild_id == EVERYWHERE else guild.policy
        each = tuple(dict.fromkeys(texts))  # what is typed is mostly what is sent
        lists = sum(policy is not NO_POLICY for policy in (operator.policy, theirs))
        if lists * sum(map(len, each)) <= _SCREENED_INLINE:
            verdict, whose = judged(operator.policy, theirs, each)
        else:
            async with self._screening:
                verdict, whose = await asyncio.to_thread(judged, operator.policy, theirs, each)
        return Screening(verdict=verdict, whose=whose, guild_version=guild.version, operator_version=operator.version)

    def forget_older(self, guild_id: int, version: int) -> None:
        """The guild's list has that version by now: read it again, unless that is the one in memory."""
        held = self._held.get(guild_id)
        if held is not None and held.version != version:
            self._forget(guild_id)

    async def add(
        self, guild_id: int, typed: str, *, category: str | None = None, action: str | None = None, by_id: int
    ) -> Added:
        """Put an entry on a list, or change the one like it. Raises TermRefused."""
        term = replace(term_of(typed, category=category, action=action), added_by=by_id, added_at=self._clock.now())
        before = await self._database.write(lambda connection: filters.put(connection, guild_id, term))
        self._forget(guild_id)
        return await self._noted(guild_id, Added(term=term, before=before))

    async def remove(self, guild_id: int, typed: str, *, by_id: int) -> FilterTerm:
        """Take an entry off a list and return it. Raises InvalidOption (`term`, `unknown`) where there is none."""
        now = self._clock.now()
        for kind, folded in keys_of(typed):
            dropped = await self._database.write(
                lambda connection, kind=kind, folded=folded: filters.drop(  # type: ignore[misc]  # mypy can't infer a lambda with defaults
                    connection, guild_id, kind, folded, by_id=by_id, at=now
                )
            )
            if dropped is not None:
                self._forget(guild_id)
                return dropped
        raise InvalidOption("term", "unknown", other=typed)

    async def list(self, guild_id: int) -> tuple[FilterTerm, ...]:
        """Everything on a list, also what can't be used: that can be removed."""
        return (await filters.of_guild(self._database, guild_id)).terms

    async def plan(self, guild_id: int, lines: Sequence[FileLine], *, category: str | None = None) -> Plan:
        """What taking these lines on would do, as the list is now; `category` is for those that name none.

        Lines that say it a second time are refused, and those that the list has no room for.
        """
        listed = {(term.kind, term.folded): term for term in await self.list(guild_id)}
        return await asyncio.to_thread(_planned, listed, lines, category)

    async def take(self, guild_id: int, terms: Sequence[FilterTerm], *, by_id: int) -> Imported:
        """Put all of these on a list, or none. Raises TermRefused where they don't fit any more."""
        now = self._clock.now()
        done = await self._database.write(
            lambda connection: filters.put_all(connection, guild_id, terms, by_id=by_id, at=now)
        )
        self._forget(guild_id)
        return done

    async def export(self, guild_id: int) -> tuple[bytes, int]:
        """A list as a file that an import takes, and how many entries it has."""
        terms = await self.list(guild_id)
        return await asyncio.to_thread(filter_files.write, terms), len(terms)

    async def install_starter_list(self, terms: Iterable[Term], allowed: Iterable[str]) -> int:
        """Begin the operator's list with these, once in an installation's life; how many there are, then or 0.

        What an operator takes off the list afterwards stays off.
        """
        wanted = [term_of(term.text, category=term.category, action=term.action) for term in terms]
        wanted += [term_of(phrase, action=ALLOW) for phrase in allowed]
        now = self._clock.now()
        installed = await self._database.write(lambda connection: filters.install(connection, wanted, at=now))
        if installed:
            self._forget(EVERYWHERE)
            log.info("the operator's prompt filter begins with the starter list: %d entries", installed)
        return installed

    def _forget(self, guild_id: int) -> None:
        held = self._held.pop(guild_id, None)
        if held is not None:
            self._weight -= held.weight

    async def _of(self, guild_id: int) -> _Held:
        """The list ready for use, from memory where it is there. Raises FilterUnreadable."""
        held = self._held.get(guild_id)
        if held is None:
            lock = self._reading.setdefault(guild_id, asyncio.Lock())
            async with lock:  # of many who come at once, one reads
                held = self._held.get(guild_id) or await self._read(guild_id)
        self._held.move_to_end(guild_id)
        return held

    async def _read(self, guild_id: int) -> _Held:
        try:
            found = await filters.of_guild(self._database, guild_id)
            if len(found.terms) > _COMPILED_INLINE:
                policy = await asyncio.to_thread(policy_of, found.terms)
            else:
                policy = policy_of(found.terms)
        except (StorageError, ValueError) as error:
            self._say_unreadable(guild_id, error)
            raise FilterUnreadable(Whose.OPERATOR if guild_id == EVERYWHERE else Whose.GUILD) from error
        if guild_id in self._unreadable:
            self._unreadable.discard(guild_id)
            log.warning("the prompt filter of guild %d can be read again", guild_id)
        patterns = len(policy.patterns)
        held = _Held(version=found.version, policy=policy, weight=1 + len(found.terms) + patterns * _WEIGHT_OF_PATTERN)
        self._hold(guild_id, held)
        return held

    def _hold(self, guild_id: int, held: _Held) -> None:
        self._forget(guild_id)
        self._held[guild_id] = held
        self._weight += held.weight
        while self._weight > _HELD_WEIGHT and len(self._held) > 1:
            oldest = next(iter(self._held))
            self._forget(oldest)

    def _say_unreadable(self, guild_id: int, error: Exception) -> None:
        if guild_id not in self._unreadable:  # once: members go on asking
            self._unreadable.add(guild_id)
            # Without the error's text, which may hold what is on the list.
            log.error(
                "the prompt filter of guild %d can't be read (%s): whatever it would judge is refused",
                guild_id,
                type(error).__name__,
            )

    async def _noted(self, guild_id: int, added: Added) -> Added:
        """The same with what else there is to say of it; nothing where a list can't be read."""
        try:
            operator = NO_POLICY if guild_id == EVERYWHERE else (await self._of(EVERYWHERE)).policy
            listed = await self.list(guild_id)
            settings = await guilds.settings_of(self._database, guild_id)
            noted = await asyncio.to_thread(_remarked, added, listed, operator)
        except (FilterUnreadable, StorageError, ValueError) as error:
            log.info("nothing is said of a new entry's effect: %s", type(error).__name__)
            return added
        marks = added.term.kind is not TermKind.ALLOW and added.term.action == REVIEW
        off = guild_id != EVERYWHERE and settings.review == Review.NEVER
        return replace(noted, review_is_off=marks and off)


def _remarked(added: Added, listed: Sequence[FilterTerm], operator: CompiledPolicy) -> Added:
    """The same with what the other entries mean for it. Raises ValueError for those that can't be read."""
    term = added.term
    if term.kind is TermKind.PATTERN:
        return added  # nobody can tell what it will match
    words = term.text.strip("*")
    others = [other for other in listed if (other.kind, other.folded) != (term.kind, term.folded)]
    allowed = [other for other in others if other.kind is TermKind.ALLOW]
    if term.kind is TermKind.ALLOW:
        blocking = policy_of(other for other in others if other.kind is not TermKind.ALLOW)
        return replace(added, idle=not _hits(blocking.screen(words)), covered=_covering(operator, NO_POLICY, words))
    alone = policy_of([term])
    return replace(
        added,
        covered=_covering(operator, policy_of(others), words, at_least=term.action),
        excused=not _hits(policy_of([term, *allowed]).screen(words)),
        exceptions=tuple(phrase.text for phrase in allowed if _hits(alone.screen(phrase.text))),
    )


def _covering(operator: CompiledPolicy, guild: CompiledPolicy, words: str, *, at_least: str = REVIEW) -> Covered | None:
    """What has an effect on these words, blocking where `at_least` says so."""
    verdict, whose = judged(operator, guild, [words])
    has_effect = verdict.blocked or (verdict.review and at_least == REVIEW)
    return Covered(verdict=verdict, whose=whose) if has_effect else None


def _hits(verdict: PromptVerdict) -> bool:
    return verdict.blocked or verdict.review


def _planned(
    listed: Mapping[tuple[TermKind, str], FilterTerm], lines: Sequence[FileLine], category: str | None
) -> Plan:
    taken: dict[tuple[TermKind, str], FilterTerm] = {}
    refused: list[RefusedLine] = []
    room = {
        patterns: (PATTERNS_MAX if patterns else TERMS_MAX)
        - sum((kind is TermKind.PATTERN) is patterns for kind, _ in listed)
        for patterns in (True, False)
    }
    for line in lines:
        try:
            term = term_of(line.text, category=line.category or category, action=line.action, kind=line.kind)
            key, patterns = (term.kind, term.folded), term.kind is TermKind.PATTERN
            if key in taken:
                raise TermRefused("twice")
            if key not in listed:
                if room[patterns] <= 0:
                    raise _too_many(patterns=patterns)
                room[patterns] -= 1
        except TermRefused as why:
            refused.append(RefusedLine(number=line.number, text=line.text, why=why))
        else:
            taken[key] = term
    changed = sum(key in listed and not term.says_the_same(listed[key]) for key, term in taken.items())
    return Plan(
        terms=tuple(taken.values()),
        new=sum(key not in listed for key in taken),
        changed=changed,
        refused=tuple(refused),
    )


def _too_many(*, patterns: bool) -> TermRefused:
    if patterns:
        return TermRefused("too_many_patterns", limit=PATTERNS_MAX)
    return TermRefused("too_many_terms", limit=TERMS_MAX)
