"""The settings that point a bot at the stand-ins: all that differs from a bot that serves people."""

from sandbox.discord import DiscordStandIn
from sandbox.pixazo import PixazoStandIn


def settings_for(discord: DiscordStandIn, pixazo: PixazoStandIn) -> dict[str, str]:
    """The environment of a bot between these two, with its endpoints on any free port."""
    return {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "DISCORD_CDN_HOSTS": discord.origin,
        "PIXAZO_API_KEY": pixazo.key,
        "PIXAZO_SUBMIT_URL": pixazo.submit_url,
        "PIXAZO_STATUS_URL": pixazo.status_url,
        "PIXAZO_RESULT_HOSTS": pixazo.origin,
        "HTTP_PORT": "0",
    }
