"""`/imagine` from the command to the end of its card, as SimCord's members see it."""

from typing import Any

import discord
import pytest
import simcord

from models import JobStatus
from parameters import SEED_MAX, ImageSize
from tests.simcord.stage import Stage, buttons, message_of, parts, texts

MEDIA_GALLERY = 12


async def test_the_card_becomes_the_gallery_in_the_same_message(stage: Stage) -> None:
    stage.pixazo.latency = 3600.0
    result = await stage.imagine(count=2)
    card = message_of(result)
    assert not result.ephemeral
    assert not result.deferred
    assert "a lighthouse at dusk" in texts(result)
    assert "$0.18" in texts(result)
    assert buttons(result) == ["Cancel"]
    await stage.becomes(result, lambda _: "Being made" in texts(result))
    assert buttons(result) == []
    stage.pixazo.finish()
    await stage.becomes(result, lambda message: message.attachments)
    assert [message.id for message in stage.public()] == [card.id]
    [gallery] = [part for part in parts(message_of(result).components) if part["type"] == MEDIA_GALLERY]
    assert [item["media"]["url"] for item in gallery["items"]] == [file.url for file in message_of(result).attachments]
    assert all("a lighthouse at dusk" in item["description"] for item in gallery["items"])
    assert len(stage.pixazo.accepted()) == 1


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        *(({"size": size.value}, {"image_size": size.value}) for size in ImageSize),
        ({"count": 1}, {"num_images": 1}),
        ({"count": 4}, {"num_images": 4}),
        ({"negative": "fog, rain"}, {"negative_prompt": "fog, rain"}),
        ({"seed": 0}, {"seed": 0}),
        ({"seed": SEED_MAX}, {"seed": SEED_MAX}),
        ({"steps": 1}, {"num_inference_steps": 1}),
        ({"steps": 50}, {"num_inference_steps": 50}),
        ({"guidance": 0}, {"guidance_scale": 0}),
        ({"guidance": 20.0}, {"guidance_scale": 20}),
        ({"format": "jpeg"}, {"output_format": "jpeg"}),
    ],
    ids=lambda value: " ".join(f"{name} {setting}" for name, setting in value.items()),
)
async def test_every_option_reaches_the_provider(stage: Stage, options: dict[str, Any], sent: dict[str, Any]) -> None:
    result = await stage.imagine(**options)
    await stage.pixazo.until(lambda: bool(stage.pixazo.accepted()))
    [submission] = stage.pixazo.accepted()
    assert submission.body is not None
    assert submission.body["prompt"] == "a lighthouse at dusk"
    assert submission.body["enable_safety_checker"] is True
    assert submission.body.items() >= sent.items()
    await stage.becomes(result, lambda message: len(message.attachments) == options.get("count", 1))


@pytest.mark.parametrize(
    "options",
    [
        {"prompt": ""},
        {"size": "panorama"},
        {"count": 0},
        {"count": 11},
        {"seed": -1},
        {"steps": 51},
        {"guidance": 20.5},
        {"format": "webp"},
        {"colour": "red"},
    ],
    ids=str,
)
async def test_the_command_offers_only_what_the_provider_takes(stage: Stage, options: dict[str, Any]) -> None:
    with pytest.raises((simcord.OptionError, simcord.SetupError)):
        await stage.imagine(**options)
    assert stage.books().jobs == ()


async def test_a_refusal_is_private_and_says_what_to_change(stage: Stage) -> None:
    result = await stage.imagine("a lighthouse\x07")
    assert result.ephemeral
    assert "`prompt` contains invisible control characters" in texts(result)
    assert "try again" in texts(result)
    assert stage.public() == []
    assert stage.books().jobs == ()


@pytest.mark.parametrize("stage", [{"USER_DAILY_IMAGES": "3"}], indirect=True)
async def test_over_the_quota_is_private_and_says_what_still_fits(stage: Stage) -> None:
    result = await stage.imagine(count=2)
    await stage.becomes(result, lambda message: message.attachments)
    refused = await stage.imagine(count=2)
    assert refused.ephemeral
    assert "1 of 3 pictures a day left" in texts(refused)
    assert "`count` of 1 or less" in texts(refused)
    assert "<t:" in texts(refused)
    assert len(stage.public()) == 1
    assert len(stage.books().jobs) == 1


@pytest.mark.parametrize("stage", [{"USER_ACTIVE_JOBS": "1"}], indirect=True)
async def test_too_many_at_once_is_private_and_says_how_to_go_on(stage: Stage) -> None:
    stage.pixazo.latency = 3600.0
    await stage.imagine()
    refused = await stage.imagine()
    assert refused.ephemeral
    assert "`/queue`" in texts(refused)
    assert not (await stage.imagine(by=stage.bob)).ephemeral


async def test_a_channel_where_the_bot_may_not_attach_files_is_refused_with_their_name(stage: Stage) -> None:
    no_files = discord.PermissionOverwrite(attach_files=False)
    words_only = stage.guild.create_text_channel("words", overwrites={stage.guild.default_role: no_files})
    result = await stage.ada.slash(words_only, "imagine", prompt="a lighthouse")
    assert result.ephemeral
    assert "**Attach Files**" in texts(result)
    assert stage.books().jobs == ()


async def test_a_withheld_result_is_not_shown_and_accuses_nobody(stage: Stage) -> None:
    stage.pixazo.on_result("flagged_all")
    result = await stage.imagine()
    await stage.becomes(result, lambda _: "Nothing to show" in texts(result))
    assert not message_of(result).attachments
    assert "lighthouse" not in texts(result)
    assert "says nothing about you" in texts(result)
    assert "$0.09 was charged" in texts(result)
    assert stage.books().jobs[0].status is JobStatus.WITHHELD


async def test_what_is_withheld_of_several_is_counted(stage: Stage) -> None:
    stage.pixazo.on_result("flagged_mixed")
    result = await stage.imagine(count=2)
    await stage.becomes(result, lambda message: message.attachments)
    assert len(message_of(result).attachments) == 1
    assert "1 of 2 pictures was held back" in texts(result)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("failed_content_policy_violation", "Try other words"),
        ("failed_internal_server_error", "Try again in a moment"),
    ],
)
async def test_a_failure_says_why_and_that_nothing_was_charged(stage: Stage, fault: str, words: str) -> None:
    stage.pixazo.on_poll(fault)
    result = await stage.imagine()
    await stage.becomes(result, lambda _: "didn't work" in texts(result))
    assert words in texts(result)
    assert "Nothing was charged" in texts(result)
    assert all(balance.pending == balance.posted == 0 for balance in stage.books().balances)


async def test_a_prompt_can_not_mention_or_format(stage: Stage) -> None:
    result = await stage.imagine("# @everyone **bold** [a](https://b.example) <@1>")
    [message] = stage.public()
    assert not message.mention_everyone
    assert message.mentions == []
    assert "\\*\\*bold\\*\\*" in texts(result)
    await stage.becomes(result, lambda changed: changed.attachments)
