"""The commands' tests play in the same scene as those of the user interface."""

from tests.ui.conftest import discord_addresses, impatient, scene

__all__ = ["discord_addresses", "impatient", "scene"]
