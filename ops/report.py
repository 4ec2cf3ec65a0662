"""`python bot.py report [--json]`: accounts, jobs and ledger entries, read-only, also while the bot runs."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

from config import MICROS_PER_USD
from models import AccountKey, AuditFinding, Balance, Entry, Job, Unit
from storage.audit import Head
from storage.audit_chain import AuditTrail
from storage.reading import Snapshot, snapshot

# The tables for people show the latest so many lines; the JSON has them all.
_SHOWN_JOBS: Final = 20
_SHOWN_ENTRIES: Final = 20
_SHOWN_ACCOUNTS: Final = 60
_SHOWN_FLAWS: Final = 20

_Table = Sequence[Sequence[str]]


def report(database: Path, out: TextIO, *, as_json: bool, noted: Head | None = None) -> int:
    """Write the report to `out`; returns 1 where the books don't balance or the log was tampered with, else 0.

    `noted` is a head of the log from an earlier report: whoever wrote it down elsewhere learns here whether the log
    still goes back to it. Raises StorageUnavailable where there is no database or it can't be read.
    """
    state = snapshot(database, noted=noted)
    if as_json:
        json.dump(as_object(state), out)
        out.write("\n")
    else:
        out.write(as_text(state))
    return 1 if state.findings or not state.trail.sound else 0


def as_object(state: Snapshot) -> dict[str, object]:
    """The report as a JSON object: ids are strings, null where an account or an entry has none."""
    return {
        "accounts": [
            {**_key(balance.account), "pending": balance.pending, "posted": balance.posted, "cap": balance.cap}
            for balance in state.balances
        ],
        "jobs": [_job(job) for job in state.jobs],
        "entries": [_entry(entry) for entry in state.entries],
        "audit": {
            "lines": state.trail.lines,
            "head": str(state.trail.head),
            "findings": [{"line": str(flaw.seq), "problem": flaw.problem} for flaw in state.trail.findings],
        },
    }


def as_text(state: Snapshot) -> str:
    """The report as tables for people."""
    parts = [
        _section(
            f"Accounts ({len(state.balances)})",
            _accounts(state.balances[-_SHOWN_ACCOUNTS:]),
            hidden=len(state.balances) - _SHOWN_ACCOUNTS,
        ),
        _section(
            f"Jobs ({_by_status(state.jobs)})",
            _jobs(state.jobs[-_SHOWN_JOBS:]),
            hidden=len(state.jobs) - _SHOWN_JOBS,
        ),
        _section(
            f"Entries ({len(state.entries)})",
            _entries(state.entries[-_SHOWN_ENTRIES:]),
            hidden=len(state.entries) - _SHOWN_ENTRIES,
        ),
        _totals(state),
        _audit(state.findings, len(state.balances)),
        _trail(state.trail),
    ]
    return "\n".join(parts)


def usd(micros: int) -> str:
    """An amount of micros as dollars, with cents at least and no digit lost: `$0.09`, `$0.000001`."""
    whole, rest = divmod(abs(micros), MICROS_PER_USD)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if micros < 0 else ''}${whole}.{decimals}"


def _key(account: AccountKey) -> dict[str, object]:
    return {
        "scope": account.scope,
        "guild_id": _id(account.guild_id),
        "user_id": _id(account.user_id),
        "unit": account.unit,
        "period": account.period,
    }


def _id(value: int) -> str | None:
    return str(value) if value else None


def _job(job: Job) -> dict[str, object]:
    return {
        "job_id": job.job_id,
        "guild_id": str(job.origin.guild_id),
        "user_id": str(job.origin.user_id),
        "status": job.status,
        "request_id": job.request_id,
        "images_requested": job.images_requested,
        "images_produced": job.images_produced,
        "images_released": job.images_released,
        "settled_micros": job.settled_micros,
        "reason": job.reason,
    }


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "entry_id": str(entry.entry_id),
        "job_id": entry.job_id,
        **_key(entry.account),
        "kind": entry.kind,
        "pending": entry.pending,
        "posted": entry.posted,
        "granted": entry.granted,
        "cap": entry.cap,
        "at": _time(entry.at),
    }


def _accounts(balances: Sequence[Balance]) -> _Table:
    head = ("scope", "guild", "member", "period", "pending", "posted", "cap", "left")
    rows = [
        (
            *_whose(balance.account),
            *(_amount(balance.account.unit, value) for value in (balance.pending, balance.posted)),
            _amount(balance.account.unit, balance.cap),
            _amount(balance.account.unit, balance.left),
        )
        for balance in balances
    ]
    return [head, *rows]


def _jobs(jobs: Sequence[Job]) -> _Table:
    head = ("job", "accepted", "guild", "member", "status", "reason", "asked", "made", "shown", "settled")
    rows = [
        (
            job.job_id,
            _time(job.created_at),
            str(job.origin.guild_id),
            str(job.origin.user_id),
            job.status,
            job.reason or "-",
            str(job.images_requested),
            str(job.images_produced),
            str(job.images_released),
            usd(job.settled_micros),
        )
        for job in jobs
    ]
    return [head, *rows]


def _entries(entries: Sequence[Entry]) -> _Table:
    head = ("entry", "at", "job", "kind", "scope", "guild", "member", "period", "pending", "posted")
    rows = [
        (
            str(entry.entry_id),
            _time(entry.at),
            entry.job_id or "-",
            entry.kind,
            *_whose(entry.account),
            _amount(entry.account.unit, entry.pending),
            _amount(entry.account.unit, entry.posted),
        )
        for entry in entries
    ]
    return [head, *rows]


def _totals(state: Snapshot) -> str:
    settled = sum(job.settled_micros for job in state.jobs)
    shown = sum(job.images_released for job in state.jobs)
    made = sum(job.images_produced for job in state.jobs)
    return f"Total: {usd(settled)} settled over {len(state.jobs)} jobs; {made} images made, {shown} of them shown.\n"


def _audit(findings: Sequence[AuditFinding], accounts: int) -> str:
    if not findings:
        return f"Audit: the balances of all {accounts} accounts are the sums of their entries.\n"
    lines = [
        f"  {' '.join(_whose(finding.account))} ({finding.account.unit}): pending {finding.pending}, "
        f"entries say {finding.entries_pending}; posted {finding.posted}, entries say {finding.entries_posted}"
        for finding in findings
    ]
    return "\n".join([f"Audit: FAILED for {len(findings)} of {accounts} accounts:", *lines]) + "\n"


def _trail(trail: AuditTrail) -> str:
    if trail.sound:
        return f"Log: all {trail.lines} lines follow from each other; head {trail.head}\n"
    shown = [f"  line {flaw.seq}: {flaw.problem}" for flaw in trail.findings[:_SHOWN_FLAWS]]
    if trail.total > len(shown):
        shown.append(f"  (and {trail.total - len(shown)} more)")
    return "\n".join([f"Log: FAILED, findings: {trail.total} in {trail.lines} lines:", *shown]) + "\n"


def _whose(account: AccountKey) -> tuple[str, str, str, str]:
    return account.scope, _id(account.guild_id) or "-", _id(account.user_id) or "-", account.period


def _amount(unit: Unit, value: int) -> str:
    return usd(value) if unit is Unit.MICROS else f"{value} img"


def _by_status(jobs: Sequence[Job]) -> str:
    counts = Counter(job.status for job in jobs)
    return ", ".join(f"{counts[status]} {status}" for status in sorted(counts)) or "none"


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _section(title: str, table: _Table, *, hidden: int) -> str:
    """A titled table with its columns aligned, numbers and money to the right."""
    lines = [title]
    if len(table) > 1:
        columns = list(zip(*table, strict=True))
        lines += ["  " + "  ".join(row).rstrip() for row in zip(*map(_aligned, columns), strict=True)]
    if hidden > 0:
        lines.append(f"  (and {hidden} older: --json has them all)")
    return "\n".join(lines) + "\n"


def _aligned(column: Sequence[str]) -> list[str]:
    width = max(map(len, column))
    if any(cell.startswith("$") or cell.isdigit() for cell in column[1:]):
        return [cell.rjust(width) for cell in column]
    return [cell.ljust(width) for cell in column]
