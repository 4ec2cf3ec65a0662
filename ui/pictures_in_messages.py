"""The pictures that a message shows, wherever it has them, for the commands in a message's menu.

The payload of such a command holds the whole message, also where the bot could not fetch it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import discord

# By these names Discord's clients offer to send pictures; whether one can be used shows once it is looked into.
_SUFFIXES: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".svg"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPicture:
    """A picture in a message; `size_bytes` is None where Discord does not say it."""

    url: str = field(repr=False)
    filename: str
    size_bytes: int | None


def images_in(message: discord.Message, *, admits: Callable[[str], bool]) -> tuple[ShownPicture, ...]:
    """What looks like an image in the message, by its type or name, each once, the large ones first.

    That are attachments, then galleries and files, then thumbnails, then embeds, and after all that the same of
    what was forwarded. An address that `admits` refuses is left out: pictures of foreign hosts among them.
    """
    pictures: dict[str, ShownPicture] = {}
    parts: tuple[discord.Message | discord.MessageSnapshot, ...] = (message, *message.message_snapshots)
    for part in parts:
        components = tuple(_walk(part.components))
        candidates = (
            *_attached(part.attachments),
            *_in_components(components, thumbnails=False),
            *_in_components(components, thumbnails=True),
            *_in_embeds(part.embeds),
        )
        for urls, content_type, size_bytes in candidates:
            usable = next((url for url in urls if url and admits(url)), None)
            if usable is not None and _looks_like_an_image(usable, content_type):
                picture = ShownPicture(url=usable, filename=_filename(usable), size_bytes=size_bytes)
                pictures.setdefault(urlsplit(usable).path, picture)
    return tuple(pictures.values())


# The addresses of one picture, the one to be preferred first, its content type and its size in bytes.
_Candidate = tuple[tuple[str | None, ...], str | None, int | None]


def _attached(attachments: Sequence[discord.Attachment]) -> Iterator[_Candidate]:
    for attachment in attachments:
        yield (attachment.url, attachment.proxy_url), attachment.content_type, attachment.size


def _in_components(components: Iterable[Any], *, thumbnails: bool) -> Iterator[_Candidate]:
    for component in components:
        if isinstance(component, discord.ThumbnailComponent):
            if thumbnails:
                yield _of_media(component.media)
        elif thumbnails:
            continue
        elif isinstance(component, discord.MediaGalleryComponent):
            yield from (_of_media(item.media) for item in component.items)
        elif isinstance(component, discord.FileComponent):
            yield _of_media(component.media, component.size)


def _of_media(media: discord.UnfurledMediaItem, size_bytes: int | None = None) -> _Candidate:
    return (media.url, media.proxy_url), media.content_type, size_bytes


def _in_embeds(embeds: Sequence[discord.Embed]) -> Iterator[_Candidate]:
    for embed in embeds:
        for shown in (embed.image, embed.thumbnail):
            yield (shown.url, shown.proxy_url), None, None


def _walk(components: Iterable[Any]) -> Iterator[Any]:
    """Every component, those that hold others before what they hold."""
    for component in components:
        yield component
        yield from _walk(getattr(component, "children", ()))
        if (accessory := getattr(component, "accessory", None)) is not None:
            yield accessory


def _looks_like_an_image(url: str, content_type: str | None) -> bool:
    if content_type is not None:
        return content_type.startswith("image/")
    return PurePosixPath(_filename(url)).suffix.lower() in _SUFFIXES


def _filename(url: str) -> str:
    return unquote(PurePosixPath(urlsplit(url).path).name)
