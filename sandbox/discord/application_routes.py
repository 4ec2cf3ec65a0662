"""REST routes of the application itself: gateway, users, commands, guilds."""

from typing import Final

from sandbox.discord.commands import CommandRegistry, Scope
from sandbox.discord.errors import (
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    UNKNOWN_APPLICATION,
    UNKNOWN_GUILD,
    UNKNOWN_MEMBER,
    UNKNOWN_ROLE,
    UNKNOWN_USER,
    ApiError,
    Json,
)
from sandbox.discord.faults import COMMANDS, GUILD_COMMANDS
from sandbox.discord.gateway import Gateway
from sandbox.discord.permissions import Permissions
from sandbox.discord.places import Guild
from sandbox.discord.server import Reply, Request, Server
from sandbox.discord.world import World

SESSION_STARTS_PER_DAY: Final = 1000


class ApplicationRoutes:
    """What a bot asks about itself and the guilds it is in."""

    def __init__(self, world: World, gateway: Gateway, commands: CommandRegistry) -> None:
        self._world = world
        self._gateway = gateway
        self._commands = commands

    def mount(self, server: Server) -> None:
        """Serve the routes."""
        server.add("GET", "/gateway", self.get_gateway, needs_token=False, limited=False)
        server.add("GET", "/gateway/bot", self.get_gateway_bot)
        server.add("GET", "/users/@me", self.get_own_user)
        server.add("GET", "/users/@me/guilds", self.list_own_guilds)
        server.add("GET", "/users/{user_id}", self.get_user)
        server.add("GET", "/applications/@me", self.get_application)
        server.add("GET", "/oauth2/applications/@me", self.get_application)
        server.add("GET", "/guilds/{guild_id}", self.get_guild)
        server.add("GET", "/guilds/{guild_id}/channels", self.list_channels)
        server.add("GET", "/guilds/{guild_id}/roles", self.list_roles)
        server.add("GET", "/guilds/{guild_id}/roles/{role_id}", self.get_role)
        server.add("GET", "/guilds/{guild_id}/members/{user_id}", self.get_member)
        server.add("GET", "/guilds/{guild_id}/auto-moderation/rules", self.list_automod_rules)
        for template in (COMMANDS, GUILD_COMMANDS):
            server.add("GET", template, self.list_commands)
            server.add("PUT", template, self.overwrite_commands)
            server.add("POST", template, self.create_command)
            server.add("GET", f"{template}/{{command_id}}", self.get_command)
            server.add("PATCH", f"{template}/{{command_id}}", self.edit_command)
            server.add("DELETE", f"{template}/{{command_id}}", self.delete_command)

    async def get_gateway(self, _request: Request) -> Reply:
        """Where the gateway is."""
        return Reply(body={"url": self._gateway.url})

    async def get_gateway_bot(self, _request: Request) -> Reply:
        """Where the gateway is, and with how many shards to come."""
        remaining = max(0, SESSION_STARTS_PER_DAY - self._gateway.identifies)
        limit = {
            "total": SESSION_STARTS_PER_DAY,
            "remaining": remaining,
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }
        return Reply(
            body={
                "url": self._gateway.url,
                "shards": self._gateway.shards,
                "session_start_limit": limit,
            }
        )

    async def get_own_user(self, _request: Request) -> Reply:
        """The bot's user."""
        extra = {"mfa_enabled": True, "locale": "en-US", "verified": True, "email": None, "premium_type": 0}
        return Reply(body={**self._world.bot.payload(), **extra})

    async def list_own_guilds(self, _request: Request) -> Reply:
        """The guilds the bot is in."""
        return Reply(
            body=[
                {
                    "id": str(guild.id),
                    "name": guild.name,
                    "icon": None,
                    "banner": None,
                    "owner": False,
                    "permissions": str(int(guild.bot.permissions_in(None))),
                    "features": [],
                }
                for guild in self._world.guilds.values()
            ]
        )

    async def get_user(self, request: Request) -> Reply:
        """Any user."""
        user = self._world.users.get(request.id("user_id"))
        if user is None:
            raise ApiError(UNKNOWN_USER)
        return Reply(body=user.payload())

    async def get_application(self, _request: Request) -> Reply:
        """The application, with its owner."""
        world = self._world
        return Reply(
            body={
                "id": str(world.application_id),
                "name": world.bot.name,
                "icon": None,
                "description": "",
                "type": None,
                "bot": world.bot.payload(),
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "0" * 64,
                "flags": 0,
                "flags_new": "0",
                "redirect_uris": [],
                "interactions_endpoint_url": None,
                "role_connections_verification_url": None,
                "owner": world.owner.payload(),
                "team": None,
                "approximate_guild_count": len(world.guilds),
                "approximate_user_install_count": 0,
                "approximate_user_authorization_count": 0,
                "explicit_content_filter": 0,
                "integration_types_config": {"0": {}},
                "eligible_oauth2_scopes": [],
                "event_webhooks_status": 1,
            }
        )

    def _guild(self, request: Request) -> Guild:
        guild = self._world.guilds.get(request.id("guild_id"))
        if guild is None:
            raise ApiError(UNKNOWN_GUILD)
        return guild

    async def get_guild(self, request: Request) -> Reply:
        """A guild the bot is in."""
        guild = self._guild(request)
        counts: Json = {}
        if request.flag("with_counts"):
            counts = {"approximate_member_count": len(guild.members), "approximate_presence_count": 1}
        return Reply(body={**guild.payload(), **counts})

    async def list_channels(self, request: Request) -> Reply:
        """A guild's channels."""
        return Reply(body=[channel.payload() for channel in self._guild(request).channels.values()])

    async def list_roles(self, request: Request) -> Reply:
        """A guild's roles."""
        return Reply(body=[role.payload() for role in self._guild(request).roles.values()])

    async def get_role(self, request: Request) -> Reply:
        """One role."""
        role = self._guild(request).roles.get(request.id("role_id"))
        if role is None:
            raise ApiError(UNKNOWN_ROLE)
        return Reply(body=role.payload())

    async def get_member(self, request: Request) -> Reply:
        """One member."""
        member = self._guild(request).members.get(request.id("user_id"))
        if member is None:
            raise ApiError(UNKNOWN_MEMBER)
        return Reply(body=member.payload())

    async def list_automod_rules(self, request: Request) -> Reply:
        """A guild's own rules, for whoever may manage it."""
        guild = self._guild(request)
        if not guild.bot.permissions_in(None) & Permissions.MANAGE_GUILD:
            raise ApiError(MISSING_PERMISSIONS)
        return Reply(body=[rule.payload() for rule in guild.automod_rules])

    def _scope(self, request: Request) -> Scope:
        if request.id("application_id") != self._world.application_id:
            raise ApiError(UNKNOWN_APPLICATION)
        if "guild_id" not in request.params:
            return None
        guild_id = request.id("guild_id")
        if guild_id not in self._world.guilds:
            raise ApiError(MISSING_ACCESS)
        return guild_id

    async def list_commands(self, request: Request) -> Reply:
        """The registered commands; translations only when asked for."""
        commands = self._commands.in_scope(self._scope(request))
        if request.flag("with_localizations"):
            return Reply(body=commands)
        return Reply(body=[_without_localizations(command) for command in commands])

    async def overwrite_commands(self, request: Request) -> Reply:
        """Replace all commands."""
        return Reply(body=self._commands.overwrite(self._scope(request), request.body))

    async def create_command(self, request: Request) -> Reply:
        """Create or replace one command."""
        command, is_new = self._commands.upsert(self._scope(request), request.object())
        return Reply(status=201 if is_new else 200, body=command)

    async def get_command(self, request: Request) -> Reply:
        """One command."""
        return Reply(body=self._commands.get(self._scope(request), request.id("command_id")))

    async def edit_command(self, request: Request) -> Reply:
        """Change one command."""
        scope, command_id = self._scope(request), request.id("command_id")
        return Reply(body=self._commands.edit(scope, command_id, request.object()))

    async def delete_command(self, request: Request) -> Reply:
        """Remove one command."""
        self._commands.delete(self._scope(request), request.id("command_id"))
        return Reply(status=204)


def _without_localizations(part: Json) -> Json:
    """A command, option or choice without its translations, and those of what is in it."""
    kept = {key: value for key, value in part.items() if not key.endswith("_localizations")}
    for key in ("options", "choices"):
        if key in kept:
            kept[key] = [_without_localizations(item) for item in kept[key]]
    return kept
