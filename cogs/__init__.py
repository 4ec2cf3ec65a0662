"""Discord commands: parse, call, reply."""

from clock import Clock
from cogs.account import AccountCog
from cogs.generate import GenerateCog
from cogs.info import Facts, InfoCog
from cogs.jobs import JobsCog
from generation.service import GenerationService
from ui.acceptance import Acceptor
from ui.client import EaselClient

__all__ = ["Facts", "add_cogs"]


async def add_cogs(client: EaselClient, service: GenerationService, facts: Facts, *, clock: Clock) -> None:
    """Give the client every command, before it logs in: that is when they are given to Discord."""
    acceptor = Acceptor(service, tasks=client.tasks, turnstile=client.turnstile, clock=clock)
    await client.add_cog(GenerateCog(acceptor))
    await client.add_cog(JobsCog(client, service))
    await client.add_cog(AccountCog(service))
    await client.add_cog(InfoCog(facts))
