"""What a prompt was refused for, as members and moderators are told it."""

from typing import Final

from generation.filter_terms import OTHER
from ui import text
from ui.language import N_, _

CATEGORIES: Final = {
    "minors": N_("sexual content with minors"),
    "sexual": N_("sexual content"),
    "sexual_violence": N_("sexual violence"),
    "gore": N_("gore"),
    "self_harm": N_("self-harm"),
    "hate": N_("hate"),
    "extremism": N_("extremism"),
    "violence": N_("violence"),
    "harassment": N_("harassment"),
    "drugs": N_("drugs"),
    OTHER: N_("this server's rules"),
}
_CHARACTERS: Final = 40


def category_name(category: str | None) -> str:
    """A category: one that is known in the reader's language, any other as a moderator wrote it, made harmless."""
    if category in CATEGORIES:
        return _(CATEGORIES[category])
    return text.escaped(text.shortened(text.one_line(category or ""), _CHARACTERS)) or _(CATEGORIES[OTHER])
