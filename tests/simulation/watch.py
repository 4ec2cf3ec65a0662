"""Looks on at every operation, every batch, everything that leaves the bot, and says which rule was broken first.

It reads the database with SQL of its own, from the connection that writes (so it sees every operation as it ends, in
their one order) and from another one (so it sees what is really on disk). What a rule means is in design order.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

from errors import CapReached, DuplicateInteraction, GenerationPaused, Suspended, TooManyActiveJobs
from models import TRANSITIONS, Job, JobStatus
from storage.database import Operation
from tests.simulation import facts
from tests.simulation.channel import Card
from tests.simulation.disk import Batches, open_quickly
from tests.simulation.facts import (
    AT_THE_PROVIDER,
    ENDS,
    JOBS,
    NEW_ENTRIES,
    RELEASING,
    SETTLED_BEFORE,
    SETTLING,
    UNDER_WAY,
    WRONG_SUMS,
    Terms,
    key_of,
    key_of_account,
)
from tests.simulation.pictures import Picture
from tests.simulation.provider import Provider
from tests.simulation.timeline import Timeline
from tests.simulation.trace import Trace

S = JobStatus

POLL_GAP_SECONDS: Final = 0.999
# From the commit of a wish until the runner must have been told of it, on the slowest of disks.
FOLLOWED_SECONDS: Final = 20.0


class Violation(AssertionError):
    """A rule was broken: `rule` names it."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule


class Watch(Batches):
    """The invariants that hold at every moment. `violation` is the first that did not."""

    def __init__(self, terms: Terms, provider: Provider, timeline: Timeline, trace: Trace) -> None:
        self.violation: Violation | None = None
        self.seen: Counter[str] = Counter()
        # Members who may have a wish under way, by guild and member.
        self.asking: Counter[tuple[int, int]] = Counter()
        # Guilds (0 for all) whose pause was confirmed to whoever asked for it.
        self.paused: set[int] = set()
        self.terms = terms
        self._provider = provider
        self._timeline = timeline
        self._trace = trace
        self._jobs: dict[int, sqlite3.Row] = {}
        self._committed: dict[int, sqlite3.Row] = {}
        # Jobs that left the ranks of those under way for a while: they may come back into a full house.
        self._were_in_doubt: set[int] = set()
        self._polled_at: dict[str, float] = {}
        # How often the bot was started, and in which life a job was last about to be sent.
        self._lives = 1
        self._sent_in: dict[int, int] = {}
        self.in_doubt_since_ms: dict[int, int] = {}
        self.in_doubt_since: dict[int, float] = {}
        self.moved_at: dict[int, float] = {}
        self._recorded_at: dict[int, float] = {}
        self.quiet_at = float("inf")

    def open(self, path: Path) -> None:
        """Read what is on disk from here on."""
        self._disk = open_quickly(path)

    def close(self) -> None:
        self._disk.close()

    def fail(self, rule: str, detail: str) -> NoReturn:
        """A rule is broken. The first one stays, whoever catches this."""
        violation = Violation(rule, detail)
        if self.violation is None:
            self.violation = violation
            self._trace.note("watch", f"VIOLATION {violation}")
        raise violation

    def process_died(self) -> None:
        self._polled_at.clear()
        self._lives += 1
        self.asking.clear()
        self._check_disk()

    def job_of_wish(self, number: int) -> sqlite3.Row | None:
        """The wish's job as it is on disk."""
        row: sqlite3.Row | None = self._disk.execute(f"{JOBS} WHERE interaction_id = ?", (number,)).fetchone()
        return row

    def jobs(self) -> list[sqlite3.Row]:
        """Every job as it is on disk."""
        return self._disk.execute(f"{JOBS} ORDER BY job_no").fetchall()

    def ask_disk(self, sql: str, *parameters: object) -> list[sqlite3.Row]:
        """What any question to the disk gives."""
        return self._disk.execute(sql, parameters).fetchall()

    # What is asked of the database.

    def guarded(self, operation: Operation[Any], connection: sqlite3.Connection) -> Operation[Any]:
        def looked_at(given: sqlite3.Connection) -> Any:
            if self.violation is not None:
                raise self.violation
            (last,) = connection.execute("SELECT coalesce(max(entry_id), 0) FROM entries").fetchone()
            before = connection.total_changes
            try:
                value = operation(given)
            except Exception as error:  # whatever it is, it goes on to whoever asked
                self._refused(connection, last, error)
                raise
            if connection.total_changes != before:
                self._changed(connection, last)
            return value

        return looked_at

    def ended(self, connection: sqlite3.Connection, *, committed: bool) -> None:
        if committed:
            self._note_changes()
            self._committed = self._jobs
        else:
            self._jobs = self._committed
            self._trace.note("disk", "a batch is undone")
        self._check_disk()

    def _note_changes(self) -> None:
        for number, job in self._jobs.items():
            before = self._committed.get(number)
            if before is None or before["status"] != job["status"]:
                was = "" if before is None else f"{before['status']} to "
                self._trace.note("disk", f"wish {job['interaction_id']} {was}{job['status']}")

    def _refused(self, connection: sqlite3.Connection, last: int, error: Exception) -> None:
        """A refusal must be right: refusing for no reason is a fault as well."""
        self.seen[type(error).__name__] += 1
        match error:
            case CapReached(account=account):
                room = facts.room(connection, self.terms, key_of_account(account), before_entry=last + 1)
                if room.used + error.amount <= room.cap or error.left != max(0, room.cap - room.used):
                    self.fail("refused", f"{error}, and {room.used} of {room.cap} are used")
            case TooManyActiveJobs():
                under_way = Counter(
                    (job["guild_id"], job["user_id"]) for job in self._jobs.values() if job["status"] in UNDER_WAY
                )
                if all(under_way[member] < self.terms.active_jobs for member in +self.asking):
                    self.fail("refused", f"{error}, and nobody who asks has that many")
            case DuplicateInteraction() | GenerationPaused() | Suspended():
                pass

    def _changed(self, connection: sqlite3.Connection, last: int) -> None:
        entries: defaultdict[int | None, list[sqlite3.Row]] = defaultdict(list)
        for entry in connection.execute(NEW_ENTRIES, (last,)):
            entries[entry["job_no"]].append(entry)
            if entry["kind"] == "reserve":
                self._has_room(connection, entry)
        before, self._jobs = self._jobs, {row["job_no"]: row for row in connection.execute(JOBS)}
        if gone := before.keys() - self._jobs.keys():
            self.fail("jobs", f"jobs {sorted(gone)} are gone")
        for job_no, job in self._jobs.items():
            old, new = before.get(job_no), entries.pop(job_no, [])
            if old is None:
                self._recorded(connection, job, new)
            elif old != job or new:
                self._moved(connection, old, job, new)
        for number, rest in entries.items():
            if number is not None or any(entry["kind"] in {"reserve", "settle", "release"} for entry in rest):
                self.fail("entries", f"{number} has entries and is no job")
        at_provider = sum(job["status"] in AT_THE_PROVIDER for job in self._jobs.values())
        if at_provider > self.terms.max_in_flight:
            self.fail("in flight", f"{at_provider} jobs at the provider")

    def _recorded(self, connection: sqlite3.Connection, job: sqlite3.Row, entries: list[sqlite3.Row]) -> None:
        self._recorded_at[job["job_no"]] = self._timeline.now
        if job["status"] != "queued":
            self.fail("transition", f"wish {job['interaction_id']} begins as {job['status']}")
        under_way = sum(
            (other["guild_id"], other["user_id"]) == (job["guild_id"], job["user_id"])
            and other["status"] in UNDER_WAY
            and other["job_no"] not in self._were_in_doubt
            for other in self._jobs.values()
        )
        if under_way > self.terms.active_jobs:
            self.fail("active jobs", f"member {job['user_id']} has {under_way} jobs")
        if any(other is not job and other["interaction_id"] == job["interaction_id"] for other in self._jobs.values()):
            self.fail("jobs", f"wish {job['interaction_id']} has two jobs")
        if facts.is_kept_out(connection, job):
            self.fail("gate", f"wish {job['interaction_id']} was accepted from a paused guild or a suspended member")
        expected = facts.holds(job, self.terms)
        held = {key_of(entry): entry["pending"] for entry in entries if entry["kind"] == "reserve"}
        if held != expected or len(entries) != len(expected):
            self.fail("reservation", f"wish {job['interaction_id']} holds {held} where {expected} is right")

    def _moved(
        self, connection: sqlite3.Connection, old: sqlite3.Row, job: sqlite3.Row, entries: list[sqlite3.Row]
    ) -> None:
        number, was, now = job["interaction_id"], old["status"], job["status"]
        for name in ("message_id", "request_id"):
            if old[name] not in (None, job[name]):
                self.fail("jobs", f"wish {number} has another {name}")
        if now == was:
            if entries:
                self.fail("entries", f"wish {number} stays {now} and its money moves")
            return
        self.moved_at[number] = self._timeline.now
        if S(now) not in TRANSITIONS[S(was)]:
            self.fail("transition", f"wish {number} went from {was} to {now}")
        if now == "submitting":
            self._sent_in[number] = self._lives
        if now == "in_doubt":
            self._doubted(was, job)
        if now in AT_THE_PROVIDER and job["message_id"] is None:
            self.fail("card first", f"wish {number} is {now} and has no card")
        kind = "settle" if now in SETTLING and was not in SETTLED_BEFORE else "release" if now in RELEASING else None
        if [entry["kind"] for entry in entries] != [kind] * (5 if kind else 0):
            self.fail("entries", f"wish {number} went from {was} to {now}: {[entry['kind'] for entry in entries]}")
        if kind is not None:
            self._resolved(connection, job, entries)

    def _doubted(self, was: str, job: sqlite3.Row) -> None:
        """There must be a doubt: the process died over it, or the provider left the bot with one."""
        number, posts = job["interaction_id"], self._provider.posts[job["interaction_id"]]
        self._were_in_doubt.add(job["job_no"])
        self.in_doubt_since_ms[number] = job["changed_at"]
        self.in_doubt_since[number] = self._timeline.now
        if was != "submitting":
            return
        if job["reason"] == "interrupted_submission":
            if self._sent_in[number] == self._lives:
                self.fail("doubt", f"wish {number} is in doubt, and its process lives")
        elif posts.sent == posts.proven_refused:
            self.fail("doubt", f"wish {number} is in doubt, and was refused for certain")

    def _resolved(self, connection: sqlite3.Connection, job: sqlite3.Row, entries: list[sqlite3.Row]) -> None:
        number = job["interaction_id"]
        held = {
            row["account_id"]: row["pending"]
            for row in connection.execute(
                "SELECT account_id, pending FROM entries WHERE job_no = ? AND kind = 'reserve'", (job["job_no"],)
            )
        }
        if {entry["account_id"]: -entry["pending"] for entry in entries} != held:
            self.fail("resolution", f"wish {number} lets go of something else than it holds")
        images, micros = facts.owed(connection, job, self.terms.price_micros)
        if job["settled_micros"] != micros:
            self.fail("settlement", f"wish {number} settled {job['settled_micros']} where {micros} is right")
        for entry in entries:
            if entry["posted"] != (images if entry["unit"] == "image" else micros):
                self.fail("settlement", f"wish {number} posted {entry['posted']} {entry['unit']}")

    def _has_room(self, connection: sqlite3.Connection, entry: sqlite3.Row) -> None:
        room = facts.room(connection, self.terms, key_of(entry), before_entry=entry["entry_id"])
        if room.used + entry["pending"] > room.cap:
            self.fail("cap", f"{key_of(entry)} takes {entry['pending']} on top of {room.used} of {room.cap}")

    def _check_disk(self) -> None:
        """What is on disk is what was answered for, and every balance is the sum of its entries."""
        if {row["job_no"]: row for row in self._disk.execute(JOBS)} != self._committed:
            self.fail("disk", "the jobs on disk are not those that were committed")
        if wrong := self._disk.execute(WRONG_SUMS).fetchall():
            self.fail("sums", f"accounts {[row['account_id'] for row in wrong]} are not the sums of their entries")

    # What leaves the bot.

    def accepted(self, number: int) -> None:
        """Somebody was told that their wish is a job."""
        if self.job_of_wish(number) is None:
            self.fail("durable", f"wish {number} was accepted and is not on disk")

    def followed(self, jobs: int) -> None:
        """The runner of a process that is up says that it has so many jobs to do something for."""
        since = self._timeline.now - FOLLOWED_SECONDS
        old = [row for row in self._committed.values() if self._recorded_at[row["job_no"]] < since]
        unfinished = sum(row["status"] not in ENDS for row in old)
        if unfinished > jobs:
            self.fail("followed", f"{unfinished} jobs are not at their end, and the runner knows of {jobs}")

    def posting(self, number: int, body: Mapping[str, object]) -> None:
        self.seen["post"] += 1
        self._trace.note("bot", f"posts wish {number}")
        job, posts = self.job_of_wish(number), self._provider.posts[number]
        if posts.sent != posts.proven_refused or posts.accepted:
            self.fail("one post", f"wish {number} is posted again, and the one before may have been taken")
        if job is None or job["status"] != "submitting":
            self.fail("intent", f"wish {number} is posted as {job and job['status']}")
        if job["message_id"] is None:
            self.fail("card first", f"wish {number} is posted without a card")
        if body.get("enable_safety_checker") is not True:
            self.fail("safety", f"wish {number} is posted without the checker")
        if body["num_images"] != job["images_requested"]:
            self.fail("price", f"wish {number} asks for {body['num_images']} pictures")
        if self.paused & {0, job["guild_id"]}:
            self.fail("pause", f"wish {number} is posted though its guild is paused")

    def polled(self, request_id: str) -> None:
        self.seen["poll"] += 1
        last, now = self._polled_at.get(request_id), self._timeline.now
        if last is not None and now - last < POLL_GAP_SECONDS:
            self.fail("polls", f"{request_id} is polled again after {now - last:.3f} s")
        self._polled_at[request_id] = now

    def fetched(self, picture: Picture) -> None:
        if picture.kind in {"flagged", "unchecked"}:
            self.fail("safety", f"a picture was fetched that is {picture.kind}")

    def shown(self, job: Job, card: Card, digests: tuple[str, ...]) -> None:
        number, row = card.interaction_id, self.job_of_wish(card.interaction_id)
        released = facts.released(self._disk, number)
        if not digests or set(digests) != released:
            self.fail("verdict", f"wish {number} shows {len(digests)} pictures, released are {len(released)}")
        if not released <= self._provider.showable(number):
            self.fail("safety", f"wish {number} shows what must not be shown")
        if row is None or row["status"] not in {"generated", "delivered", "in_review"}:
            self.fail("verdict", f"wish {number} shows pictures as {row and row['status']}")
        waits = row["status"] == "generated" and facts.must_be_reviewed(self._disk, row["guild_id"])
        if waits or (row["status"] == "in_review" and not facts.is_approved(self._disk, row["job_no"])):
            self.fail("review", f"wish {number} shows pictures that no moderator has let go up")
        if card.gallery not in (None, digests):
            self.fail("one gallery", f"wish {number} shows another gallery than before")
