"""The fair queue: guilds take turns, and inside a guild its members do; a member's own jobs keep their order."""

from collections import OrderedDict, deque

from storage.guilds import EVERYWHERE

_Members = OrderedDict[int, deque[str]]


class FairQueue:
    """Waiting job ids in rotation. Putting and removing cost the same however many others wait."""

    def __init__(self) -> None:
        self._guilds: OrderedDict[int, _Members] = OrderedDict()
        self._owners: dict[str, tuple[int, int]] = {}
        self._arriving: set[str] = set()
        self._held: set[int] = set()

    def __len__(self) -> int:
        """How many jobs wait for their turn, those of held guilds included."""
        return len(self._owners) - len(self._arriving)

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._owners

    def put(self, job_id: str, *, guild_id: int, user_id: int, first: bool = False, arriving: bool = False) -> None:
        """Let the job wait: behind the member's other jobs, or before them where it had its turn already.

        One that is `arriving` has its place in line, but can't be taken before it is put again. A job that waits
        already stays where it is.
        """
        if not arriving:
            self._arriving.discard(job_id)
        if job_id in self._owners:
            return
        if arriving:
            self._arriving.add(job_id)
        self._owners[job_id] = (guild_id, user_id)
        mine = self._guilds.setdefault(guild_id, OrderedDict()).setdefault(user_id, deque())
        if first:
            mine.appendleft(job_id)
        else:
            mine.append(job_id)

    def hold(self, guild_id: int) -> None:
        """Take nothing of this guild until `let_go`; with EVERYWHERE nothing at all. Everybody keeps their place."""
        self._held.add(guild_id)

    def let_go(self, guild_id: int) -> None:
        """Take jobs of this guild again."""
        self._held.discard(guild_id)

    def next_guild(self) -> int | None:
        """The guild of the job whose turn it is, or None where nothing can be taken."""
        job_id = self._next()
        return None if job_id is None else self._owners[job_id][0]

    def take(self) -> str | None:
        """The job whose turn it is, or None. Its guild and its member go to the end of their lines."""
        job_id = self._next()
        if job_id is None:
            return None
        guild_id, user_id = self._owners.pop(job_id)
        members = self._guilds[guild_id]
        members[user_id].remove(job_id)
        self._guilds.move_to_end(guild_id)
        members.move_to_end(user_id)
        self._drop_if_empty(guild_id, user_id)
        return job_id

    def remove(self, job_id: str) -> bool:
        """Let the job wait no longer; False where it did not wait. Nobody else's turn changes."""
        owner = self._owners.pop(job_id, None)
        self._arriving.discard(job_id)
        if owner is None:
            return False
        guild_id, user_id = owner
        self._guilds[guild_id][user_id].remove(job_id)
        self._drop_if_empty(guild_id, user_id)
        return True

    def place(self, job_id: str) -> int | None:
        """How many turns until this job has been taken: 1 is next. None where it does not wait."""
        owner = self._owners.get(job_id)
        if owner is None:
            return None
        guild_id, user_id = owner
        ahead = self._guilds[guild_id][user_id].index(job_id)
        return self._turn(guild_id, user_id, ahead)

    def _next(self) -> str | None:
        if len(self) == 0 or EVERYWHERE in self._held:
            return None
        waiting = (
            job_id
            for guild_id, members in self._guilds.items()
            if guild_id not in self._held
            for mine in members.values()
            for job_id in mine
        )
        return next((job_id for job_id in waiting if job_id not in self._arriving), None)

    def _turn(self, guild_id: int, user_id: int, own_ahead: int) -> int:
        members = self._guilds[guild_id]
        of_members = {member: len(jobs) for member, jobs in members.items()}
        in_guild = own_ahead + _others_before(of_members, user_id, own_ahead)
        of_guilds = {guild: sum(map(len, its_members.values())) for guild, its_members in self._guilds.items()}
        return 1 + in_guild + _others_before(of_guilds, guild_id, in_guild)

    def _drop_if_empty(self, guild_id: int, user_id: int) -> None:
        members = self._guilds[guild_id]
        if not members[user_id]:
            del members[user_id]
        if not members:
            del self._guilds[guild_id]


def _others_before(waiting: dict[int, int], mine: int, own_ahead: int) -> int:
    """How many of the others' jobs a rotation takes before the one of `mine` that has `own_ahead` before it.

    `waiting` counts jobs in the order of turns. Whoever comes before `mine` has one turn more until then.
    """
    total, rounds = 0, own_ahead + 1
    for party, count in waiting.items():
        if party == mine:
            rounds = own_ahead
        else:
            total += min(count, rounds)
    return total
