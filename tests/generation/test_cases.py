"""Cards of cases: there once and up to date, wherever a process is killed, whatever Discord does, for every guild."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from errors import AlertRefused, CardGone, DeliveryUnavailable, StorageUnavailable
from generation.cases import CaseDelivery, CaseKeeper
from models import GuildSettings
from moderation import Case, CaseKind, CaseOutcome
from storage import cases, guilds
from storage.database import Database, Operation
from tests.builders import GUILD_ID, NOW, USER_ID
from tests.generation.tripwire import Cut, Tripwire
from tests.support import FakeClock, OpenDatabase, wait_until

T = TypeVar("T")

CHANNEL, OTHER_CHANNEL = 71, 72
OTHER_GUILD = GUILD_ID + 1
EFFECTS_MAX = 30


class Board:
    """Discord's side, which outlives every process: the cards by message, each with what it has said so far."""

    def __init__(self) -> None:
        self.cards: dict[int, list[tuple[int, str | None]]] = {}
        self.places: dict[int, tuple[int, int]] = {}
        self.deleted: set[int] = set()
        self.calls: Counter[str] = Counter()
        self.order: list[int] = []
        self.fate: Callable[[str, Case], None] = lambda _what, _case: None
        self.loses_answers = False
        self.gate: asyncio.Event | None = None
        self.held_guild: int | None = None
        self._ids = itertools.count(1000)

    def of(self, case_id: int) -> list[tuple[int, str | None]]:
        """What the one card of the case has said; fails where there are several."""
        (message_id,) = self.messages_of(case_id)
        return self.cards[message_id]

    def messages_of(self, case_id: int) -> list[int]:
        return [message_id for message_id, (_, its) in self.places.items() if its == case_id]

    def hang(self, channel_id: int, case: Case) -> int:
        message_id = next(self._ids)
        self.places[message_id] = (channel_id, case.case_id)
        self.cards[message_id] = [(case.revision, case.outcome)]
        self.order.append(case.guild_id)
        return message_id


class BoardDelivery:
    """`generation.cases.CaseDelivery`: one process's way to the board."""

    def __init__(self, board: Board) -> None:
        self._board = board

    async def find(self, case: Case) -> int | None:
        await self._call("find", case)
        assert case.sending_at is not None
        places = self._board.places
        return next((id_ for id_, place in places.items() if place == (case.channel_id, case.case_id)), None)

    async def post(self, case: Case, guild: GuildSettings) -> int:
        await self._call("post", case)
        assert guild.guild_id == case.guild_id
        assert case.sending_at is not None, "sent before it was written down"
        assert case.channel_id == guild.moderators_channel_id
        message_id = self._board.hang(case.channel_id or 0, case)
        if self._board.loses_answers:
            raise DeliveryUnavailable("the answer was lost")
        return message_id

    async def update(self, case: Case, guild: GuildSettings) -> None:
        await self._call("update", case)
        assert guild.guild_id == case.guild_id
        assert case.message_id is not None
        if case.message_id in self._board.deleted:
            raise CardGone("deleted")
        self._board.cards[case.message_id].append((case.revision, case.outcome))

    async def _call(self, what: str, case: Case) -> None:
        self._board.calls[what] += 1
        if self._board.gate is not None and case.guild_id == self._board.held_guild:
            await self._board.gate.wait()
        self._board.fate(what, case)


async def open_case(database: Database, **changes: Any) -> Case:
    values: dict[str, Any] = {"guild_id": GUILD_ID, "kind": CaseKind.STRIKES, "user_id": USER_ID, "at": NOW}
    case, _ = await database.write(lambda c: cases.open_case(c, **(values | changes)))
    return case


async def decide(database: Database, case: Case, outcome: CaseOutcome = CaseOutcome.KEPT) -> None:
    await database.write(lambda c: cases.decide(c, case.case_id, outcome, guild_id=case.guild_id, by_id=9, at=NOW))


async def touch(database: Database, case: Case) -> None:
    await database.write(lambda c: cases.touch(c, case.case_id))


async def give_channel(database: Database, channel_id: int | None = CHANNEL, guild_id: int = GUILD_ID) -> None:
    await database.write(
        lambda c: guilds.change_settings(c, guild_id, by_id=1, at=NOW, moderators_channel_id=channel_id)
    )


async def found(database: Database, case: Case) -> Case:
    now = await cases.find(database, case.case_id)
    assert now is not None
    return now


async def behind(database: Database) -> list[int]:
    return [guild.guild_id for guild in await cases.guilds_to_show(database)]


@asynccontextmanager
async def keeping(database: Database, delivery: CaseDelivery, clock: FakeClock) -> AsyncIterator[CaseKeeper]:
    """A keeper at work; it must not have ended by itself."""
    keeper = CaseKeeper(database, delivery, clock)
    task = asyncio.create_task(keeper.run(), name="cases")
    try:
        yield keeper
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait({task})


def at_work() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("cases of")]


async def rounds(clock: FakeClock, minutes: int = 1) -> None:
    """Let the keeper come to its rest, and wake it so many minutes one after the other."""
    for _ in range(minutes):
        await at_rest(clock)
        clock.advance(60)
    await at_rest(clock)


async def at_rest(clock: FakeClock) -> None:
    """Asleep and with nobody being served, and still so after whoever was woken has looked."""
    calm = 0
    while calm < 8:
        await wait_until(lambda: clock.sleeping == 1 and not at_work(), what="the keeper's rest")
        before = clock.sleeping
        await asyncio.sleep(0.001)
        calm = calm + 1 if before == clock.sleeping == 1 and not at_work() else 0


def refuse(_what: str, _case: Case) -> None:
    raise AlertRefused("closed")


def fail(_what: str, _case: Case) -> None:
    raise DeliveryUnavailable("Discord is away")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
async def keeper(database: Database, board: Board, clock: FakeClock) -> AsyncIterator[CaseKeeper]:
    """At rest: there is nothing to show yet."""
    await give_channel(database)
    async with keeping(database, BoardDelivery(board), clock) as working:
        await at_rest(clock)
        yield working


async def test_a_card_is_sent_when_notified_and_once(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    case = await open_case(database)
    keeper.notify()
    await wait_until(lambda: bool(board.cards), what="the card")
    await rounds(clock, 5)
    keeper.notify()
    await rounds(clock)
    assert board.of(case.case_id) == [(1, None)]
    assert board.calls == {"post": 1}
    now = await found(database, case)
    assert (now.card_revision, now.channel_id, now.message_id) == (1, CHANNEL, 1000)


async def test_a_change_that_nobody_told_of_is_shown_within_a_minute(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    case = await open_case(database)
    await rounds(clock)
    await touch(database, case)
    await decide(database, case)
    await rounds(clock)
    assert board.of(case.case_id) == [(1, None), (3, "kept")]
    assert await behind(database) == []


async def test_the_newest_state_wins_also_where_it_changes_while_it_is_shown(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    case = await open_case(database)
    board.gate, board.held_guild = asyncio.Event(), GUILD_ID
    keeper.notify()
    await wait_until(lambda: board.calls["post"] == 1, what="the sending")
    await decide(database, case)
    keeper.notify()
    board.gate.set()
    await rounds(clock)
    assert board.of(case.case_id) == [(1, None), (2, "kept")]
    assert (await found(database, case)).card_revision == 2


async def test_a_case_waits_for_a_channel_and_goes_there(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    case = await open_case(database, guild_id=OTHER_GUILD)
    await rounds(clock, 30)
    assert not board.calls
    await give_channel(database, OTHER_CHANNEL, OTHER_GUILD)
    keeper.notify()
    await rounds(clock)
    assert board.places == {1000: (OTHER_CHANNEL, case.case_id)}


async def test_one_that_is_decided_before_it_is_shown_is_never_sent(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    board.fate = refuse
    case = await open_case(database)
    await rounds(clock)
    board.fate = lambda _what, _case: None
    await decide(database, case)
    await rounds(clock, 40)
    assert not board.cards
    assert await behind(database) == []


async def test_a_deleted_card_is_not_sent_again_and_its_case_stays_open(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    case = await open_case(database)
    await rounds(clock)
    board.deleted.add(1000)
    await touch(database, case)
    await rounds(clock)
    await touch(database, case)
    await rounds(clock, 20)
    assert board.messages_of(case.case_id) == [1000]
    assert board.calls == {"post": 1, "update": 1}
    now = await found(database, case)
    assert now.is_open
    assert now.gone_at is not None
    assert await cases.open_of(database, GUILD_ID) == [now]


async def test_a_card_that_stays_where_it_was_is_edited_there_after_the_channel_changed(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    case = await open_case(database)
    await rounds(clock)
    await give_channel(database, OTHER_CHANNEL)
    await decide(database, case)
    await rounds(clock)
    assert board.places == {1000: (CHANNEL, case.case_id)}
    assert board.of(case.case_id)[-1] == (2, "kept")


async def test_a_closed_channel_is_tried_less_and_less_and_another_one_at_once(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    board.fate = refuse
    opened = [await open_case(database, user_id=number) for number in range(1, 41)]
    await rounds(clock, 60)
    assert 5 <= board.calls["post"] <= 12  # after 1, 2, 4, 8 and from then on 15 minutes; not forty every minute
    assert len([record for record in caplog.records if "have to wait" in record.getMessage()]) == 1
    assert (await found(database, opened[0])).sending_at is None
    board.fate = lambda _what, _case: None
    await give_channel(database, OTHER_CHANNEL)
    keeper.notify()
    await at_rest(clock)
    assert sorted(case_id for _, case_id in board.places.values()) == [case.case_id for case in opened]


async def test_a_case_that_always_fails_does_not_keep_its_guilds_others_waiting(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    bad = await open_case(database)
    good = [await open_case(database, user_id=number) for number in range(1, 31)]

    def fate(what: str, case: Case) -> None:
        if case.case_id == bad.case_id:
            fail(what, case)

    board.fate = fate
    await rounds(clock, 4)
    assert sorted(case_id for _, case_id in board.places.values()) == [case.case_id for case in good]
    before = board.calls["find"] + board.calls["post"]
    await rounds(clock, 60)
    assert 1 <= board.calls["find"] + board.calls["post"] - before <= 8


async def test_a_view_that_is_broken_is_logged_and_the_others_go_on(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = await open_case(database), await open_case(database, user_id=2)

    def fate(_what: str, case: Case) -> None:
        if case.case_id == bad.case_id:
            raise ValueError("a bug")

    board.fate = fate
    keeper.notify()
    await at_rest(clock)
    assert board.of(good.case_id) == [(1, None)]
    assert f"case {bad.case_id} failed in an unforeseen way" in caplog.text
    board.fate = lambda _what, _case: None
    await rounds(clock, 3)
    assert board.of(bad.case_id) == [(1, None)]


async def test_a_guild_that_hangs_holds_up_nobody_else(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    await give_channel(database, OTHER_CHANNEL, OTHER_GUILD)
    await open_case(database)
    board.gate, board.held_guild = asyncio.Event(), GUILD_ID
    keeper.notify()
    await wait_until(lambda: board.calls["post"] == 1, what="the guild that hangs")
    case = await open_case(database, guild_id=OTHER_GUILD)
    keeper.notify()
    await wait_until(lambda: bool(board.messages_of(case.case_id)), what="the other guild's card")
    board.gate.set()
    await rounds(clock)
    assert len(board.cards) == 2


async def test_a_guild_with_many_cases_takes_turns_with_the_others(
    database: Database, board: Board, clock: FakeClock
) -> None:
    busy = [GUILD_ID + number for number in range(10)]
    for guild_id in [*busy, GUILD_ID + 99]:
        await give_channel(database, CHANNEL + guild_id % 1000, guild_id)
    for guild_id in busy:
        for user_id in range(1, 41):
            await open_case(database, guild_id=guild_id, user_id=user_id)
    await open_case(database, guild_id=GUILD_ID + 99)
    async with keeping(database, BoardDelivery(board), clock):
        await at_rest(clock)
    assert Counter(board.order) == {**dict.fromkeys(busy, 40), GUILD_ID + 99: 1}
    assert board.order.index(GUILD_ID + 99) < 250, "the quiet guild waited for the busy ones"
    firsts = [board.order.index(guild_id) for guild_id in busy]
    assert max(firsts) < 250, "some guild had to wait until others were through"


async def test_two_hundred_cases_are_all_shown(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    opened = [await open_case(database, user_id=number) for number in range(1, 201)]
    keeper.notify()
    await at_rest(clock)
    assert sorted(case_id for _, case_id in board.places.values()) == [case.case_id for case in opened]
    assert board.calls == {"post": 200}
    for case in opened:
        await decide(database, case)
    keeper.notify()
    await at_rest(clock)
    assert board.calls == {"post": 200, "update": 200}
    assert await behind(database) == []


async def test_a_lost_answer_is_looked_for_before_anything_is_sent_again(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    board.loses_answers = True
    case = await open_case(database)
    keeper.notify()
    await at_rest(clock)
    board.loses_answers = False
    await decide(database, case)
    await rounds(clock, 4)
    assert board.of(case.case_id) == [(1, None), (2, "kept")]
    assert board.calls == {"post": 1, "find": 1, "update": 1}


async def test_what_was_lost_on_the_way_and_decided_meanwhile_is_not_sent_again(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    board.fate = fail
    case = await open_case(database)
    keeper.notify()
    await at_rest(clock)
    board.fate = lambda _what, _case: None
    await decide(database, case)
    await rounds(clock, 4)
    assert not board.cards
    assert await behind(database) == []


async def test_while_nobody_can_look_nothing_is_sent_twice(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    board.loses_answers = True
    case = await open_case(database)
    keeper.notify()
    await at_rest(clock)
    board.loses_answers = False
    board.fate = lambda what, its: fail(what, its) if what == "find" else None
    await rounds(clock, 30)
    assert board.calls["post"] == 1
    board.fate = lambda _what, _case: None
    await rounds(clock, 30)
    assert len(board.messages_of(case.case_id)) == 1


async def test_an_edit_is_repeated_no_sooner_than_an_older_one_can_be_on_its_way(
    database: Database, keeper: CaseKeeper, board: Board, clock: FakeClock
) -> None:
    case = await open_case(database)
    keeper.notify()
    await at_rest(clock)
    board.fate = fail
    await touch(database, case)
    keeper.notify()
    await at_rest(clock)
    board.fate = lambda _what, _case: None
    clock.advance(31)
    keeper.notify()
    await at_rest(clock)
    assert board.calls["update"] == 1
    await rounds(clock, 3)
    assert board.calls["update"] == 2


async def test_a_database_that_fails_is_waited_for(
    tmp_path: Path, board: Board, clock: FakeClock, open_database: OpenDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    broken = True

    class Moody(Database):
        async def write(self, operation: Operation[T]) -> T:
            if broken:
                raise StorageUnavailable("full")
            return await super().write(operation)

    database = await open_database(tmp_path / "easel.db")
    await give_channel(database)
    case = await open_case(database)
    await database.close()
    moody = await Moody.open(tmp_path / "easel.db", clock=clock)
    async with keeping(moody, BoardDelivery(board), clock):
        await rounds(clock, 5)
        assert not board.cards
        broken = False
        await rounds(clock, 20)
        assert board.of(case.case_id) == [(1, None)]
    assert len([record for record in caplog.records if "wait for the database" in record.getMessage()]) == 1
    await moody.close()


class TestKilled:
    """At every effect, before it and after it; the next process leaves one card for each case, up to date."""

    @pytest.mark.parametrize("cut", Cut)
    async def test_at_every_effect(self, tmp_path: Path, cut: Cut, open_database: OpenDatabase) -> None:
        for at in range(1, EFFECTS_MAX):
            clock, board = FakeClock(), Board()
            folder = tmp_path / str(at)
            folder.mkdir()
            wire = Tripwire(at, cut)
            await self.first_life(folder, board, clock, wire)
            await self.last_life(folder, board, clock, open_database, f"{cut} {at}: {wire.calls}")
            if not wire.dead.is_set():
                assert at > 8, "the wire was never met"
                return
        raise AssertionError("a case has more effects than that")

    async def first_life(self, folder: Path, board: Board, clock: FakeClock, wire: Tripwire) -> None:
        class WiredDatabase(Database):
            async def write(self, operation: Operation[T]) -> T:
                return await wire.through("write", super().write(operation))

        class WiredDelivery(BoardDelivery):
            async def find(self, case: Case) -> int | None:
                return await wire.through("find", super().find(case), counts=False)

            async def post(self, case: Case, guild: GuildSettings) -> int:
                return await wire.through("post", super().post(case, guild))

            async def update(self, case: Case, guild: GuildSettings) -> None:
                await wire.through("update", super().update(case, guild))

        database = await Database.open(folder / "easel.db", clock=clock)
        await give_channel(database)
        case = await open_case(database)
        other = await open_case(database, user_id=2)
        await database.close()
        wired = await WiredDatabase.open(folder / "easel.db", clock=clock)
        story = asyncio.create_task(self.story(wired, case, other, board, clock, WiredDelivery(board)))
        await wait_until(lambda: wire.dead.is_set() or story.done(), what="an end")
        if wire.dead.is_set():
            await wait_until(lambda: not [t for t in asyncio.all_tasks() if t.get_name() == "the last effect"])
        story.cancel()
        await asyncio.gather(story, return_exceptions=True)
        await wired.close()

    async def story(
        self, database: Database, case: Case, other: Case, board: Board, clock: FakeClock, delivery: CaseDelivery
    ) -> None:
        async with keeping(database, delivery, clock) as keeper:
            await wait_until(lambda: len(board.cards) == 2, what="the cards")
            await touch(database, case)
            keeper.notify()
            await at_rest(clock)
            await decide(database, other)
            keeper.notify()
            await at_rest(clock)

    async def last_life(
        self, folder: Path, board: Board, clock: FakeClock, open_database: OpenDatabase, where: str
    ) -> None:
        database = await open_database(folder / "easel.db")
        async with keeping(database, BoardDelivery(board), clock):
            await rounds(clock, 5)
        for case_id in (1, 2):
            now = await cases.find(database, case_id)
            assert now is not None
            assert len(board.messages_of(case_id)) == 1, where
            assert board.of(case_id)[-1] == (now.revision, now.outcome), where
            assert now.card_revision == now.revision, where
        assert await behind(database) == [], where
