"""Fixtures for tests that need no event loop."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.storage.inline import open_inline


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The connection of a new, migrated database."""
    with closing(open_inline(tmp_path / "inline.db")) as opened:
        yield opened
