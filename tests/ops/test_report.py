"""The report: the exact JSON that others read, and the tables for people."""

import io
import json
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import bot
from errors import StorageUnavailable
from models import JobStatus, Settlement
from ops.report import report, usd
from storage import audit, jobs
from storage.audit import Head
from storage.database import Database
from tests.builders import GUILD_ID, MESSAGE_ID, NOW, USER_ID, make_job, make_request, make_reservations, make_verdict

FIELDS = {
    "accounts": {"scope", "guild_id", "user_id", "unit", "period", "pending", "posted", "cap"},
    "jobs": {
        "job_id",
        "guild_id",
        "user_id",
        "status",
        "request_id",
        "images_requested",
        "images_produced",
        "images_released",
        "settled_micros",
        "reason",
    },
    "entries": {
        "entry_id",
        "job_id",
        "scope",
        "guild_id",
        "user_id",
        "unit",
        "period",
        "kind",
        "pending",
        "posted",
        "granted",
        "cap",
        "at",
    },
}


async def add_job(database: Database, *, images: int = 1) -> str:
    job = make_job(request=make_request(num_images=images))
    reservations = make_reservations(job, image_cap=100, micros_cap=5_000_000)
    await database.write(lambda writer: jobs.record(writer, job, reservations, active_limit=100))
    return job.job_id


async def deliver(database: Database, job_id: str, *, images: int) -> None:
    steps: list[tuple[JobStatus, JobStatus, dict[str, Any]]] = [
        (JobStatus.QUEUED, JobStatus.SUBMITTING, {}),
        (JobStatus.SUBMITTING, JobStatus.SUBMITTED, {"request_id": "req_1", "submitted_at": NOW}),
        (JobStatus.SUBMITTED, JobStatus.GENERATED, {"images_produced": images, "generated_at": NOW}),
    ]
    await database.write(lambda writer: jobs.store_card(writer, job_id, MESSAGE_ID))
    for before, after, changes in steps:
        move = partial(jobs.move, job_id=job_id, expected=before, target=after, at=NOW, **changes)
        await database.write(move)
    verdicts = [make_verdict(index) for index in range(images)]
    await database.write(lambda writer: jobs.store_verdicts(writer, job_id, verdicts, at=NOW))
    settlement = Settlement(images=images, micros=images * 90_000)
    await database.write(
        lambda writer: jobs.move(
            writer, job_id, JobStatus.GENERATED, JobStatus.DELIVERED, at=NOW, settlement=settlement
        )
    )


def written(path: Path, *, as_json: bool) -> tuple[int, str]:
    output = io.StringIO()
    return report(path, output, as_json=as_json), output.getvalue()


async def test_the_json_has_the_agreed_fields_while_the_bot_runs(database: Database, tmp_path: Path) -> None:
    job_id = await add_job(database, images=3)
    await deliver(database, job_id, images=2)
    code, text = written(tmp_path / "easel.db", as_json=True)
    found = json.loads(text)
    assert code == 0
    assert found.pop("audit") == {"lines": 0, "head": "0:", "findings": []}
    assert {name: set(found[name][0]) for name in found} == FIELDS
    assert found["jobs"] == [
        {
            "job_id": job_id,
            "guild_id": str(GUILD_ID),
            "user_id": str(USER_ID),
            "status": "delivered",
            "request_id": "req_1",
            "images_requested": 3,
            "images_produced": 2,
            "images_released": 2,
            "settled_micros": 180_000,
            "reason": None,
        }
    ]
    assert found["accounts"][0] == {
        "scope": "member",
        "guild_id": str(GUILD_ID),
        "user_id": str(USER_ID),
        "unit": "image",
        "period": "2026-11-22",
        "pending": 0,
        "posted": 2,
        "cap": 100,
    }
    assert [(entry["kind"], entry["job_id"]) for entry in found["entries"]] == [
        *[("reserve", job_id)] * 5,
        *[("settle", job_id)] * 5,
    ]
    assert found["entries"][0]["at"] == "2026-11-22T12:00:00Z"


async def test_ids_are_strings_and_null_where_an_account_has_none(database: Database, tmp_path: Path) -> None:
    await add_job(database)
    found = json.loads(written(tmp_path / "easel.db", as_json=True)[1])
    ids = {account["scope"]: (account["guild_id"], account["user_id"]) for account in found["accounts"]}
    assert ids == {
        "member": (str(GUILD_ID), str(USER_ID)),
        "guild": (str(GUILD_ID), None),
        "global": (None, None),
    }


async def test_balances_in_the_report_are_the_sums_of_its_entries(database: Database, tmp_path: Path) -> None:
    for images in (1, 2, 3):
        job_id = await add_job(database, images=images)
        if images > 1:
            await deliver(database, job_id, images=images - 1)
    found = json.loads(written(tmp_path / "easel.db", as_json=True)[1])
    key = ("scope", "guild_id", "user_id", "unit", "period")
    for account in found["accounts"]:
        entries = [entry for entry in found["entries"] if all(entry[name] == account[name] for name in key)]
        assert account["pending"] == sum(entry["pending"] for entry in entries)
        assert account["posted"] == sum(entry["posted"] for entry in entries)


async def test_people_get_aligned_tables_totals_and_the_audit(database: Database, tmp_path: Path) -> None:
    job_id = await add_job(database, images=2)
    await deliver(database, job_id, images=2)
    await add_job(database)
    code, text = written(tmp_path / "easel.db", as_json=False)
    assert code == 0
    lines = text.splitlines()
    assert "Accounts (5)" in lines
    assert "Jobs (1 delivered, 1 queued)" in lines
    assert "Entries (15)" in lines
    head = lines[lines.index("Accounts (5)") + 1]
    first = lines[lines.index("Accounts (5)") + 2]
    assert head.split() == ["scope", "guild", "member", "period", "pending", "posted", "cap", "left"]
    assert first.split() == [
        "member",
        str(GUILD_ID),
        str(USER_ID),
        "2026-11-22",
        "1",
        "img",
        "2",
        "img",
        "100",
        "img",
        "97",
        "img",
    ]
    assert head.index("period") == first.index("2026-11-22")
    assert "Total: $0.18 settled over 2 jobs; 2 images made, 2 of them shown." in lines
    assert lines[-3:] == [
        "Audit: the balances of all 5 accounts are the sums of their entries.",
        "",
        "Log: all 0 lines follow from each other; head 0:",
    ]


async def test_a_balance_that_is_not_the_sum_of_its_entries_is_an_error(database: Database, tmp_path: Path) -> None:
    await add_job(database)
    with closing(sqlite3.connect(tmp_path / "easel.db")) as connection:
        connection.execute("UPDATE accounts SET posted = posted + 7 WHERE scope = 'global'")
        connection.commit()
    code, text = written(tmp_path / "easel.db", as_json=False)
    assert code == 1
    assert "Audit: FAILED for 1 of 5 accounts:" in text
    assert "posted 7, entries say 0" in text
    assert written(tmp_path / "easel.db", as_json=True)[0] == 1


async def noted(database: Database, count: int) -> None:
    for _ in range(count):
        await database.write(
            lambda c: audit.note(c, guild_id=1, by_id=USER_ID, at=NOW, what="mod.hide", subject_id=2, reason="secret")
        )


def tampered(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER IF EXISTS audit_is_append_only")
        connection.execute(statement)
        connection.commit()


async def test_a_log_that_is_whole_is_said_to_be_with_its_head(database: Database, tmp_path: Path) -> None:
    await noted(database, 3)
    head = await database.write(audit.kept_head)
    code, text = written(tmp_path / "easel.db", as_json=False)
    assert code == 0
    assert text.splitlines()[-1] == f"Log: all 3 lines follow from each other; head {head}"
    assert json.loads(written(tmp_path / "easel.db", as_json=True)[1])["audit"] == {
        "lines": 3,
        "head": str(head),
        "findings": [],
    }
    assert "secret" not in text


async def test_a_log_that_was_tampered_with_is_an_error(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    await noted(database, 25)
    tampered(path, "UPDATE audit SET subject_id = 9")
    code, text = written(path, as_json=False)
    assert code == 1
    assert "Log: FAILED, findings: 25 in 25 lines:" in text
    assert text.splitlines()[-2:] == ["  line 20: subject", "  (and 5 more)"]
    code, text = written(path, as_json=True)
    assert code == 1
    assert json.loads(text)["audit"]["findings"][0] == {"line": "1", "problem": "subject"}


async def test_a_head_that_was_noted_is_looked_for(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "easel.db"
    await noted(database, 2)
    head = await database.write(audit.kept_head)
    await noted(database, 1)
    assert report(path, io.StringIO(), as_json=False, noted=head) == 0
    output = io.StringIO()
    assert report(path, output, as_json=False, noted=Head(2, b"another")) == 1
    assert "line 2: noted" in output.getvalue()


def test_the_command_line_takes_a_head_as_it_was_printed() -> None:
    parser = bot._parser()
    assert parser.parse_args(["report"]).head is None
    assert parser.parse_args(["report", "--head", "12:00ff"]).head == Head(12, b"\x00\xff")
    with pytest.raises(SystemExit):
        parser.parse_args(["report", "--head", "12"])


async def test_only_the_latest_lines_are_shown_to_people_and_the_rest_is_counted(
    database: Database, tmp_path: Path
) -> None:
    ids = [await add_job(database) for _ in range(22)]
    _, text = written(tmp_path / "easel.db", as_json=False)
    assert ids[0] not in text
    assert ids[-1] in text
    assert "  (and 2 older: --json has them all)" in text.splitlines()
    assert len(json.loads(written(tmp_path / "easel.db", as_json=True)[1])["jobs"]) == 22


async def test_no_prompt_is_reported(database: Database, tmp_path: Path) -> None:
    await add_job(database)
    for as_json in (True, False):
        assert "red fox" not in written(tmp_path / "easel.db", as_json=as_json)[1]


async def test_an_empty_database_has_an_empty_report(database: Database, tmp_path: Path) -> None:
    assert json.loads(written(tmp_path / "easel.db", as_json=True)[1]) == {
        "accounts": [],
        "jobs": [],
        "entries": [],
        "audit": {"lines": 0, "head": "0:", "findings": []},
    }
    assert "Jobs (none)" in written(tmp_path / "easel.db", as_json=False)[1]


def test_without_a_database_the_report_says_so_and_makes_none(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="there is no database at"):
        written(tmp_path / "easel.db", as_json=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "$0.00"),
        (90_000, "$0.09"),
        (1, "$0.000001"),
        (1_500_000, "$1.50"),
        (-90_000, "-$0.09"),
        (10**12, "$1000000.00"),
    ],
)
def test_money_is_shown_to_its_last_digit(micros: int, text: str) -> None:
    assert usd(micros) == text
