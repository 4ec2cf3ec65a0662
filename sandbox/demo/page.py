"""The transcript as one HTML file that needs nothing else: it looks like the channel, pictures and all."""

import hashlib
import html
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from sandbox.demo import drawing
from sandbox.demo.channel import ChannelView, Mark, OpenForm, shown_name
from sandbox.demo.drawing import Artist, media_in
from sandbox.demo.markdown import Reader
from sandbox.discord import TranscriptEntry

_STYLE: Final = Path(__file__).with_name("page.css")
_AT_ONCE_SECONDS: Final = 0.1
_AVATARS: Final = ("#f0617a", "#e8833a", "#c9a227", "#3fa66b", "#2f9e9e", "#4a8fe0", "#8a6fe8", "#c765c9")
_EYE: Final = "👁"


def render(view: ChannelView) -> str:
    """The page. Everything that members or the bot wrote is escaped."""
    return _document(
        view,
        f'<header><span class="hash">#</span><h1>{html.escape(view.channel)}</h1>'
        f'<span class="topic">{html.escape(view.guild)}</span></header>\n'
        f"<main>\n{chr(10).join(_items(view, dated=True))}\n</main>\n"
        f"<footer>Recorded by Easel's demo: the real bot, stand-ins for Discord and the image API.</footer>\n",
    )


def render_alone(view: ChannelView) -> str:
    """Only what is in the channel, with nothing around it: to be photographed."""
    return _document(view, f'<main class="alone">\n{chr(10).join(_items(view, dated=False))}\n</main>\n')


def _document(view: ChannelView, body: str) -> str:
    title = f"#{view.channel} · {view.guild}"
    return (
        f'<!DOCTYPE html>\n<html lang="{view.language.tag}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        f"{body}</body>\n</html>\n"
    )


def _items(view: ChannelView, *, dated: bool) -> Iterator[str]:
    day: str | None = None
    for item in view.in_order():
        if dated and day != (day := view.language.date(item.at)):
            yield f'<div class="day"><span>{day}</span></div>'
        if isinstance(item, Mark):
            yield f'<div class="mark"><span>{html.escape(item.text)}</span></div>'
        elif isinstance(item, OpenForm):
            yield drawing.form(item.modal, item.filled_in, view.language)
        else:
            yield _Message(view, item, changes=item not in view.moments).render()


class _Message:
    """Draws one message; with `changes`, it says what the message was before."""

    def __init__(self, view: ChannelView, entry: TranscriptEntry, *, changes: bool) -> None:
        self._view = view
        self._changes = changes
        self._entry = entry
        self._words = view.language
        self._reader = Reader(now=entry.at, names=view.names, language=view.language)
        self._artist = Artist(
            reader=self._reader,
            attachments={attachment.id: attachment for attachment in entry.attachments},
            hosted=view.hosted,
            saved=view.files,
        )

    def render(self) -> str:
        entry = self._entry
        kinds = ["message", "private" if entry.visible_to else "", "deleted" if entry.deleted else ""]
        tag = '<span class="tag">APP</span>' if entry.author_is_bot else ""
        avatar = _bot_avatar() if entry.author_is_bot else _avatar(entry.author)
        name = entry.author if entry.author_is_bot else shown_name(entry.author)
        drawn = [self._artist.draw(part) for part in entry.components] or [self._artist.text({"content": entry.text})]
        shown = {int(media.get("attachment_id", 0)) for media in media_in(entry.components)}
        loose = [attachment for attachment in entry.attachments if attachment.id not in shown]
        if loose:
            drawn.append(self._artist.pictures([(attachment, attachment.description) for attachment in loose]))
        return (
            f'<article class="{" ".join(filter(None, kinds))}">{self._used()}'
            f'{avatar}<div class="head"><span class="name">{html.escape(name)}</span>{tag}{_clock(entry.at)}</div>'
            f"{''.join(drawn)}{self._notes()}</article>"
        )

    def _used(self) -> str:
        """The line above an answer: who used which command."""
        who, used, command = (self._entry.command or "").partition(" used ")
        if not used or not command.startswith("/"):
            return ""
        line = self._words.used.format(
            who=f"<b>{html.escape(shown_name(who))}</b>", command=f'<span class="command">{html.escape(command)}</span>'
        )
        return f'<div class="used">{_avatar(who)}<span>{line}</span></div>'

    def _notes(self) -> str:
        notes = []
        who = self._entry.visible_to
        if who:
            words = self._words.only_you if who == self._view.reader else self._words.only_other
            notes.append(f"{_EYE} {words.format(who=html.escape(shown_name(who)))}")
        if self._entry.deleted:
            notes.append(self._words.deleted)
        elif self._entry.edits:
            notes.append(f"{self._words.edited} {self._past()}".rstrip())
        return f'<div class="note">{" · ".join(notes)}</div>' if notes else ""

    def _past(self) -> str:
        """What the message said before, and when it came to say what it says."""
        states = self._view.states.get(self._entry.message_id, ())
        if not self._changes or len(states) < 2:
            return ""
        words = [self._reader.inline(state.headline) for state in states]
        took = (states[-1].at - states[0].at).total_seconds()
        when = f"after {took:.1f} s" if took >= _AT_ONCE_SECONDS else "at once"
        return f'<span class="past">{" → ".join(words)} {when}</span>'


def _clock(at: datetime) -> str:
    return f'<time datetime="{at.isoformat()}">{at:%H:%M}</time>'


def _avatar(name: str) -> str:
    """A disc with the name's first letter, always in the same colour for the same name."""
    colour = _AVATARS[hashlib.sha256(name.encode()).digest()[0] % len(_AVATARS)]
    letter = html.escape(name[:1].upper())
    return (
        f'<svg class="avatar" viewBox="0 0 40 40" aria-hidden="true"><rect width="40" height="40" fill="{colour}"/>'
        f'<text x="20" y="27" text-anchor="middle" font-size="20" font-weight="600" fill="#fff">{letter}</text></svg>'
    )


def _bot_avatar() -> str:
    """An easel with a picture on it."""
    return (
        '<svg class="avatar" viewBox="0 0 40 40" aria-hidden="true"><rect width="40" height="40" fill="#3b2f63"/>'
        '<path d="M20 6v5M13 34l4-9M27 34l-4-9M20 25v7" stroke="#e6c79c" stroke-width="2" stroke-linecap="round"/>'
        '<rect x="10" y="10" width="20" height="15" rx="1.5" fill="#fdf6e3"/>'
        '<path d="M11.5 23.5v-3l5-5 4 4 3-2.5 5 4.5v2z" fill="#3fa66b"/><circle cx="25" cy="14" r="2" fill="#f0b232"/>'
        '<rect x="9" y="25" width="22" height="1.8" rx=".9" fill="#e6c79c"/></svg>'
    )
