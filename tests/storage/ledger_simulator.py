"""A seeded life of a ledger: many members at once, random batches, crashes, the edges of periods and caps."""

import random
from contextlib import closing
from pathlib import Path
from typing import Final

from models import TRANSITIONS, JobStatus, Settlement
from tests.storage.editions import Edition
from tests.storage.inline import RELEASING
from tests.storage.ledger_world import CAPS, DAYS, PRICE_MICROS, World

GUILDS: Final = (1, 2)
USERS: Final = (11, 12)
TURNS: Final = 120


def simulate(edition: Edition, path: Path, seed: int) -> World:
    """Live one life in a new database at `path`. Raises Violation at the first thing that is wrong."""
    with closing(World(edition, path)) as world:
        life = _Life(world, random.Random(seed))
        for _ in range(TURNS):
            life.turn()
        while world.wishes:
            world.run(world.wishes[:])
    return world


class _Life:
    def __init__(self, world: World, dice: random.Random) -> None:
        self.world = world
        self.dice = dice

    def turn(self) -> None:
        actions = (self.accept, self.move, self.resolve_again, self.grant, self.set_cap, self.run)
        self.dice.choices(actions, weights=(8, 14, 1, 2, 1, 6))[0]()
        if self.dice.random() < 0.04:
            self.world.crash()

    def accept(self) -> None:
        self.world.ask_to_accept(
            guild_id=self.dice.choice(GUILDS),
            user_id=self.dice.choice(USERS),
            images=self.dice.choice((1, 1, 2, 3)),
            day=self.dice.choice(DAYS),
        )

    def move(self) -> None:
        jobs = [job for job in self.world.model.jobs.values() if TRANSITIONS[job.status]]
        if not jobs:
            return
        job = self.dice.choice(jobs)
        targets = sorted(TRANSITIONS[job.status] - {JobStatus.QUEUED})
        # Most jobs get somewhere: money that is given back at once fills no cap.
        onwards = [target for target in targets if target not in RELEASING]
        target = self.dice.choice(onwards if self.dice.random() < 0.8 else targets)
        images = job.cost_micros // PRICE_MICROS
        micros = self.dice.choice((0, PRICE_MICROS, job.cost_micros, job.cost_micros, job.cost_micros + 1))
        self.world.ask_to_move(job, target, Settlement(images=self.dice.randint(0, images + 2), micros=micros))

    def resolve_again(self) -> None:
        jobs = [job for job in self.world.model.jobs.values() if job.posted is not None]
        if jobs:
            self.world.ask_to_resolve_again(self.dice.choice(jobs), settle=self.dice.random() < 0.5)

    def grant(self) -> None:
        accounts = {account for job in self.world.model.jobs.values() for account in job.held}
        if accounts:
            self.world.ask_to_grant(self.dice.choice(sorted(accounts, key=repr)), self.dice.randint(1, 4))

    def set_cap(self) -> None:
        kind = self.dice.choice(sorted(CAPS))
        self.world.caps[kind] = self.dice.randint(0, 2 * CAPS[kind])

    def run(self) -> None:
        waiting = self.world.wishes[:]
        wishes = waiting if self.dice.random() < 0.4 else self.dice.sample(waiting, self.dice.randint(0, len(waiting)))
        # A batch of n accepts has some 7n + 2 statements; the crash may fall behind its end, and then does not come.
        crash = self.dice.randint(1, 8 * len(wishes) + 3) if self.dice.random() < 0.1 else None
        self.world.run(wishes, crash_after=crash)
