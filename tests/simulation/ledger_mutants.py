"""Planted bugs in the ledger and in what moves it."""

from typing import Final

from tests.simulation.planting import GENERATION, STORAGE, Edit, Mutant

# What stands in the schema: without these, only the watch looks on.
NO_CAP_CHECK: Final = (",\n    CHECK (pending + posted <= cap)\n", "\n")
NO_NEGATIVE_CHECK: Final = (
    "pending      INTEGER NOT NULL DEFAULT 0 CHECK (pending >= 0)",
    "pending      INTEGER NOT NULL DEFAULT 0",
)
NO_RESOLVED_ONCE: Final = (
    "(CASE WHEN kind = 'reserve' THEN 0 WHEN kind IN ('settle', 'release') THEN 1 END)",
    "(CASE WHEN kind = 'reserve' THEN 0 END)",
)
NO_SETTLE_CHECK: Final = (
    "    CHECK (kind <> 'settle'  OR (pending < 0 AND posted BETWEEN 0 AND -pending AND job_no IS NOT NULL)),\n",
    "",
)
NO_RELEASE_CHECK: Final = (
    ",\n    CHECK (kind <> 'release' OR (pending < 0 AND posted = 0 AND job_no IS NOT NULL))\n",
    "\n",
)

_ROOM: Final = "  WHERE pending + posted + amount <= wanted.cap + granted"

LEDGER: Final = (
    Mutant(
        name="the cap ignores what is pending",
        edits=(Edit(STORAGE, _ROOM, "  WHERE posted + amount <= wanted.cap + granted"),),
        schema=(NO_CAP_CHECK,),
        noticed_as=("cap",),
    ),
    Mutant(
        name="the cap ignores the amount",
        edits=(Edit(STORAGE, _ROOM, "  WHERE pending + posted < wanted.cap + granted"),),
        schema=(NO_CAP_CHECK,),
        noticed_as=("cap",),
    ),
    Mutant(
        name="the last unit of a cap can't be used",
        edits=(Edit(STORAGE, _ROOM, "  WHERE pending + posted + amount < wanted.cap + granted"),),
        noticed_as=("refused",),
    ),
    Mutant(
        name="a grant is ignored",
        edits=(Edit(STORAGE, _ROOM, "  WHERE pending + posted + amount <= wanted.cap"),),
        noticed_as=("refused",),
    ),
    Mutant(
        name="the caps are checked in one transaction and used in the next",
        edits=(
            Edit(STORAGE, _ROOM, "  WHERE true"),
            Edit(
                GENERATION,
                "        await self._books.check()\n",
                "        await self._books.check()\n        await self._look_for_room(wish.origin, wish.request)\n",
            ),
            Edit(
                GENERATION,
                "    def _caps(self,",
                "    async def _look_for_room(self, origin, request):\n"
                "        for line in await self.quota(guild_id=origin.guild_id, user_id=origin.user_id):\n"
                "            if line.fitting < request.num_images:\n"
                "                raise CapReached(line.balance.account, cap=line.balance.cap, left=line.balance.left,\n"
                "                    amount=line.each * request.num_images, each=line.each, renews_at=line.renews_at)\n"
                "\n    def _caps(self,",
            ),
        ),
        schema=(NO_CAP_CHECK,),
        noticed_as=("cap",),
    ),
    Mutant(
        name="some of the accounts are enough",
        edits=(Edit(STORAGE, "if cursor.rowcount != len(reservations):", "if cursor.rowcount < 1:"),),
        noticed_as=("reservation",),
    ),
    Mutant(
        name="jobs in doubt count as under way",
        edits=(Edit(STORAGE, "for status in UNDER_WAY)", "for status in (*UNDER_WAY, 'in_doubt'))"),),
        noticed_as=("refused",),
    ),
    Mutant(
        name="one job too many at once",
        edits=(Edit(STORAGE, "if active >= active_limit:", "if active > active_limit:"),),
        noticed_as=("active jobs",),
    ),
    Mutant(
        name="a timeout gives the money back",
        edits=(
            Edit(
                STORAGE,
                "_RELEASES: Final = frozenset({JobStatus.CANCELLED, JobStatus.FAILED})",
                "_RELEASES: Final = frozenset({JobStatus.CANCELLED, JobStatus.FAILED, JobStatus.IN_DOUBT})",
            ),
        ),
        noticed_as=("entries",),
    ),
    Mutant(
        name="a cancelled job keeps its reservation",
        edits=(
            Edit(
                STORAGE,
                "_RELEASES: Final = frozenset({JobStatus.CANCELLED, JobStatus.FAILED})",
                "_RELEASES: Final = frozenset({JobStatus.FAILED})",
            ),
        ),
        noticed_as=("entries",),
    ),
    Mutant(
        name="a cancelled job is paid for",
        edits=(
            Edit(
                STORAGE,
                '_resolve(connection, job_no, "release", Settlement(images=0, micros=0), at_ms)',
                '_resolve(connection, job_no, "release", Settlement(images=1, micros=1), at_ms)',
            ),
        ),
        schema=(NO_RELEASE_CHECK,),
        noticed_as=("settlement",),
    ),
    Mutant(
        name="a reservation is settled twice",
        edits=(
            Edit(
                STORAGE,
                '        ledger.settle(connection, rows[0]["job_no"], settlement, at_ms=to_ms(at))\n',
                '        ledger.settle(connection, rows[0]["job_no"], settlement, at_ms=to_ms(at))\n'
                '        ledger.settle(connection, rows[0]["job_no"], settlement, at_ms=to_ms(at))\n',
            ),
        ),
        schema=(NO_RESOLVED_ONCE, NO_NEGATIVE_CHECK),
        noticed_as=("entries",),
    ),
    Mutant(
        name="what a moderator lets go up is paid for again",
        edits=(
            Edit(
                STORAGE,
                "settles = target in _SETTLES and expected is not JobStatus.IN_REVIEW",
                "settles = target in _SETTLES",
            ),
            Edit(
                GENERATION,
                "    if target in _SETTLED_BY_VERDICTS and job.status is not JobStatus.IN_REVIEW:\n",
                "    if target in _SETTLED_BY_VERDICTS:\n",
            ),
        ),
        schema=(NO_RESOLVED_ONCE, NO_NEGATIVE_CHECK),
        noticed_as=("entries",),
    ),
    Mutant(
        name="a release goes into the newest period",
        edits=(
            Edit(
                STORAGE,
                '" SELECT account_id, job_no, ?, -reserved.pending,"',
                '" SELECT (SELECT max(other.account_id) FROM accounts AS other"'
                '"          WHERE (other.scope, other.unit, other.guild_id, other.user_id)"'
                '"              = (accounts.scope, accounts.unit, accounts.guild_id, accounts.user_id)),"'
                '"        job_no, ?, -reserved.pending,"',
            ),
        ),
        schema=(NO_RESOLVED_ONCE, NO_NEGATIVE_CHECK),
        noticed_as=("resolution",),
    ),
    Mutant(
        name="the period is the bot's and not the guild's",
        edits=(Edit(GENERATION, "return calendar(now, periods.zone(guild.time_zone))", "return calendar(now, UTC)"),),
        noticed_as=("reservation",),
    ),
    Mutant(
        name="images are counted as money",
        edits=(Edit(STORAGE, "CASE unit WHEN 'image' THEN ? ELSE ? END", "CASE unit WHEN 'micros' THEN ? ELSE ? END"),),
        noticed_as=("settlement",),
    ),
    Mutant(
        name="only one account is resolved",
        edits=(
            Edit(
                STORAGE,
                "\"  WHERE job_no = ? AND kind = 'reserve'\",",
                "\"  WHERE job_no = ? AND kind = 'reserve' LIMIT 1\",",
            ),
        ),
        noticed_as=("entries",),
    ),
    Mutant(
        name="what was not used stays held",
        edits=(Edit(STORAGE, "job_no, ?, -reserved.pending,", "job_no, ?, -(reserved.pending + 1) / 2,"),),
        schema=(NO_SETTLE_CHECK,),
        noticed_as=("resolution",),
    ),
    Mutant(
        name="the job moves in one transaction and its money in the next",
        edits=(
            Edit(STORAGE, 'ledger.settle(connection, rows[0]["job_no"], settlement, at_ms=to_ms(at))', "pass"),
            Edit(STORAGE, 'ledger.release(connection, rows[0]["job_no"], at_ms=to_ms(at))', "pass"),
        ),
        noticed_as=("entries",),
    ),
    Mutant(
        name="pictures that are withheld are not paid for",
        edits=(
            Edit(
                GENERATION,
                "micros=job.price_micros * job.images_produced,",
                "micros=job.price_micros * job.images_released,",
            ),
        ),
        noticed_as=("settlement",),
    ),
    Mutant(
        name="a result that can't be counted is not paid for",
        edits=(
            Edit(
                GENERATION,
                "images_produced=job.images_requested if result.malformed else min(",
                "images_produced=0 if result.malformed else min(",
            ),
        ),
        noticed_as=("bill",),
    ),
    Mutant(
        name="an entry without its balance",
        schema=(("SET pending = pending + NEW.pending", "SET pending = pending"),),
        noticed_as=("sums",),
    ),
    Mutant(
        name="a refused operation is kept",
        edits=(Edit(STORAGE, '        connection.execute("ROLLBACK TO operation")\n', ""),),
        noticed_as=("disk", "cap", "reservation", "jobs"),
    ),
    Mutant(
        name="answers come without a commit",
        edits=(
            Edit(STORAGE, 'connection.execute("COMMIT")\n    except', 'connection.execute("ROLLBACK")\n    except'),
        ),
        noticed_as=("durable",),
    ),
    Mutant(
        name="a batch is answered before it is whole",
        edits=(
            Edit(STORAGE, '    connection.execute("SAVEPOINT operation")\n', ""),
            Edit(
                STORAGE,
                '    connection.execute("RELEASE operation")\n    return Outcome(value=value)',
                '    connection.execute("COMMIT TRANSACTION")\n'
                '    connection.execute("BEGIN IMMEDIATE")\n    return Outcome(value=value)',
            ),
            Edit(
                STORAGE,
                '        connection.execute("ROLLBACK TO operation")\n'
                '        connection.execute("RELEASE operation")\n',
                '        connection.execute("ROLLBACK")\n        connection.execute("BEGIN IMMEDIATE")\n',
            ),
        ),
        noticed_as=("disk",),
    ),
)
