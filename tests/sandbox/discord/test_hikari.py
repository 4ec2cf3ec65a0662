"""The stand-in under a second library: what hikari refuses to read, discord.py may have put up with."""

from collections.abc import AsyncIterator, Awaitable, Callable

import hikari
import pytest

from sandbox.discord import Permissions, Run, routes
from tests.sandbox.discord.wire import Scene, png
from tests.support import wait_until

Answering = Callable[[hikari.PartialInteraction], Awaitable[None]]


class Bot:
    """A connected hikari bot that answers interactions as the test says."""

    def __init__(self, scene: Scene) -> None:
        self.client = hikari.GatewayBot(
            scene.standin.token,
            rest_url=scene.standin.api_url,
            intents=hikari.Intents.GUILDS,
            banner=None,
            logs=None,
            suppress_optimization_warning=True,
        )
        self.answering: Answering | None = None
        self.seen: list[hikari.PartialInteraction] = []
        self.client.subscribe(hikari.InteractionCreateEvent, self._answer)

    @property
    def rest(self) -> hikari.api.RESTClient:
        """hikari's REST client."""
        return self.client.rest

    async def _answer(self, event: hikari.InteractionCreateEvent) -> None:
        self.seen.append(event.interaction)
        if self.answering is not None:
            await self.answering(event.interaction)


@pytest.fixture
async def bot(scene: Scene) -> AsyncIterator[Bot]:
    """A bot that is connected and has been told of the guild."""
    running = Bot(scene)
    await running.client.start(check_for_updates=False)
    yield running
    await running.client.close()


async def imagine(scene: Scene) -> Run:
    return await scene.standin.slash(scene.ada, scene.channel, "imagine", {"prompt": "fox", "who": scene.ada})


async def test_command_is_read_deferred_and_answered_with_a_picture(scene: Scene, bot: Bot) -> None:
    async def answer(interaction: hikari.PartialInteraction) -> None:
        assert isinstance(interaction, hikari.CommandInteraction)
        row = bot.rest.build_message_action_row()
        row.add_interactive_button(hikari.ButtonStyle.PRIMARY, "go", label="Go")
        await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
        picture = hikari.Bytes(png(), "a.png")
        await interaction.edit_initial_response("done", component=row, attachment=picture)
        await interaction.execute("psst", flags=hikari.MessageFlag.EPHEMERAL)

    bot.answering = answer
    run = await imagine(scene)
    message = await (await run.message()).changed(lambda found: found.attachments)
    assert (message.text(), message.attachments[0].read()) == ("done", png())
    interaction = bot.seen[0]
    assert isinstance(interaction, hikari.CommandInteraction)
    assert interaction.options is not None
    assert [option.value for option in interaction.options] == ["fox", scene.ada.id]
    assert interaction.resolved is not None
    assert [user.username for user in interaction.resolved.users.values()] == ["ada"]
    assert interaction.member is not None
    assert interaction.member.permissions & hikari.Permissions.SEND_MESSAGES
    assert interaction.app_permissions & hikari.Permissions.ATTACH_FILES
    assert (await scene.channel.arrived(lambda found: found.ephemeral)).text() == "psst"


async def test_components_v2_and_clicks_are_read(scene: Scene, bot: Bot) -> None:
    async def answer(interaction: hikari.PartialInteraction) -> None:
        box = hikari.impl.ContainerComponentBuilder()
        if isinstance(interaction, hikari.ComponentInteraction):
            box.add_text_display("pressed")
            await interaction.create_initial_response(hikari.ResponseType.MESSAGE_UPDATE, component=box)
            return
        assert isinstance(interaction, hikari.CommandInteraction)
        gallery = hikari.impl.MediaGalleryComponentBuilder()
        gallery.add_media_gallery_item(hikari.Bytes(png(), "a.png"), description="a fox")
        row = bot.rest.build_message_action_row()
        row.add_interactive_button(hikari.ButtonStyle.PRIMARY, "go", label="Go")
        box.add_text_display("card").add_component(gallery).add_component(row)
        await interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, component=box)

    bot.answering = answer
    run = await imagine(scene)
    message = await run.message()
    assert message.attachments[0].read() == png()
    fetched = await bot.rest.fetch_message(scene.channel.id, message.id)
    box = fetched.components[0]
    assert isinstance(box, hikari.ContainerComponent)
    shown = box.components[1]
    assert isinstance(shown, hikari.MediaGalleryComponent)
    assert await shown.items[0].media.resource.read() == png()
    click = await scene.standin.click(scene.ada, message, "Go")
    assert (await click.answered()).kind == "update"
    assert message.text() == "pressed"


async def test_application_commands_and_places_are_read(scene: Scene, bot: Bot) -> None:
    rest, standin = bot.rest, scene.standin
    application = await rest.fetch_application()
    assert application.owner.id == standin.owner_id
    builder = rest.slash_command_builder("quota", "What is left")
    builder.set_default_member_permissions(hikari.Permissions.MANAGE_GUILD)
    option = hikari.CommandOption(
        type=hikari.OptionType.INTEGER, name="days", description="How many", min_value=0, max_value=31
    )
    command = (await rest.set_application_commands(application, [builder.add_option(option)]))[0]
    assert command.id == int(standin.commands.everywhere()[0]["id"])
    assert [found.name for found in await rest.fetch_application_commands(application)] == ["quota"]
    assert (await rest.fetch_guild(scene.guild.id)).name == "Studio"
    assert (await rest.fetch_member(scene.guild.id, scene.ada.id)).username == "ada"
    assert (await rest.fetch_channel(scene.channel.id)).name == "art"
    assert len(await rest.fetch_roles(scene.guild.id)) == 2


async def test_session_is_resumed_when_asked_to_reconnect(scene: Scene, bot: Bot) -> None:
    scene.standin.reconnect()
    await scene.standin.disconnected()
    await imagine(scene)
    await scene.standin.gateway.until(lambda: scene.standin.gateway.resumes, 15, "not resumed")
    await wait_until(lambda: len(bot.seen) == 1, what="the replayed interaction")


async def test_invalid_session_is_opened_anew(scene: Scene, bot: Bot) -> None:
    scene.standin.gateway.invalidate()
    await scene.standin.gateway.until(lambda: scene.standin.gateway.identifies == 2, 15, "not opened anew")


async def test_refusals_are_read_with_their_codes(scene: Scene, bot: Bot) -> None:
    rest, channel = bot.rest, scene.channel.id
    with pytest.raises(hikari.NotFoundError) as missing:
        await rest.fetch_message(channel, 1)
    assert missing.value.code == 10008
    with pytest.raises(hikari.BadRequestError) as bad:
        await rest.create_message(channel, "x" * 2001)
    assert bad.value.code == 50035
    assert bad.value.errors is not None
    assert "content" in bad.value.errors
    scene.channel.set_bot_permissions(Permissions.NONE)
    with pytest.raises(hikari.ForbiddenError) as forbidden:
        await rest.create_message(channel, "x")
    assert forbidden.value.code == 50001
    with pytest.raises(hikari.UnauthorizedError):
        await rest.edit_interaction_response(scene.standin.application_id, "dead", "x")


async def test_rate_limit_is_waited_for(scene: Scene, bot: Bot) -> None:
    fault = scene.standin.faults.rate_limit("POST", routes.MESSAGES, retry_after=0.05)
    message = await bot.rest.create_message(scene.channel.id, "x")
    assert fault.hits == 1
    assert [found.id for found in scene.channel.messages] == [message.id]
