"""The transcript as one HTML file that needs nothing else: it looks like the channel, pictures and all."""

import base64
import hashlib
import html
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from PIL import Image

from sandbox.demo.channel import ChannelView, Mark, shown_name
from sandbox.demo.markdown import Reader
from sandbox.discord import Attachment, Json, TranscriptEntry

_STYLE: Final = Path(__file__).with_name("page.css")
# Shown at 600 pixels at most; twice that keeps them sharp on a dense screen.
_EMBEDDED_PX: Final = 1000
_EMBEDDED_QUALITY: Final = 82
_AT_ONCE_SECONDS: Final = 0.1
_GALLERIES: Final = {1: "one", 2: "two", 3: "three", 4: "four"}
_BUTTONS: Final = {1: "primary", 3: "success", 4: "danger"}
_AVATARS: Final = ("#f0617a", "#e8833a", "#c9a227", "#3fa66b", "#2f9e9e", "#4a8fe0", "#8a6fe8", "#c765c9")
_EYE: Final = "👁"


def render(view: ChannelView) -> str:
    """The page. Everything that members or the bot wrote is escaped."""
    body: list[str] = []
    day: str | None = None
    for item in view.in_order():
        if day != (day := f"{item.at.day} {item.at:%B %Y}"):
            body.append(f'<div class="day"><span>{day}</span></div>')
        if isinstance(item, Mark):
            body.append(f'<div class="mark"><span>{html.escape(item.text)}</span></div>')
        else:
            body.append(_Message(view, item).render())
    title = f"#{view.channel} · {view.guild}"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        f'<header><span class="hash">#</span><h1>{html.escape(view.channel)}</h1>'
        f'<span class="topic">{html.escape(view.guild)}</span></header>\n'
        f"<main>\n{chr(10).join(body)}\n</main>\n"
        f"<footer>Recorded by Easel's demo: the real bot, stand-ins for Discord and the image API.</footer>\n"
        "</body>\n</html>\n"
    )


class _Message:
    """Draws one message."""

    def __init__(self, view: ChannelView, entry: TranscriptEntry) -> None:
        self._view = view
        self._entry = entry
        self._reader = Reader(now=entry.at, names=view.names)
        self._attachments = {attachment.id: attachment for attachment in entry.attachments}
        self._drawers: Mapping[int, Callable[[Json], str]] = {
            1: self._row,
            2: self._button,
            9: self._section,
            10: self._text,
            11: self._thumbnail,
            12: self._gallery,
            13: self._file,
            14: lambda _: "<hr>",
            17: self._container,
        }

    def render(self) -> str:
        entry = self._entry
        kinds = ["message", "private" if entry.visible_to else "", "deleted" if entry.deleted else ""]
        tag = '<span class="tag">APP</span>' if entry.author_is_bot else ""
        avatar = _bot_avatar() if entry.author_is_bot else _avatar(entry.author)
        name = entry.author if entry.author_is_bot else shown_name(entry.author)
        drawn = [self._draw(part) for part in entry.components] or [self._text({"content": entry.text})]
        shown = {int(media.get("attachment_id", 0)) for media in _media_in(entry.components)}
        loose = [attachment for attachment in entry.attachments if attachment.id not in shown]
        if loose:
            drawn.append(self._pictures([(attachment, attachment.description) for attachment in loose]))
        return (
            f'<article class="{" ".join(filter(None, kinds))}" id="message-{entry.message_id}">{self._used()}'
            f'{avatar}<div class="head"><span class="name">{html.escape(name)}</span>{tag}{_clock(entry.at)}</div>'
            f"{''.join(drawn)}{self._notes()}</article>"
        )

    def _used(self) -> str:
        """The line above an answer: who used which command."""
        who, used, command = (self._entry.command or "").partition(" used ")
        if not used or not command.startswith("/"):
            return ""
        name, word = html.escape(shown_name(who)), html.escape(command)
        return f'<div class="used">{_avatar(who)}<b>{name}</b> used <span class="command">{word}</span></div>'

    def _notes(self) -> str:
        notes = []
        if self._entry.visible_to:
            notes.append(f"{_EYE} Only {html.escape(shown_name(self._entry.visible_to))} can see this")
        if self._entry.deleted:
            notes.append("deleted")
        elif self._entry.edits:
            notes.append(f"(edited) {self._past()}".rstrip())
        return f'<div class="note">{" · ".join(notes)}</div>' if notes else ""

    def _past(self) -> str:
        """What the message said before, and when it came to say what it says."""
        states = self._view.states.get(self._entry.message_id, ())
        if len(states) < 2:
            return ""
        words = [self._reader.inline(state.headline) for state in states]
        took = (states[-1].at - states[0].at).total_seconds()
        when = f"after {took:.1f} s" if took >= _AT_ONCE_SECONDS else "at once"
        return f'<span class="past">{" → ".join(words)} {when}</span>'

    def _draw(self, part: Json) -> str:
        drawer = self._drawers.get(part.get("type", 0))
        return drawer(part) if drawer else f'<div class="select">{html.escape(str(part.get("placeholder", "…")))}</div>'

    def _children(self, part: Json) -> str:
        return "".join(self._draw(child) for child in part.get("components", ()))

    def _container(self, part: Json) -> str:
        colour = part.get("accent_color")
        accent = f'<div class="accent" style="background:#{colour:06x}"></div>' if isinstance(colour, int) else ""
        return f'<div class="container">{accent}{self._children(part)}</div>'

    def _text(self, part: Json) -> str:
        return f'<div class="text">{self._reader.html(part["content"])}</div>' if part["content"] else ""

    def _row(self, part: Json) -> str:
        return f'<div class="row">{self._children(part)}</div>'

    def _button(self, part: Json) -> str:
        kinds = ["button", _BUTTONS.get(part["style"], ""), "off" if part.get("disabled") else ""]
        emoji = (part.get("emoji") or {}).get("name")
        label = " ".join(html.escape(word) for word in (emoji, part.get("label")) if word)
        return f'<span class="{" ".join(filter(None, kinds))}">{label}</span>'

    def _section(self, part: Json) -> str:
        return f'<div class="section"><div>{self._children(part)}</div>{self._draw(part["accessory"])}</div>'

    def _thumbnail(self, part: Json) -> str:
        attachment = self._attachment(part["media"])
        return _image(attachment, part.get("description"), "thumbnail") if attachment else ""

    def _gallery(self, part: Json) -> str:
        found = [(self._attachment(item["media"]), item.get("description")) for item in part["items"]]
        return self._pictures([(attachment, text) for attachment, text in found if attachment is not None])

    def _pictures(self, pictures: Sequence[tuple[Attachment, str | None]]) -> str:
        kind = _GALLERIES.get(len(pictures), "many")
        links = []
        for attachment, alt_text in pictures:
            saved = self._view.files.get(attachment.id)
            target = f' href="{html.escape(saved)}"' if saved else ""
            links.append(f"<a{target}>{_image(attachment, alt_text)}</a>")
        return f'<div class="gallery {kind}">{"".join(links)}</div>'

    def _file(self, part: Json) -> str:
        return f'<div class="file">📄 {html.escape(str(part.get("name")))}</div>'

    def _attachment(self, media: Json) -> Attachment | None:
        return self._attachments.get(int(media.get("attachment_id", 0)))


def _media_in(parts: Sequence[Json]) -> list[Json]:
    """Every media object that the components show."""
    found: list[Json] = []
    for part in parts:
        found += [part[key] for key in ("media", "file") if isinstance(part.get(key), dict)]
        for key in ("components", "items"):
            found += _media_in(part.get(key, ()))
        if isinstance(part.get("accessory"), dict):
            found += _media_in([part["accessory"]])
    return found


def _image(attachment: Attachment, alt_text: str | None, kind: str = "") -> str:
    """The picture itself, inside of the page; what can't be read as one is named instead."""
    try:
        data = _embedded(attachment.read())
    except (LookupError, OSError, ValueError):
        return f'<span class="file">📄 {html.escape(attachment.filename)}</span>'
    alt = html.escape(alt_text or "")
    of_kind = f' class="{kind}"' if kind else ""
    encoded = base64.b64encode(data).decode()
    return f'<img{of_kind} alt="{alt}" title="{alt}" src="data:image/webp;base64,{encoded}">'


def _embedded(data: bytes) -> bytes:
    """The picture small enough to be carried in the page."""
    with Image.open(io.BytesIO(data)) as image:
        small = image.convert("RGB")
    small.thumbnail((_EMBEDDED_PX, _EMBEDDED_PX))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=_EMBEDDED_QUALITY)
    return buffer.getvalue()


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
