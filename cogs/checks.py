"""Who may do what, checked in code: a server's admins can show any command to anybody."""

from typing import Any

import discord

from cogs.parts import Parts
from errors import NotAllowed


def check_manages(interaction: discord.Interaction[Any]) -> None:
    """Raise NotAllowed unless the member may manage the server; administrators may everything."""
    if not interaction.permissions.manage_guild:
        raise NotAllowed("manage_guild")


def check_moderates(interaction: discord.Interaction[Any]) -> None:
    """Raise NotAllowed unless the member may manage messages here, which is what makes a moderator."""
    if not interaction.permissions.manage_messages:
        raise NotAllowed("manage_messages")


def check_may_judge(interaction: discord.Interaction[Any], user_id: int) -> None:
    """Raise NotAllowed unless the member may decide about `user_id`: no moderator does about themselves.

    Those who manage the server may, since nobody is above them.
    """
    check_moderates(interaction)
    if user_id == interaction.user.id:
        check_manages(interaction)


def operates(interaction: discord.Interaction[Any], parts: Parts) -> bool:
    """Whether it is an operator's, in a server that is theirs."""
    named = interaction.guild_id in parts.client.operator_guild_ids
    return named and interaction.user.id in parts.notices.owners


def check_operates(interaction: discord.Interaction[Any], parts: Parts) -> None:
    """Raise NotAllowed unless it is an operator's."""
    if not operates(interaction, parts):
        raise NotAllowed("operator")


def guild_id_of(interaction: discord.Interaction[Any]) -> int:
    """The guild that it comes from: the gate lets nothing else in."""
    return interaction.guild_id or 0
