"""The bot's books as `report --json` shows them, and beside them the provider's own bill."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.demo.wishes import PRICE_MICROS, Played
from sandbox.pixazo import PixazoStandIn

# What a job can be in for good (design of the bot's states); one in doubt or in review is not at its end.
FINAL: Final = frozenset({"delivered", "withheld", "undeliverable", "failed", "cancelled", "written_off"})
_PROMPT_CHARACTERS: Final = 40
_MICROS_PER_CENT: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A line of the report's accounts."""

    scope: str
    user_id: str | None
    unit: str
    period: str
    pending: int
    posted: int
    cap: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedJob:
    """A line of the report's jobs."""

    user_id: str
    status: str
    request_id: str | None
    images_requested: int
    images_produced: int
    images_released: int
    settled_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The report; jobs in the order they were accepted."""

    accounts: tuple[Account, ...]
    jobs: tuple[BookedJob, ...]

    @property
    def spent_micros(self) -> int:
        """What the account of the whole bot has spent."""
        return sum(account.posted for account in self.accounts if account.scope == "global")

    def statuses(self) -> dict[str, int]:
        """How many jobs are in each status."""
        counts: dict[str, int] = {}
        for job in self.jobs:
            counts[job.status] = counts.get(job.status, 0) + 1
        return counts


def read(report: str) -> Books:
    """The books in the JSON that `report --json` printed. Raises ValueError where it is something else."""
    try:
        whole = json.loads(report)
        return Books(
            accounts=tuple(
                Account(**{name: entry[name] for name in Account.__dataclass_fields__}) for entry in whole["accounts"]
            ),
            jobs=tuple(
                BookedJob(**{name: entry[name] for name in BookedJob.__dataclass_fields__}) for entry in whole["jobs"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"report --json printed something else than it should: {error!r}") from error


def billed_micros(pixazo: PixazoStandIn) -> int:
    """The provider's bill."""
    return pixazo.billed_images() * PRICE_MICROS


def table(books: Books, played: Sequence[Played], pixazo: PixazoStandIn) -> list[str]:
    """Each job with what the bot booked for it and what the provider billed, and the totals."""
    prompts = {entry.request_id: entry for entry in pixazo.accepted()}
    names = {str(one.member.id): one.member.name for one in played}
    rows = [("member", "request", "asked", "made", "shown", "ended as", "our books", "provider's bill")]
    for job in books.jobs:
        submission = prompts.get(job.request_id) if job.request_id else None
        bill = usd(submission.images_asked * PRICE_MICROS) if submission else "never got it"
        prompt = submission.prompt if submission else _prompt_of(job, played)
        if len(prompt) > _PROMPT_CHARACTERS:
            prompt = prompt[: _PROMPT_CHARACTERS - 1].rstrip() + "…"
        counts = (str(job.images_requested), str(job.images_produced), str(job.images_released))
        rows.append((names.get(job.user_id, "?"), prompt, *counts, job.status, usd(job.settled_micros), bill))
    images = (str(sum(job.images_requested for job in books.jobs)), str(sum(job.images_produced for job in books.jobs)))
    shown = str(sum(job.images_released for job in books.jobs))
    rows.append(("total", "", *images, shown, "", usd(books.spent_micros), usd(billed_micros(pixazo))))
    return aligned(rows, right=(2, 3, 4, 6, 7), ruled_above_last=True)


def accounts_table(books: Books, names: Mapping[str, str]) -> list[str]:
    """Every account as the bot ended: what is reserved, what is spent, and the cap on both together."""
    rows: list[tuple[str, ...]] = [("account of", "period", "reserved", "spent", "cap")]
    members = {user_id: place for place, user_id in enumerate(names)}
    for account in sorted(
        books.accounts, key=lambda account: (account.scope != "member", members.get(account.user_id or "", 0))
    ):
        whose = {"guild": "the server", "global": "the bot"}.get(account.scope) or names.get(account.user_id or "", "?")
        amounts = (
            f"{value} img" if account.unit == "image" else usd(value)
            for value in (account.pending, account.posted, account.cap)
        )
        rows.append((whose, account.period, *amounts))
    return aligned(rows, right=(2, 3, 4))


def aligned(rows: Sequence[Sequence[str]], *, right: Sequence[int], ruled_above_last: bool = False) -> list[str]:
    """The rows as lines with their columns under each other, a rule below the first."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    rule = "  ".join("─" * width for width in widths)
    lines.insert(1, rule)
    if ruled_above_last:
        lines.insert(len(lines) - 1, rule)
    return lines


def usd(micros: int) -> str:
    """An amount in dollars and cents."""
    cents, rest = divmod(micros, _MICROS_PER_CENT)
    return f"${cents // 100}.{cents % 100:02}" + (f"{rest:04}".rstrip("0") if rest else "")


def _prompt_of(job: BookedJob, played: Sequence[Played]) -> str:
    """The prompt of a job that the provider never got: the report names none, so its member must do."""
    fitting = [one.wish.prompt for one in played if str(one.member.id) == job.user_id and not one.wish.submitted]
    return fitting[0] if fitting else "?"
