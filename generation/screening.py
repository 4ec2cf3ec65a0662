"""What a guild's list and the operator's beneath it say of a wish's words. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from safety.prompts import Action, CompiledPolicy, Pattern, PromptVerdict, Term, View
from storage.filters import FilterTerm, TermKind

__all__ = ["NO_POLICY", "CompiledPolicy", "PromptVerdict", "Screening", "View", "Whose", "judged", "policy_of"]

# Most guilds have no list of their own: all of them share this one.
NO_POLICY: Final = CompiledPolicy((), (), ())


class Whose(StrEnum):
    """Whose list an entry is on."""

    OPERATOR = "operator"
    GUILD = "guild"


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What the lists of these versions say; `whose` is the list that the verdict comes from."""

    verdict: PromptVerdict
    whose: Whose
    guild_version: int
    operator_version: int


def policy_of(terms: Iterable[FilterTerm]) -> CompiledPolicy:
    """The entries of one list, ready for use. Raises ValueError for one that can't be read."""
    kept = tuple(terms)
    if not kept:
        return NO_POLICY
    return CompiledPolicy(
        tuple(Term(term.text, term.category, Action(term.action)) for term in kept if term.kind is TermKind.BLOCK),
        tuple(term.text for term in kept if term.kind is TermKind.ALLOW),
        tuple(Pattern(term.text, term.category, Action(term.action)) for term in kept if term.kind is TermKind.PATTERN),
    )


def judged(operator: CompiledPolicy, guild: CompiledPolicy, texts: Sequence[str]) -> tuple[PromptVerdict, Whose]:
    """The gravest verdict on any of the texts, and whose it is; the operator's goes before an equal one of the guild's.

    Each list knows its own allowed phrases only, so that a guild's excuse nothing that the operator blocks.
    """
    gravest, whose = PromptVerdict(), Whose.OPERATOR
    for text in filter(None, texts):
        for policy, its in ((operator, Whose.OPERATOR), (guild, Whose.GUILD)):
            if policy is NO_POLICY:
                continue
            verdict = policy.screen(text)
            if verdict.blocked:
                return verdict, its
            if verdict.review and not gravest.review:
                gravest, whose = verdict, its
    return gravest, whose
