"""Draws Discord's components as HTML: texts, pictures, buttons, menus, forms. Everything that is text is escaped."""

import base64
import html
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from PIL import Image

from sandbox.demo.client_language import ClientLanguage
from sandbox.demo.markdown import Reader
from sandbox.discord import Attachment, Json

# Shown at 600 pixels at most; twice that keeps them sharp on a dense screen.
_EMBEDDED_PX: Final = 1000
_THUMBNAIL_PX: Final = 170
_EMBEDDED_QUALITY: Final = 82
_GALLERIES: Final = {1: "one", 2: "two", 3: "three", 4: "four"}
_BUTTONS: Final = {1: "primary", 3: "success", 4: "danger"}
_LINK: Final = 5
_TEXT_INPUT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Artist:
    """Draws the components of one message.

    `attachments` are the message's files by id, `hosted` every file by its path on the CDN, `saved` the names that
    files have beside the page.
    """

    reader: Reader
    attachments: Mapping[int, Attachment] = field(default_factory=dict)
    hosted: Mapping[str, Attachment] = field(default_factory=dict)
    saved: Mapping[int, str] = field(default_factory=dict)

    def draw(self, part: Json) -> str:
        """A component with all that it holds."""
        drawers: Mapping[int, Callable[[Json], str]] = {
            1: self._row,
            2: self._button,
            9: self._section,
            10: self.text,
            11: self._thumbnail,
            12: self._gallery,
            13: self._file,
            14: lambda _: "<hr>",
            17: self._container,
        }
        return drawers.get(part.get("type", 0), self._menu)(part)

    def text(self, part: Json) -> str:
        """Markdown."""
        return f'<div class="text">{self.reader.html(part["content"])}</div>' if part["content"] else ""

    def pictures(self, pictures: Sequence[tuple[Attachment, str | None]]) -> str:
        """Pictures with their alt texts, as a gallery."""
        kind = _GALLERIES.get(len(pictures), "many")
        links = []
        for attachment, alt_text in pictures:
            name = self.saved.get(attachment.id)
            target = f' href="{html.escape(name)}"' if name else ""
            links.append(f"<a{target}>{_image(attachment, alt_text)}</a>")
        return f'<div class="gallery {kind}">{"".join(links)}</div>'

    def _children(self, part: Json) -> str:
        return "".join(self.draw(child) for child in part.get("components", ()))

    def _container(self, part: Json) -> str:
        colour = part.get("accent_color")
        accent = f'<div class="accent" style="background:#{colour:06x}"></div>' if isinstance(colour, int) else ""
        return f'<div class="container">{accent}{self._children(part)}</div>'

    def _row(self, part: Json) -> str:
        return f'<div class="row">{self._children(part)}</div>'

    def _button(self, part: Json) -> str:
        kinds = ["button", _BUTTONS.get(part["style"], ""), "off" if part.get("disabled") else ""]
        emoji = (part.get("emoji") or {}).get("name")
        label = " ".join(html.escape(word) for word in (emoji, part.get("label")) if word)
        arrow = '<span class="out">↗</span>' if part["style"] == _LINK else ""
        return f'<span class="{" ".join(filter(None, kinds))}">{label}{arrow}</span>'

    def _menu(self, part: Json) -> str:
        chosen = [option["label"] for option in part.get("options", ()) if option.get("default")]
        for default in part.get("default_values", ()):
            sign = "#" if default["type"] == "channel" else "@"
            chosen.append(sign + self.reader.names.get(int(default["id"]), "unknown"))
        words = ", ".join(chosen) or part.get("placeholder") or self.reader.language.choose
        kind = "select" if chosen else "select empty"
        return f'<div class="{kind}"><span>{html.escape(str(words))}</span><span class="open">⌄</span></div>'

    def _section(self, part: Json) -> str:
        return f'<div class="section"><div>{self._children(part)}</div>{self.draw(part["accessory"])}</div>'

    def _thumbnail(self, part: Json) -> str:
        attachment = self._attachment(part["media"])
        if attachment is None:
            return ""
        return _image(attachment, part.get("description"), "thumbnail", longest_px=_THUMBNAIL_PX)

    def _gallery(self, part: Json) -> str:
        found = [(self._attachment(item["media"]), item.get("description")) for item in part["items"]]
        return self.pictures([(attachment, text) for attachment, text in found if attachment is not None])

    def _file(self, part: Json) -> str:
        return f'<div class="file">📄 {html.escape(str(part.get("name")))}</div>'

    def _attachment(self, media: Json) -> Attachment | None:
        own = self.attachments.get(int(media.get("attachment_id", 0)))
        return own or self.hosted.get(urlsplit(str(media.get("url", ""))).path)


def form(modal: Json, filled_in: Mapping[str, str], language: ClientLanguage) -> str:
    """A modal with what stands in its fields; `filled_in` goes before what it was opened with."""
    fields = "".join(_field(part, filled_in, language) for part in modal["components"])
    return (
        f'<section class="modal"><h2>{html.escape(modal["title"])}</h2>{fields}'
        f'<div class="row"><span class="button">{language.cancel}</span>'
        f'<span class="button primary">{language.submit}</span></div></section>'
    )


def media_in(parts: Sequence[Json]) -> list[Json]:
    """Every media object that the components show."""
    found: list[Json] = []
    for part in parts:
        found += [part[key] for key in ("media", "file") if isinstance(part.get(key), dict)]
        for key in ("components", "items"):
            found += media_in(part.get(key, ()))
        if isinstance(part.get("accessory"), dict):
            found += media_in([part["accessory"]])
    return found


def _field(part: Json, filled_in: Mapping[str, str], language: ClientLanguage) -> str:
    """A labelled input of a modal."""
    wanted = part.get("component") or {}
    required = '<span class="required">*</span>' if wanted.get("required") else ""
    hint = f"<small>{html.escape(part['description'])}</small>" if part.get("description") else ""
    head = f'<div class="label">{html.escape(str(part.get("label", "")))}{required}</div>{hint}'
    written = filled_in.get(wanted.get("custom_id", ""))
    if wanted.get("type") == _TEXT_INPUT:
        value, ghost = written or wanted.get("value") or "", wanted.get("placeholder") or ""
        kind = "input tall" if wanted.get("style") == 2 else "input"
        shown = html.escape(value) or f'<span class="ghost">{html.escape(ghost)}</span>'
        return f'<div class="field">{head}<div class="{kind}">{shown}</div></div>'
    options = wanted.get("options", ())
    chosen = [option["label"] for option in options if option["value"] == written]
    chosen = chosen or [option["label"] for option in options if option.get("default")]
    words = html.escape(", ".join(chosen) or wanted.get("placeholder") or language.choose)
    return f'<div class="field">{head}<div class="select"><span>{words}</span><span class="open">⌄</span></div></div>'


def _image(attachment: Attachment, alt_text: str | None, kind: str = "", *, longest_px: int = _EMBEDDED_PX) -> str:
    """The picture itself, inside of the page; what can't be read as one is named instead."""
    try:
        data = _embedded(attachment.read(), longest_px)
    except (LookupError, OSError, ValueError):
        return f'<span class="file">📄 {html.escape(attachment.filename)}</span>'
    alt = html.escape(alt_text or "")
    of_kind = f' class="{kind}"' if kind else ""
    encoded = base64.b64encode(data).decode()
    return f'<img{of_kind} alt="{alt}" title="{alt}" src="data:image/webp;base64,{encoded}">'


def _embedded(data: bytes, longest_px: int) -> bytes:
    """The picture small enough to be carried in the page."""
    with Image.open(io.BytesIO(data)) as image:
        small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    small.thumbnail((longest_px, longest_px))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=_EMBEDDED_QUALITY)
    return buffer.getvalue()
