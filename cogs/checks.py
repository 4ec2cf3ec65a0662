"""Who may do what, checked in code: a server's admins can show any command to anybody."""

from typing import Any

import discord

from errors import NotAllowed


def check_manages(interaction: discord.Interaction[Any]) -> None:
    """Raise NotAllowed unless the member may manage the server; administrators may everything."""
    if not interaction.permissions.manage_guild:
        raise NotAllowed("manage_guild")


def guild_id_of(interaction: discord.Interaction[Any]) -> int:
    """The guild that it comes from: the gate lets nothing else in."""
    return interaction.guild_id or 0
