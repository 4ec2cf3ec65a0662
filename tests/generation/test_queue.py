"""The fair queue against a naive model, and the bounds on waiting that fairness means."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from generation.queue import FairQueue
from storage.guilds import EVERYWHERE

GUILDS = st.integers(1, 3)
USERS = st.integers(1, 3)


class Naive:
    """The same rotation, written to be read: a list of guilds, each a list of members, each a list of jobs."""

    def __init__(self) -> None:
        self.guilds: list[tuple[int, list[tuple[int, list[str]]]]] = []
        self.held: set[int] = set()

    def put(self, job_id: str, guild_id: int, user_id: int, *, first: bool) -> None:
        members = next((members for guild, members in self.guilds if guild == guild_id), None)
        if members is None:
            members = []
            self.guilds.append((guild_id, members))
        mine = next((jobs for user, jobs in members if user == user_id), None)
        if mine is None:
            mine = []
            members.append((user_id, mine))
        mine.insert(0 if first else len(mine), job_id)

    def take(self) -> str | None:
        free = [index for index, (guild, _) in enumerate(self.guilds) if not self.held & {guild, EVERYWHERE}]
        if not free:
            return None
        guild_id, members = self.guilds.pop(free[0])
        user_id, mine = members.pop(0)
        job_id = mine.pop(0)
        if mine:
            members.append((user_id, mine))
        if members:
            self.guilds.append((guild_id, members))
        return job_id

    def remove(self, job_id: str) -> None:
        for _, members in self.guilds:
            for _, mine in members:
                if job_id in mine:
                    mine.remove(job_id)
            members[:] = [(user, mine) for user, mine in members if mine]
        self.guilds = [(guild, members) for guild, members in self.guilds if members]

    def everything(self) -> list[str]:
        return [job_id for _, members in self.guilds for _, mine in members for job_id in mine]

    def order(self) -> list[str]:
        copy = Naive()
        copy.guilds = [(guild, [(user, list(mine)) for user, mine in members]) for guild, members in self.guilds]
        taken = []
        while (job_id := copy.take()) is not None:
            taken.append(job_id)
        return taken


class QueueAgainstModel(RuleBasedStateMachine):
    """Whatever is put, taken and removed, the queue does as the model does, and its places come true."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = FairQueue()
        self.model = Naive()
        self.numbers = 0

    @rule(guild_id=GUILDS, user_id=USERS, first=st.booleans())
    def put(self, guild_id: int, user_id: int, first: bool) -> None:
        self.numbers += 1
        job_id = f"job {self.numbers}"
        self.queue.put(job_id, guild_id=guild_id, user_id=user_id, first=first)
        self.model.put(job_id, guild_id, user_id, first=first)

    @precondition(lambda self: len(self.queue) > 0)
    @rule(data=st.data())
    def put_again_changes_nothing(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(self.model.everything()))
        self.queue.put(job_id, guild_id=99, user_id=99, first=True)

    @rule()
    def take(self) -> None:
        next_guild = self.queue.next_guild()
        taken = self.queue.take()
        assert taken == self.model.take()
        assert (next_guild is None) == (taken is None)

    @rule(guild_id=st.sampled_from((EVERYWHERE, 1, 2, 3)), times=st.integers(1, 2))
    def hold(self, guild_id: int, times: int) -> None:
        for _ in range(times):
            self.queue.hold(guild_id)
        self.model.held.add(guild_id)

    @rule(guild_id=st.sampled_from((EVERYWHERE, 1, 2, 3)))
    def let_go(self, guild_id: int) -> None:
        self.queue.let_go(guild_id)
        self.model.held.discard(guild_id)

    @precondition(lambda self: len(self.queue) > 0)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(self.model.everything()))
        assert self.queue.remove(job_id)
        self.model.remove(job_id)
        assert not self.queue.remove(job_id)
        assert job_id not in self.queue

    @invariant()
    def places_are_the_order_of_turns(self) -> None:
        order = self.model.order()
        assert len(self.queue) == len(order)
        assert [self.queue.place(job_id) for job_id in order] == list(range(1, len(order) + 1))


TestQueueAgainstModel = QueueAgainstModel.TestCase


def filled(jobs: dict[tuple[int, int], int]) -> FairQueue:
    queue = FairQueue()
    for (guild_id, user_id), count in jobs.items():
        for number in range(count):
            queue.put(f"{guild_id}/{user_id}/{number}", guild_id=guild_id, user_id=user_id)
    return queue


@given(
    jobs=st.dictionaries(st.tuples(GUILDS, USERS), st.integers(1, 5), min_size=1),
    newcomer=st.tuples(st.just(4), st.just(4)),
)
def test_a_new_guild_waits_for_at_most_one_job_of_each_other(
    jobs: dict[tuple[int, int], int], newcomer: tuple[int, int]
) -> None:
    queue = filled(jobs)
    queue.put("new", guild_id=newcomer[0], user_id=newcomer[1])
    place = queue.place("new")
    assert place is not None
    assert place <= 1 + len({guild_id for guild_id, _ in jobs})


def test_a_member_with_many_jobs_does_not_hold_up_the_others() -> None:
    queue = filled({(1, 1): 50, (1, 2): 1, (2, 1): 1})
    taken = [queue.take() for _ in range(4)]
    assert taken == ["1/1/0", "2/1/0", "1/2/0", "1/1/1"]


def test_a_members_own_jobs_keep_their_order() -> None:
    queue = filled({(1, 1): 4})
    assert [queue.take() for _ in range(5)] == ["1/1/0", "1/1/1", "1/1/2", "1/1/3", None]


def test_who_had_a_turn_already_comes_before_the_members_other_jobs() -> None:
    queue = filled({(1, 1): 2})
    queue.put("again", guild_id=1, user_id=1, first=True)
    assert queue.take() == "again"


def test_a_job_that_does_not_wait_has_no_place() -> None:
    queue = filled({(1, 1): 1})
    assert queue.place("nobody") is None
    assert not queue.remove("nobody")
    assert "nobody" not in queue


class TestArriving:
    def test_a_job_that_arrives_has_its_place_but_is_not_taken(self) -> None:
        queue = FairQueue()
        queue.put("first", guild_id=1, user_id=1, arriving=True)
        queue.put("second", guild_id=1, user_id=1)
        assert (queue.place("first"), queue.place("second")) == (1, 2)
        assert len(queue) == 1
        assert queue.take() == "second"
        assert queue.take() is None
        queue.put("first", guild_id=1, user_id=1)
        assert queue.take() == "first"

    def test_whoever_comes_after_arriving_jobs_is_behind_them(self) -> None:
        queue = FairQueue()
        for user_id in range(1, 6):
            queue.put(f"{user_id}", guild_id=1, user_id=user_id, arriving=True)
        queue.put("newcomer", guild_id=1, user_id=9)
        assert queue.place("newcomer") == 6

    def test_a_job_that_never_arrives_can_be_removed(self) -> None:
        queue = FairQueue()
        queue.put("lost", guild_id=1, user_id=1, arriving=True)
        assert queue.remove("lost")
        assert len(queue) == 0
        assert queue.take() is None

    def test_an_arriving_guild_does_not_lose_its_turn_to_come(self) -> None:
        queue = FairQueue()
        queue.put("a", guild_id=1, user_id=1, arriving=True)
        queue.put("b", guild_id=2, user_id=2)
        queue.put("c", guild_id=2, user_id=2)
        assert queue.take() == "b"
        queue.put("a", guild_id=1, user_id=1)
        assert queue.take() == "a"


class TestHeld:
    def test_a_held_guild_keeps_its_place_and_its_members_theirs(self) -> None:
        queue = filled({(1, 1): 2, (1, 2): 1, (2, 1): 2})
        queue.hold(1)
        before = {job_id: queue.place(job_id) for job_id in ("1/1/0", "1/1/1", "1/2/0")}
        assert queue.next_guild() == 2
        assert queue.take() == "2/1/0"
        queue.let_go(1)
        assert [queue.take() for _ in range(4)] == ["1/1/0", "2/1/1", "1/2/0", "1/1/1"]
        assert before == {"1/1/0": 1, "1/1/1": 5, "1/2/0": 3}

    def test_nothing_is_taken_while_everything_is_held(self) -> None:
        queue = filled({(1, 1): 1, (2, 1): 1})
        queue.hold(EVERYWHERE)
        assert (queue.next_guild(), queue.take(), len(queue)) == (None, None, 2)
        queue.let_go(EVERYWHERE)
        assert queue.take() == "1/1/0"

    def test_the_end_of_the_hold_on_everything_leaves_a_guilds_own(self) -> None:
        queue = filled({(1, 1): 1, (2, 1): 1})
        queue.hold(1)
        queue.hold(EVERYWHERE)
        queue.let_go(EVERYWHERE)
        assert [queue.take(), queue.take()] == ["2/1/0", None]

    def test_who_comes_while_a_guild_is_held_waits_in_it(self) -> None:
        queue = FairQueue()
        queue.hold(1)
        queue.put("late", guild_id=1, user_id=1)
        queue.put("again", guild_id=1, user_id=1, first=True)
        assert queue.take() is None
        assert queue.remove("again")
        queue.let_go(1)
        assert queue.take() == "late"
