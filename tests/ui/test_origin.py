"""Where a wish comes from: the member's roles, and the channel that a thread or post follows."""

from typing import Any

import discord
import pytest

from models import Origin
from sandbox.discord import Channel, Permissions, Role
from tests.ui.scene import Scene
from ui import cards
from ui.acceptance import origin_of
from ui.buttons import ActionButton


@pytest.fixture
async def origins(scene: Scene) -> list[Origin]:
    """What the presses of the button came from, in their order."""
    found: list[Origin] = []

    async def take(interaction: discord.Interaction[Any], _argument: str) -> None:
        found.append(origin_of(interaction))
        await interaction.response.defer()

    scene.client.add_action("origin", take)
    await scene.client.wait_until_ready()
    return found


async def press_in(scene: Scene, place: Channel) -> None:
    button = ActionButton("origin", "x", label="Press")
    await scene.client.get_partial_messageable(place.id).send(view=cards.Card(discord.ui.ActionRow(button), colour=1))
    await (await scene.discord.click(scene.ada, place.messages[-1], "Press")).answered()


async def test_the_roles_are_the_members_without_everyone(scene: Scene, origins: list[Origin]) -> None:
    await press_in(scene, scene.channel)
    first, second = scene.guild.add_role("first"), scene.guild.add_role("second")
    scene.ada.roles.extend([first, second])
    await press_in(scene, scene.channel)
    assert [set(origin.role_ids) for origin in origins] == [set(), {first.id, second.id}]


async def test_a_role_that_the_bot_was_not_told_of_yet_counts(scene: Scene, origins: list[Origin]) -> None:
    unheard = Role(id=scene.discord.world.next_id(), name="new", permissions=Permissions.NONE, position=9)
    scene.ada.roles.append(unheard)
    await press_in(scene, scene.channel)
    assert origins[0].role_ids == (unheard.id,)


async def test_a_thread_and_a_post_name_what_they_are_in(scene: Scene, origins: list[Origin]) -> None:
    forum = scene.guild.add_forum("forum")
    thread, post = scene.channel.add_thread("thread"), forum.add_thread("post")
    for place in (scene.channel, thread, post):
        await press_in(scene, place)
    assert [(origin.channel_id, origin.parent_id) for origin in origins] == [
        (scene.channel.id, None),
        (thread.id, scene.channel.id),
        (post.id, forum.id),
    ]


async def test_it_is_said_when_the_member_came(scene: Scene, origins: list[Origin]) -> None:
    await press_in(scene, scene.channel)
    assert origins[0].joined_at == scene.ada.joined_at
