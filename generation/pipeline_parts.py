"""What the pipeline works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from clock import Clock
from generation.cards import CardKeeper
from generation.circuit import Circuit
from generation.delivery import Delivery
from generation.images import Judge
from generation.observer import Observer
from generation.polling import PollPace, PollSchedule
from generation.set_aside import SetAside
from generation.spool import Spool
from generation.strikes import Strikes
from provider.client import PixazoClient
from storage.database import Database


def _nobody() -> None:
    """Where no cards of cases are kept, nobody has to be told of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One process's parts; `case_changed` is called after something that moderators are shown has changed."""

    database: Database
    provider: PixazoClient
    delivery: Delivery
    cards: CardKeeper
    judge: Judge
    spool: Spool
    strikes: Strikes
    set_aside: SetAside
    circuit: Circuit
    schedule: PollSchedule
    pace: PollPace
    observer: Observer
    clock: Clock
    deadline: timedelta
    case_changed: Callable[[], None] = _nobody
