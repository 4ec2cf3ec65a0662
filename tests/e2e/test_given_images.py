"""Images that members give, the whole way: from Discord's CDN onto the card and into the provider's arrays."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from bot import Easel
from sandbox.discord import Attachment, Channel, DiscordStandIn, Member, Message, Run, Upload, routes
from sandbox.pixazo import PixazoStandIn
from storage import jobs
from tests.e2e.in_process import SkippingClock, easel
from tests.imaging.files import drawing, encoded

PHOTO: Final = Upload(filename="photo.png", data=encoded(drawing(size=(320, 240))))


class Studio:
    """A member in a channel of a running bot."""

    def __init__(self, discord: DiscordStandIn, pixazo: PixazoStandIn) -> None:
        guild = discord.add_guild()
        self.discord = discord
        self.pixazo = pixazo
        self.ada: Member = guild.add_member("ada")
        self.channel: Channel = guild.add_channel("art")

    async def use(self, name: str, **options: Any) -> Run:
        given = {"prompt": "a red fox", "image": PHOTO, "seed": 7, **options}
        return await self.discord.slash(self.ada, self.channel, name, given)

    async def previewed(self, mode: str, **options: Any) -> Message:
        message = await (await self.use("control", mode=mode, **options)).message()
        return await message.changed(lambda changed: not changed.loading)

    async def generated(self, preview: Message) -> Message:
        return await finished(await self.discord.click(self.ada, preview, "Generate"))

    def body(self) -> dict[str, Any]:
        """The only body that was submitted, without what every body has."""
        [submission] = self.pixazo.accepted()
        every = {"prompt", "image_size", "num_images", "seed", "enable_safety_checker"}
        return {name: value for name, value in (submission.body or {}).items() if name not in every}

    async def opened(self, url: str) -> bytes:
        """What the provider gets at an address."""
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            assert response.status == 200
            return await response.read()


async def finished(run: Run) -> Message:
    """The card that a command or a press was answered with, once it is the gallery."""
    card = await run.message()
    return await card.changed(lambda changed: changed.gallery(), timeout=30.0)


def given_on(card: Message) -> Attachment:
    """The member's own image beside the words of the gallery."""
    [thumbnail] = [part for part in card.walk() if part["type"] == 11]
    [given] = [file for file in card.attachments if str(file.id) == thumbnail["media"]["attachment_id"]]
    assert given not in card.gallery()
    assert len(card.attachments) == len(card.gallery()) + 1
    return given


@pytest.fixture
def start(tmp_path: Path, discord: DiscordStandIn, pixazo: PixazoStandIn) -> Callable[[], Any]:
    """Starts a bot on the same database as the one before."""
    return lambda: easel(tmp_path / "easel.db", discord, pixazo, SkippingClock())


@pytest.fixture
def studio(discord: DiscordStandIn, pixazo: PixazoStandIn) -> Studio:
    return Studio(discord, pixazo)


@pytest.fixture
async def bot(start: Callable[[], Any]) -> AsyncIterator[Easel]:
    async with start() as running:
        yield running


async def test_a_map_reaches_the_provider_by_the_address_of_the_cards_file(studio: Studio, bot: Easel) -> None:
    preview = await studio.previewed("canny", strength=0.5, end=0.8)
    [shown] = preview.gallery()
    seen = shown.read()
    card = await studio.generated(preview)
    given = given_on(card)
    assert given.read() == seen
    [union] = studio.body()["controlnet_unions"]
    [control] = union["controls"]
    url = control.pop("control_image_url")
    assert url.startswith(studio.discord.origin + given.path)
    assert await studio.opened(url) == seen
    assert control == {"control_mode": "canny", "conditioning_scale": 0.5, "end_percentage": 0.8}
    assert union["path"] == "Shakker-Labs/FLUX.1-dev-ControlNet-Union-Pro"


@pytest.mark.parametrize(
    ("mode", "array", "address", "fields"),
    [
        (
            "net-depth",
            "controlnets",
            "control_image_url",
            {"path": "Shakker-Labs/FLUX.1-dev-ControlNet-Depth", "conditioning_scale": 0.5},
        ),
        (
            "lora-canny",
            "control_loras",
            "control_image_url",
            {
                "path": "https://huggingface.co/black-forest-labs/FLUX.1-Canny-dev-lora/resolve/main/"
                "flux1-canny-dev-lora.safetensors",
                "preprocess": "canny",
            },
        ),
        (
            "easy-pose",
            "easycontrols",
            "image_url",
            {"control_method_url": "pose", "image_control_type": "spatial"},
        ),
    ],
)
async def test_each_array_of_a_control_mode_has_its_fields(
    studio: Studio, bot: Easel, mode: str, array: str, address: str, fields: dict[str, Any]
) -> None:
    card = await studio.generated(await studio.previewed(mode))
    body = studio.body()
    [element] = body.pop(array)
    assert body == {}
    assert element.pop(address).startswith(studio.discord.origin + given_on(card).path)
    assert element == fields


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("style", {"strength": 0.8, "end": 0.5}, {"reference_strength": 0.8, "reference_end": 0.5}),
        (
            "ip-adapter",
            {},
            {
                "use_real_cfg": True,
                "ip_adapters": [
                    {
                        "path": "XLabs-AI/flux-ip-adapter",
                        "weight_name": "ip_adapter.safetensors",
                        "image_encoder_path": "openai/clip-vit-large-patch14",
                        "scale": 0.6,
                    }
                ],
            },
        ),
        (
            "subject",
            {},
            {"easycontrols": [{"control_method_url": "subject", "image_control_type": "subject"}]},
        ),
    ],
)
async def test_each_kind_of_reference_has_its_fields(
    studio: Studio, bot: Easel, kind: str, options: dict[str, Any], expected: dict[str, Any]
) -> None:
    card = await finished(await studio.use("reference", kind=kind, count=2, **options))
    body = studio.body()
    holder = next((body[array][0] for array in ("ip_adapters", "easycontrols") if array in body), body)
    url = holder.pop("image_url" if holder is not body else "reference_image_url")
    assert url.startswith(studio.discord.origin + given_on(card).path)
    assert await studio.opened(url) == given_on(card).read()
    assert body == expected
    assert len(card.gallery()) == 2


async def test_a_preview_works_after_a_restart(studio: Studio, start: Callable[[], Any], pixazo: PixazoStandIn) -> None:
    async with start():
        preview = await studio.previewed("canny")
        before = preview.text()
    async with start():
        opened = await studio.discord.click(studio.ada, preview, "Adjust…")
        await opened.answered()
        await studio.discord.submit_modal(opened, {"thresholds": "1 2", "strength": "0.4"})
        await preview.changed(lambda changed: "faint from 1, clear from 2" in changed.text())
        assert preview.text() != before
    async with start():
        await studio.generated(preview)
        await preview.changed(lambda changed: not changed.buttons())
    [control] = studio.body()["controlnet_unions"][0]["controls"]
    assert control["conditioning_scale"] == 0.4
    assert len(pixazo.accepted()) == 1


async def test_a_form_sent_off_after_a_restart_is_answered(studio: Studio, start: Callable[[], Any]) -> None:
    async with start():
        preview = await studio.previewed("gray")
        opened = await studio.discord.click(studio.ada, preview, "Adjust…")
        await opened.answered()
    async with start():
        run = await studio.discord.submit_modal(opened, {"strength": "0.4"})
        assert (await run.answered()).kind == "update"
        assert "**Strength** 0.4" in preview.text()


async def test_a_card_that_its_image_never_reached_costs_nothing(
    studio: Studio, start: Callable[[], Any], tmp_path: Path, pixazo: PixazoStandIn
) -> None:
    refused = studio.discord.faults.add("PATCH", routes.ORIGINAL, status=400, code=50035, times=1)
    clock = SkippingClock()
    async with easel(tmp_path / "easel.db", studio.discord, pixazo, clock) as bot:
        run = await studio.use("reference", kind="style")
        card = await run.message()
        await refused.happened()
        await clock.run_until(lambda: "Nothing was charged" in card.text(), what="the end of the job")
        assert "not on this message" in card.text()
        rows = await bot.database.fetch_all("SELECT job_id FROM jobs")
        [job] = [await jobs.find(bot.database, row["job_id"]) for row in rows]
    assert job.settled_micros == 0
    assert pixazo.submissions == []
