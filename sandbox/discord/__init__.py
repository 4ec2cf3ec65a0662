"""Discord on a loopback port: what real clients of it can connect to, strict where Discord is strict.

async with DiscordStandIn() as discord:
    guild = discord.add_guild()
    channel, ada = guild.add_channel("art"), guild.add_member("ada")
    ...  # start a bot with discord.token against discord.api_url and discord.gateway_url
    await discord.ready()
    await discord.commands_synced()
    run = await discord.slash(ada, channel, "imagine", {"prompt": "a fox"})
    answer = await run.answered()
    await answer.message.changed(lambda message: message.attachments)
"""

from sandbox.discord import faults as routes
from sandbox.discord.bodies import Upload
from sandbox.discord.channels import Channel, Conversation, Thread
from sandbox.discord.client import ClientRefused, Value
from sandbox.discord.direct import DirectMessages
from sandbox.discord.errors import ApiError, Json, Refusal
from sandbox.discord.exchanges import Exchange, ExchangeLog
from sandbox.discord.faults import Call, Fault, Faults
from sandbox.discord.gateway import CloseCode, Gateway
from sandbox.discord.interactions import Answer, Run
from sandbox.discord.messages import Attachment, Button, Message, Revision
from sandbox.discord.permissions import Permissions
from sandbox.discord.places import Guild, Member, Role, User
from sandbox.discord.standin import DiscordStandIn
from sandbox.discord.transcript import TranscriptEntry

__all__ = [
    "Answer",
    "ApiError",
    "Attachment",
    "Button",
    "Call",
    "Channel",
    "ClientRefused",
    "CloseCode",
    "Conversation",
    "DirectMessages",
    "DiscordStandIn",
    "Exchange",
    "ExchangeLog",
    "Fault",
    "Faults",
    "Gateway",
    "Guild",
    "Json",
    "Member",
    "Message",
    "Permissions",
    "Refusal",
    "Revision",
    "Role",
    "Run",
    "Thread",
    "TranscriptEntry",
    "Upload",
    "User",
    "Value",
    "routes",
]
