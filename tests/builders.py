"""Valid values of the domain to start a test from: a test names only what it is about."""

import itertools
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from generation.screening import PromptVerdict, Screening, Whose
from models import (
    AccountKey,
    GenerationRequest,
    GuildSettings,
    Job,
    JobStatus,
    Origin,
    Reservation,
    Scope,
    Unit,
    Verdict,
    VerdictReason,
)
from storage.guilds import change_settings

NOW: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY: Final = "2026-11-22"
MONTH: Final = "2026-11"
RENEWS_AT: Final = datetime(2026, 11, 23, tzinfo=UTC)

APPLICATION_ID: Final = 1_100_000_000_000_000_001
GUILD_ID: Final = 1_100_000_000_000_000_002
CHANNEL_ID: Final = 1_100_000_000_000_000_003
USER_ID: Final = 1_100_000_000_000_000_004
MESSAGE_ID: Final = 1_100_000_000_000_000_005
PRICE_MICROS: Final = 90_000

_numbers = itertools.count(1)


def make_request(prompt: str = "a red fox in the snow", **changes: Any) -> GenerationRequest:
    """A request with the provider's defaults but for `changes`."""
    return GenerationRequest(prompt=prompt, **changes)


def make_origin(**changes: Any) -> Origin:
    """An interaction of its own: every call gives another `interaction_id`."""
    values: dict[str, Any] = {
        "interaction_id": 1_200_000_000_000_000_000 + next(_numbers),
        "interaction_token": "interaction-token",
        "application_id": APPLICATION_ID,
        "guild_id": GUILD_ID,
        "channel_id": CHANNEL_ID,
        "user_id": USER_ID,
    }
    return Origin(**(values | changes))


def make_job(*, origin: Origin | None = None, request: GenerationRequest | None = None, **changes: Any) -> Job:
    """A queued job as `accept()` would record it: every call gives another `job_id`."""
    request = request or make_request()
    values: dict[str, Any] = {
        "job_id": f"job{next(_numbers):08d}",
        "origin": origin or make_origin(),
        "request": request,
        "status": JobStatus.QUEUED,
        "price_micros": PRICE_MICROS,
        "created_at": NOW,
        "changed_at": NOW,
        "images_requested": request.num_images,
    }
    return Job(**(values | changes))


def make_account(scope: Scope = Scope.GLOBAL, **changes: Any) -> AccountKey:
    """An account of `scope` with the ids that go with it, counting micros over the month."""
    values: dict[str, Any] = {
        "scope": scope,
        "unit": Unit.MICROS,
        "period": MONTH,
        "guild_id": 0 if scope is Scope.GLOBAL else GUILD_ID,
        "user_id": USER_ID if scope is Scope.MEMBER else 0,
    }
    return AccountKey(**(values | changes))


def make_reservation(account: AccountKey | None = None, *, amount: int = PRICE_MICROS, cap: int = 10**9) -> Reservation:
    """A reservation of one image on one account, the global one unless told."""
    return Reservation(account=account or make_account(), amount=amount, each=amount, cap=cap, renews_at=RENEWS_AT)


def make_reservations(job: Job, *, image_cap: int = 10**6, micros_cap: int = 10**12) -> tuple[Reservation, ...]:
    """What the job would add to each of its five accounts, under caps that hold everything unless told."""
    guild_id, user_id = job.origin.guild_id, job.origin.user_id
    member = {"guild_id": guild_id, "user_id": user_id}
    images = make_account(Scope.MEMBER, unit=Unit.IMAGE, period=DAY, **member)
    micros: Sequence[AccountKey] = (
        make_account(Scope.MEMBER, **member),
        make_account(Scope.GUILD, guild_id=guild_id, period=DAY),
        make_account(Scope.GUILD, guild_id=guild_id),
        make_account(Scope.GLOBAL),
    )
    return (
        make_reservation(images, amount=job.images_requested, cap=image_cap),
        *(make_reservation(account, amount=job.cost_micros, cap=micros_cap) for account in micros),
    )


def with_cap(reservations: Sequence[Reservation], account: AccountKey, cap: int) -> tuple[Reservation, ...]:
    """The same reservations, with another cap on one of their accounts."""
    assert any(held.account == account for held in reservations)
    return tuple(replace(held, cap=cap) if held.account == account else held for held in reservations)


def make_verdict(index: int = 0, reason: VerdictReason = VerdictReason.RELEASED, **changes: Any) -> Verdict:
    """The gate's word on one image: a released 1024 by 768 PNG unless told."""
    values: dict[str, Any] = {
        "raw_flag": "false",
        "sha256": f"{index:064x}",
        "size_bytes": 500_000,
        "width_px": 1024,
        "height_px": 768,
        "media_type": "image/png",
    }
    return Verdict(index=index, reason=reason, **(values | changes))


def make_screening(verdict: PromptVerdict | None = None, **changes: Any) -> Screening:
    """What a prompt filter says that was never changed: nothing, unless told."""
    values: dict[str, Any] = {"whose": Whose.GUILD, "guild_version": 0, "operator_version": 0}
    return Screening(verdict=verdict or PromptVerdict(), **(values | changes))


def later(seconds: float) -> datetime:
    """A moment after `NOW`."""
    return NOW + timedelta(seconds=seconds)


def choose(connection: sqlite3.Connection, guild_id: int = GUILD_ID, **changes: Any) -> GuildSettings:
    """What a guild's administrator would set, by somebody and at some time that the test doesn't ask for."""
    return change_settings(connection, guild_id, by_id=USER_ID, at=NOW, **changes)
