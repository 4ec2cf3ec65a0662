"""Fetching what members attached from the CDN of the Discord stand-in, and what goes wrong with it."""

import errno
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from errors import StorageUnavailable, UnusableImage
from generation.attachments import AttachmentFetcher
from parameters import INPUT_MAX_BYTES
from provider.safe_download import SafeDownloader
from sandbox.discord import Attachment, DiscordStandIn, Upload, routes
from tests.support import FakeClock


@pytest.fixture
async def discord(clock: FakeClock) -> AsyncIterator[DiscordStandIn]:
    async with DiscordStandIn(now=clock.now) as stand_in:
        yield stand_in


@pytest.fixture
async def fetcher(discord: DiscordStandIn, tmp_path: Path) -> AsyncIterator[AttachmentFetcher]:
    downloader = SafeDownloader([discord.origin], max_bytes=INPUT_MAX_BYTES)
    await downloader.start()
    yield AttachmentFetcher(downloader, folder=tmp_path)
    await downloader.close()


def attached(discord: DiscordStandIn, data: bytes = b"picture") -> Attachment:
    """A file on the CDN."""
    guild = discord.add_guild()
    file = Upload(filename="fox.png", data=data)
    return discord.post(guild.add_member("ada"), guild.add_channel("art"), "look", [file]).attachments[0]


class FullDisk(io.BytesIO):
    """A file that takes nothing."""

    def write(self, data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


async def refusal(fetcher: AttachmentFetcher, url: str, size_bytes: int | None = None) -> str:
    with pytest.raises(UnusableImage) as raised:
        await fetcher.fetch(url, size_bytes, io.BytesIO())
    return raised.value.why


@pytest.mark.parametrize("size_bytes", [7, None])
async def test_attachment_is_written_whole(
    discord: DiscordStandIn, fetcher: AttachmentFetcher, size_bytes: int | None
) -> None:
    file = io.BytesIO()
    await fetcher.fetch(discord.url_of(attached(discord)), size_bytes, file)
    assert file.getvalue() == b"picture"


async def test_file_of_an_attachment_has_no_name_and_goes_with_its_context(
    discord: DiscordStandIn, fetcher: AttachmentFetcher, tmp_path: Path
) -> None:
    async with fetcher.fetched(discord.url_of(attached(discord)), 7) as file:
        assert file.read() == b"picture"
        assert os.fstat(file.fileno()).st_nlink == 0
        assert list(tmp_path.iterdir()) == []
    assert file.closed


@pytest.mark.parametrize(("size_bytes", "why"), [(0, "empty"), (INPUT_MAX_BYTES + 1, "too_large")])
async def test_size_that_can_not_be_used_is_refused_before_any_download(
    discord: DiscordStandIn, fetcher: AttachmentFetcher, size_bytes: int, why: str
) -> None:
    url = discord.url_of(attached(discord))
    assert await refusal(fetcher, url, size_bytes) == why
    with pytest.raises(UnusableImage, match=why):
        async with fetcher.fetched(url, size_bytes):
            pass
    assert len(discord.exchanges) == 0


@pytest.mark.parametrize(("data", "why"), [(b"", "empty"), (bytes(INPUT_MAX_BYTES + 1), "too_large")])
async def test_size_that_was_not_told_is_found_out(
    discord: DiscordStandIn, fetcher: AttachmentFetcher, data: bytes, why: str
) -> None:
    assert await refusal(fetcher, discord.url_of(attached(discord, data))) == why


async def test_largest_attachment_is_taken(discord: DiscordStandIn, fetcher: AttachmentFetcher) -> None:
    file = io.BytesIO()
    await fetcher.fetch(discord.url_of(attached(discord, bytes(INPUT_MAX_BYTES))), INPUT_MAX_BYTES, file)
    assert len(file.getvalue()) == INPUT_MAX_BYTES


async def test_deleted_attachment_is_gone(discord: DiscordStandIn, fetcher: AttachmentFetcher) -> None:
    attachment = attached(discord)
    attachment.delete()
    assert await refusal(fetcher, discord.url_of(attachment)) == "gone"


async def test_attachment_whose_address_ran_out_is_gone(
    discord: DiscordStandIn, fetcher: AttachmentFetcher, clock: FakeClock
) -> None:
    url = discord.url_of(attached(discord))
    clock.advance(24 * 60 * 60)
    assert await refusal(fetcher, url) == "gone"


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"status": 403}, "gone"),
        ({"status": 410}, "gone"),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}}, "not_fetched"),
        ({"status": 429}, "not_fetched"),
        ({"status": 503}, "not_fetched"),
        ({"drop": True, "times": None}, "not_fetched"),
        ({"status": 200, "body": "<html>Maintenance</html>"}, "not_an_image"),
    ],
)
async def test_other_answers_are_told_apart(
    discord: DiscordStandIn, fetcher: AttachmentFetcher, how: dict[str, Any], why: str
) -> None:
    url = discord.url_of(attached(discord))
    discord.faults.add("GET", routes.ATTACHMENT, **how)
    assert await refusal(fetcher, url) == why


async def test_address_elsewhere_is_not_fetched(fetcher: AttachmentFetcher, discord: DiscordStandIn) -> None:
    assert not fetcher.admits("https://example.org/fox.png")
    assert await refusal(fetcher, "https://example.org/fox.png") == "not_fetched"
    assert fetcher.admits(discord.url_of(attached(discord)))


async def test_folder_that_is_not_there_and_a_full_disk_are_faults_of_ours(
    discord: DiscordStandIn, tmp_path: Path
) -> None:
    downloader = SafeDownloader([discord.origin])
    await downloader.start()
    url = discord.url_of(attached(discord))
    try:
        with pytest.raises(StorageUnavailable):
            async with AttachmentFetcher(downloader, folder=tmp_path / "nowhere").fetched(url, 7):
                pass
        with pytest.raises(StorageUnavailable):
            await AttachmentFetcher(downloader).fetch(url, 7, FullDisk())
    finally:
        await downloader.close()
