"""Words for finding things again: the pages of past pictures, favourites, one job shown again, and being mentioned."""

from datetime import datetime
from typing import Final

from models import Job, JobStatus, Notify
from ui import text
from ui.language import N_, _, ngettext
from ui.wording import cards
from ui.wording.accounts import pictures

HISTORY: Final = N_("Your past pictures, with search; only you see them")
FAVOURITES: Final = N_("The pictures that you marked as favourites; only you see them")
SHOW: Final = N_("See one of your requests again; only you see it")
NOTIFY: Final = N_("Whether I mention you when a picture is done")

OPTION_SEARCH: Final = N_("Words from the prompt; the beginning of a word is enough")
OPTION_PRESET: Final = N_("Only what was made with this preset")
OPTION_FAVOURITES: Final = N_("Only your favourites, of other members' pictures as well")
OPTION_JOB: Final = N_("Pick one of your latest, or paste the id below a picture or the link to its message")
OPTION_WHEN: Final = N_("When to mention you; leave it out to see what holds now")

NOTIFY_CHOICES: Final = {
    Notify.AUTO: N_("auto: after a long wait only"),
    Notify.ALWAYS: N_("always: after every request"),
    Notify.NEVER: N_("never"),
}
_NOTIFY_MEANINGS: Final = {
    Notify.AUTO: N_(
        "**Auto** · When a request took longer than two minutes, I reply to its card and mention you: you may have "
        "looked away by then. Quick ones just appear."
    ),
    Notify.ALWAYS: N_("**Always** · Whenever one of your requests has ended, I reply to its card and mention you."),
    Notify.NEVER: N_("**Never** · I don't mention you. The card still becomes the picture when it is done."),
}

_SEARCH_CHARACTERS: Final = 80
_WORDS_HIDDEN: Final = N_("*Hidden until a moderator has looked.*")
_WORDS_FORGOTTEN: Final = N_("*The words of this one are forgotten.*")


def history_title(*, favourites: bool) -> str:
    """The headline of a page of past pictures."""
    return _("### ⭐ Your favourites") if favourites else _("### 🗂️ Your pictures")


def filters(search: str | None, preset: str | None) -> str | None:
    """What a page was asked for, in one small line; None where that is everything."""
    parts = []
    if search is not None:
        words = text.escaped(text.shortened(text.one_line(search), _SEARCH_CHARACTERS))
        parts.append(_("with “{words}”").format(words=words))
    if preset is not None:
        name = text.escaped(text.shortened(text.one_line(preset), _SEARCH_CHARACTERS))
        parts.append(_("made with **{preset}**").format(preset=name))
    return "-# " + " · ".join(parts) if parts else None


def entry_prompt(typed: str, limit: int) -> str:
    """What was typed for one of the pictures, as a quote; empty where that is forgotten."""
    return text.quoted(typed, limit) if typed else f"> {_(_WORDS_FORGOTTEN)}"


def entry_hidden() -> str:
    """Said in place of the words of somebody else's picture, while it is hidden."""
    return f"> {_(_WORDS_HIDDEN)}"


def entry_facts(job: Job) -> str:
    """When, how many, what size, which preset, what it cost, and what became of it where there is no picture."""
    size = job.request.image_size
    parts = [
        None if job.status is JobStatus.DELIVERED else cards.card_title(job.status).removeprefix("### "),
        None if job.hidden_at is None else _("🙈 hidden for now"),
        text.relative_time(job.created_at),
        _shown_pictures(job),
        text.pixels(size.width_px, size.height_px),
        f"**{text.escaped(job.recipe.preset)}**" if job.recipe.preset else None,
        text.money(job.settled_micros) if job.settled_micros else _("nothing was charged"),
    ]
    return "-# " + " · ".join(part for part in parts if part)


def entry_marks(job: Job, *, link: str | None, favourite: bool, mine: bool) -> str:
    """The star, whose it is where it is somebody else's, the way to its message, and its id."""
    parts = [
        "⭐" if favourite else None,
        None if mine else _("by {author}").format(author=f"<@{job.origin.user_id}>"),
        None if link is None else f"[{to_message()}]({link})",
        text.job_reference(job.job_id),
    ]
    return "-# " + " · ".join(part for part in parts if part)


def page_number(number: int, pages: int, total: int) -> str:
    """Where in the list one is."""
    count = ngettext("{count} request", "{count} requests", total).format(count=total)
    if pages == 1:
        return "-# " + _("{count} · newest first").format(count=count)
    return "-# " + _("page {number} of {pages} · {count} · newest first").format(
        number=number, pages=pages, count=count
    )


def to_message() -> str:
    """The way to the card of one of the pictures."""
    return _("Go to the message")


def previous_page() -> str:
    """The button to the page before."""
    return _("Previous")


def next_page() -> str:
    """The button to the page after."""
    return _("Next")


def nothing_found(*, favourites: bool, filtered: bool) -> str:
    """Said instead of an empty page: what to do about it."""
    if filtered:
        return _(
            "Nothing found. Try fewer words, or only their beginnings. What was typed is forgotten after a while, and "
            "can't be searched any more: `/history` without options shows everything that is left."
        )
    if favourites:
        return _("You have no favourites here yet. Press ⭐ **Favourite** below a picture that you like.")
    return _("You have no pictures here yet. `/imagine` makes one, and it is listed here once it is done.")


def choice(job: Job, words: str, now: datetime, limit: int) -> str:
    """One of the latest requests in the list that appears as `/show` is typed."""
    age = now - job.created_at
    minutes = max(0, int(age.total_seconds()) // 60)
    if minutes < 60:
        ago = _("{count} min ago").format(count=minutes)
    elif minutes < 60 * 24:
        ago = _("{count} h ago").format(count=minutes // 60)
    else:
        days = minutes // (60 * 24)
        ago = ngettext("{count} day ago", "{count} days ago", days).format(count=days)
    typed = text.one_line(words) or _("(forgotten)")
    return f"{text.shortened(typed, limit - len(ago) - 3)} · {ago}"


def kept_note() -> str:
    """Said below pictures that could not be posted."""
    return "-# " + _(
        "📭 These could not be posted in the channel. I keep them for you for about a week; download what you want."
    )


def notify_page(notify: Notify, *, changed: bool) -> str:
    """What the member's setting means, and how to change it."""
    title = _("### 🔔 Noted") if changed else _("### 🔔 When I mention you")
    hint = _("It holds in every server that I am in. Change it with `/notify` and its option `when`.")
    return f"{title}\n{_(_NOTIFY_MEANINGS[notify])}\n-# {hint}"


def _shown_pictures(job: Job) -> str | None:
    if job.status is not JobStatus.DELIVERED:
        return None
    if job.images_released == job.images_requested:
        return pictures(job.images_released)
    return _("{count} of {pictures}").format(count=job.images_released, pictures=pictures(job.images_requested))
