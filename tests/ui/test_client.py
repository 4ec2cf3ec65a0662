"""The connection: what it asks for, when it counts as available, buttons and forms, and a clean end."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from errors import InvalidOption
from sandbox.discord import Message, Run
from tests.support import PATIENCE_SECONDS, wait_until
from tests.ui.scene import Scene
from ui import cards
from ui.buttons import ActionButton, ActionSelect, chosen
from ui.client import CONNECTIONS, EaselClient
from ui.forms import Form, FormValues, TextField, show_form


class NoMeta:
    async def get(self, key: str) -> str | None:
        return None

    async def put(self, key: str, value: str) -> None:
        pass


async def with_button(scene: Scene, action: str, argument: str = "x") -> Message:
    """A message of the bot's with such a button."""
    channel = scene.client.get_partial_messageable(scene.channel.id)
    button = ActionButton(action, argument, label="Press")
    await channel.send(view=cards.Card(discord.ui.ActionRow(button), colour=1))
    return scene.channel.messages[-1]


async def private_words(run: Run) -> str:
    answer = await run.answered()
    assert answer.ephemeral
    assert answer.message is not None
    return answer.message.text()


async def test_only_what_is_needed_is_asked_for_and_kept(scene: Scene) -> None:
    intents = scene.client.intents
    assert [name for name, wanted in intents if wanted] == ["guilds"]
    assert list(scene.client.cached_messages) == []
    mentions = scene.client.allowed_mentions
    assert mentions is not None
    assert not any((mentions.everyone, mentions.users, mentions.roles, mentions.replied_user))
    assert scene.client.http.connector.limit == CONNECTIONS


async def test_the_addresses_of_discord_are_left_alone_unless_told(discord_addresses: None) -> None:
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    async with EaselClient(meta=NoMeta()):
        assert before == (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY)
    async with EaselClient(meta=NoMeta(), api_url="http://127.0.0.1:9/api", gateway_url="ws://127.0.0.1:9"):
        assert Route.BASE == "http://127.0.0.1:9/api"
        assert yarl.URL("ws://127.0.0.1:9") == DiscordWebSocket.DEFAULT_GATEWAY


async def test_only_the_number_of_shards_comes_from_discord_with_a_gateway_of_our_own(scene: Scene) -> None:
    elsewhere = {
        "url": "ws://127.0.0.1:9",
        "shards": 1,
        "session_start_limit": {"total": 1000, "remaining": 999, "reset_after": 1, "max_concurrency": 1},
    }
    asked = scene.discord.faults.add("GET", "/gateway/bot", status=200, body=elsewhere)
    async with restarted(scene) as client:
        assert asked.hits == 1
        assert client.shard_count == 1


async def test_it_is_available_once_ready_and_while_connected(scene: Scene) -> None:
    def available() -> bool:
        return scene.client.is_available

    await scene.client.wait_until_ready()
    assert available()
    scene.discord.drop_gateway()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while available():  # looked at in every turn of the loop: it resumes within milliseconds
            await asyncio.sleep(0)
    await scene.discord.ready()
    await wait_until(available, what="the return")


async def test_a_button_calls_the_handler_of_its_action(scene: Scene) -> None:
    pressed = []

    async def handler(interaction: discord.Interaction[Any], argument: str) -> None:
        pressed.append((interaction.user.id, argument))
        await interaction.response.defer()

    scene.client.add_action("favourite", handler)
    run = await scene.discord.click(scene.bob, await with_button(scene, "favourite", "job-1"), "Press")
    await run.answered()
    assert pressed == [(scene.bob.id, "job-1")]


async def test_a_select_is_handed_on_with_what_was_chosen(scene: Scene) -> None:
    seen = []

    async def handler(interaction: discord.Interaction[Any], argument: str) -> None:
        seen.append((argument, chosen(interaction)))
        await interaction.response.defer()

    scene.client.add_action("pick", handler)
    channel = scene.client.get_partial_messageable(scene.channel.id)
    options = [discord.SelectOption(label=f"Picture {number}", value=str(number)) for number in range(1, 4)]
    select = ActionSelect("pick", "job.1", options=options, placeholder="Which?", least=0, most=2)
    await channel.send(view=cards.Card(discord.ui.ActionRow(select), colour=1))
    message = scene.channel.messages[-1]
    for values in (["Picture 2", "Picture 3"], [], ["9"]):
        run = await scene.discord.select(scene.bob, message, "easel:pick:job.1", values, raw=values == ["9"])
        await run.answered()
    assert seen == [("job.1", ("2", "3")), ("job.1", ()), ("job.1", ("9",))]


async def test_nothing_is_chosen_with_a_button(scene: Scene) -> None:
    seen = []

    async def handler(interaction: discord.Interaction[Any], argument: str) -> None:
        seen.append(chosen(interaction))
        await interaction.response.defer()

    scene.client.add_action("favourite", handler)
    await (await scene.discord.click(scene.ada, await with_button(scene, "favourite"), "Press")).answered()
    assert seen == [()]


async def test_an_error_of_a_button_is_answered_in_private_with_a_reference(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(interaction: discord.Interaction[Any], argument: str) -> None:
        raise ValueError("broken")

    scene.client.add_action("favourite", handler)
    run = await scene.discord.click(scene.ada, await with_button(scene, "favourite"), "Press")
    assert "Something unexpected went wrong" in await private_words(run)
    assert [record for record in caplog.records if record.levelno == logging.ERROR]


async def test_a_button_of_ours_that_nothing_handles_is_answered(scene: Scene) -> None:
    run = await scene.discord.click(scene.ada, await with_button(scene, "gone"), "Press")
    assert "doesn't work any more" in await private_words(run)


async def test_a_button_of_another_make_is_answered(scene: Scene) -> None:
    channel = scene.client.get_partial_messageable(scene.channel.id)
    foreign = discord.ui.Button[Any](custom_id="version-0:thing", label="Press")
    await channel.send(view=cards.Card(discord.ui.ActionRow(foreign), colour=1))
    run = await scene.discord.click(scene.ada, scene.channel.messages[-1], "Press")
    assert "doesn't work any more" in await private_words(run)


async def with_form(scene: Scene) -> Run:
    """A press that was answered with a form, which is open since."""

    async def handler(interaction: discord.Interaction[Any], argument: str) -> None:
        await show_form(interaction, Form("edit", argument, title="Edit", fields=[TextField(name="p", label="Prompt")]))

    scene.client.add_action("edit", handler)
    opened = await scene.discord.click(scene.ada, await with_button(scene, "edit"), "Press")
    await opened.answered()
    return opened


async def test_a_form_passes_the_gate_first(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    handled = []

    async def keeps_out(interaction: discord.Interaction[Any]) -> bool:
        await interaction.response.send_message("Not you.", ephemeral=True)
        return False

    async def handler(interaction: discord.Interaction[Any], argument: str, values: FormValues) -> None:
        handled.append(argument)

    scene.client.add_form("edit", handler)
    opened = await with_form(scene)
    monkeypatch.setattr(scene.client.tree, "interaction_check", keeps_out)
    assert await private_words(await scene.discord.submit_modal(opened)) == "Not you."
    assert handled == []


async def test_an_error_of_a_form_is_answered_as_one_of_a_command(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    errors: list[Exception] = [InvalidOption("prompt", "empty"), ValueError("broken")]

    async def handler(interaction: discord.Interaction[Any], argument: str, values: FormValues) -> None:
        raise errors.pop(0)

    scene.client.add_form("edit", handler)
    refused = await private_words(await scene.discord.submit_modal(await with_form(scene)))
    assert "went wrong" not in refused
    assert not [record for record in caplog.records if record.levelno == logging.ERROR]
    failed = await private_words(await scene.discord.submit_modal(await with_form(scene)))
    assert "Something unexpected went wrong" in failed
    assert [record for record in caplog.records if record.levelno == logging.ERROR]


@pytest.mark.parametrize(
    "raw", [[], [None], [{"type": 18}], [{"type": 18, "component": {"type": 4, "custom_id": "p"}}]]
)
async def test_whatever_a_modified_client_sends_off_is_handled(scene: Scene, raw: Any) -> None:
    texts = []

    async def handler(interaction: discord.Interaction[Any], argument: str, values: FormValues) -> None:
        texts.append(values.text("p"))
        await interaction.response.defer()

    scene.client.add_form("edit", handler)
    await (await scene.discord.submit_modal(await with_form(scene), raw=raw)).answered()
    assert texts == [""]


async def test_a_form_that_nothing_handles_is_answered(scene: Scene) -> None:
    opened = await with_form(scene)
    async with restarted(scene):
        run = await scene.discord.submit_modal(opened)
        assert "restarted while you had this form open" in await private_words(run)


async def test_closing_ends_the_connection_and_leaves_no_task(scene: Scene) -> None:
    await scene.client.close()
    await scene.discord.disconnected()
    await scene.client.close()
    left = [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith(("accept", "late answer"))]
    assert left == []


async def test_answers_under_way_are_finished_before_the_connection_ends(scene: Scene, impatient: None) -> None:
    async with scene.stalled_disk():
        run = await scene.imagine()
        deferred = await run.answered()
        closing = asyncio.create_task(scene.client.close())
    await closing
    assert deferred.message is not None
    assert "Waiting in line" in deferred.message.text()


async def test_buttons_survive_a_restart(scene: Scene) -> None:
    job, card = await scene.carded()
    pressed: list[str] = []

    async def handler(interaction: discord.Interaction[Any], argument: str) -> None:
        pressed.append(argument)
        await interaction.response.defer()

    async with restarted(scene) as client:
        client.add_action("cancel", handler)
        await (await scene.discord.click(scene.ada, card, "Cancel")).answered()
    assert pressed == [job.job_id]


@asynccontextmanager
async def restarted(scene: Scene) -> AsyncIterator[EaselClient]:
    """Another client in place of the scene's, which is closed: it knows nothing of what that one did."""
    await scene.client.close()
    await scene.discord.disconnected()
    client = EaselClient(meta=NoMeta(), api_url=scene.discord.api_url, gateway_url=scene.discord.gateway_url)
    await client.login(scene.discord.token)
    connection = asyncio.create_task(client.connect())
    try:
        await scene.discord.ready()
        yield client
    finally:
        await client.close()
        await connection
