"""What moderators may put on a prompt filter's list, and how it is written. Pure.

A pattern stands between slashes; an action of `allow` makes an allowed phrase; everything else is a word or phrase that
is blocked or marked for review.
"""

import re
from typing import Final

from errors import InvalidOption, TermRefused
from parameters import check_text
from recipes import folded
from safety.prompts import Action, BadPattern, BadTerm, check_pattern, check_term
from safety.re2_patterns import PATTERN_MAX_CHARACTERS
from safety.starter_list import Category
from safety.terms import TERM_MAX_CHARACTERS
from storage.filters import FilterTerm, TermKind

CATEGORY_MAX_CHARACTERS: Final = 32
# As long as anything that can be typed for an entry: a pattern with its slashes.
TYPED_MAX_CHARACTERS: Final = PATTERN_MAX_CHARACTERS + 2
ALLOW: Final = "allow"
BLOCK: Final = Action.BLOCK.value
REVIEW: Final = Action.REVIEW.value
ACTIONS: Final = (BLOCK, REVIEW, ALLOW)

OTHER: Final = "other"
# Worded in every language; what else moderators write is shown as it is.
CATEGORIES: Final = (*(category.value for category in Category), "violence", "harassment", "drugs", OTHER)

_PATTERN: Final = re.compile(r"/(.+)/", re.DOTALL)


def term_of(
    typed: str, *, category: str | None = None, action: str | None = None, kind: str | None = None
) -> FilterTerm:
    """The entry that is meant, without who added it. Raises TermRefused.

    `kind` is what a file says besides: then a pattern need not be between slashes.
    """
    if kind is not None and kind.casefold() not in set(TermKind):
        raise TermRefused("unknown_kind", detail=kind)
    chosen = (action or BLOCK).casefold()
    if chosen not in ACTIONS:
        raise TermRefused("unknown_action", detail=chosen)
    wanted = None if kind is None else TermKind(kind.casefold())
    text = typed.strip()
    slashed = _PATTERN.fullmatch(text) if wanted in {None, TermKind.PATTERN} else None
    allowed = chosen == ALLOW or wanted is TermKind.ALLOW
    if wanted is TermKind.PATTERN or slashed:
        if allowed:
            raise TermRefused("allowed_pattern")
        return _pattern(slashed[1] if slashed else text, category_of(category), chosen)
    if allowed:
        return _phrase(TermKind.ALLOW, text, "", BLOCK)
    return _phrase(TermKind.BLOCK, text, category_of(category), chosen)


def category_of(typed: str | None) -> str:
    """The category as it is kept: a known one by its own name, any other as it was written. Raises TermRefused."""
    tidy = " ".join((typed or "").split())
    if not tidy:
        return OTHER
    try:
        check_text("category", tidy, longest=CATEGORY_MAX_CHARACTERS)
    except InvalidOption as error:
        raise TermRefused(f"category_{error.problem}", limit=CATEGORY_MAX_CHARACTERS) from error
    return next((known for known in CATEGORIES if folded(known) == folded(tidy)), tidy)


def known_category(category: str) -> str:
    """The category, or `other` for one that a moderator has made up: where only so many can be told apart."""
    return category if category in CATEGORIES else OTHER


def keys_of(typed: str) -> tuple[tuple[TermKind, str], ...]:
    """What an entry to be removed may be kept as, the likeliest first."""
    text = typed.strip()
    slashed = _PATTERN.fullmatch(text)
    if slashed:
        return ((TermKind.PATTERN, slashed[1]),)
    return ((TermKind.BLOCK, folded(text)), (TermKind.ALLOW, folded(text)), (TermKind.PATTERN, text))


def _phrase(kind: TermKind, text: str, category: str, action: str) -> FilterTerm:
    tidy = " ".join(text.split())
    _check_plain(tidy)
    try:
        check_term(tidy)
    except BadTerm as error:
        raise TermRefused(error.fault, limit=TERM_MAX_CHARACTERS) from error
    return FilterTerm(kind=kind, folded=folded(tidy), text=tidy, category=category, action=action)


def _pattern(text: str, category: str, action: str) -> FilterTerm:
    _check_plain(text)
    try:
        check_pattern(text)
    except BadPattern as error:
        raise TermRefused(f"pattern_{error.fault}", limit=PATTERN_MAX_CHARACTERS, detail=error.detail) from error
    return FilterTerm(kind=TermKind.PATTERN, folded=text, text=text, category=category, action=action)


def _check_plain(text: str) -> None:
    try:
        check_text("term", text, longest=len(text))
    except InvalidOption as error:
        raise TermRefused(error.problem) from error
