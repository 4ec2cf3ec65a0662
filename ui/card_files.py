"""The files that lie on one of the bot's own messages.

Discord lists a file under a message's attachments only while no component shows it; one that is shown is found where
it is shown, with its id. Both places are looked at, so that nothing here depends on which of them Discord prefers.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import discord


def files_on(message: discord.Message) -> list[discord.Attachment]:
    """Every file of the message once, those in galleries first and in their order."""
    found: dict[int, discord.Attachment] = {}
    for file in (*_shown(message), *message.attachments):
        found.setdefault(file.id, file)
    return list(found.values())


def _shown(message: discord.Message) -> Iterator[discord.Attachment]:
    parts = list(_walk(message.components))
    galleries = [part for part in parts if isinstance(part, discord.MediaGalleryComponent)]
    yield from _as_files(message, [item.media for gallery in galleries for item in gallery.items])
    yield from _as_files(message, [part.media for part in parts if isinstance(part, discord.ThumbnailComponent)])


def _as_files(message: discord.Message, shown: list[discord.UnfurledMediaItem]) -> Iterator[discord.Attachment]:
    for media in shown:
        if media.attachment_id is not None:
            yield discord.Attachment(
                data={
                    "id": media.attachment_id,
                    "filename": unquote(PurePosixPath(urlsplit(media.url).path).name),
                    "size": 0,  # not said here, and of no interest to whoever edits or fetches
                    "url": media.url,
                    "proxy_url": media.proxy_url or media.url,
                },
                state=message._state,  # discord.py has no other way to make an attachment of what it read
            )


def _walk(components: Any) -> Iterator[Any]:
    for component in components:
        yield component
        yield from _walk(getattr(component, "children", ()))
        if (accessory := getattr(component, "accessory", None)) is not None:
            yield accessory
