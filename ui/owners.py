"""Who operates the bot: those named in OWNER_IDS, or else the owner or the team of the application."""

from collections.abc import Sequence

import discord

# Of a team, those who may change the application itself; `read_only` ones may only look at it.
_ROLES = frozenset({discord.TeamMemberRole.admin, discord.TeamMemberRole.developer})


class Owners:
    """The operators of the bot. Nobody, where nobody is named and Discord has not said yet whose application it is."""

    def __init__(self, client: discord.Client, named: Sequence[int]) -> None:
        self._client = client
        self._named = tuple(named)

    def __contains__(self, user_id: int) -> bool:
        return user_id in self.ids

    @property
    def ids(self) -> tuple[int, ...]:
        """Their ids, as they are known since the login."""
        if self._named:
            return self._named
        application = self._client.application
        if application is None:
            return ()
        if application.team is None:
            return (application.owner.id,)
        return tuple(
            member.id
            for member in application.team.members
            if member.membership_state is discord.TeamMembershipState.accepted
            and (member.role in _ROLES or member.id == application.team.owner_id)
        )
