"""Fixtures that every package's tests share."""

import contextlib
import os
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from storage.database import Database
from tests.support import FakeClock, OpenDatabase

# A busy machine is slow, not wrong.
settings.register_profile("easel", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("easel")


@pytest.fixture
def clock() -> FakeClock:
    """A clock that moves only when the test says so."""
    return FakeClock()


@pytest.fixture
async def open_database(clock: FakeClock) -> AsyncIterator[OpenDatabase]:
    """Opens databases and closes them at the end, also where the test fails: a reader's thread outlives its owner."""
    async with contextlib.AsyncExitStack() as opened:

        async def open_one(path: Path) -> Database:
            database = await Database.open(path, clock=clock)
            opened.push_async_callback(database.close)
            return database

        yield open_one


@pytest.fixture
async def database(tmp_path: Path, open_database: OpenDatabase) -> Database:
    """A new database in a file of its own."""
    return await open_database(tmp_path / "easel.db")


def pytest_unconfigure() -> None:
    """End the run even where a test left a thread behind that would keep the process alive for ever, and say so."""
    left = [thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()]
    for thread in left:
        thread.join(timeout=2.0)
    if names := [thread.name for thread in left if thread.is_alive()]:
        sys.stderr.write(f"\nthreads were left behind: {', '.join(sorted(names))}\n")
        sys.stderr.flush()
        os._exit(3)
