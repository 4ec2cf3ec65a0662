"""A workshop whose leftovers are looked for at the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imaging.workshop import Workshop
from tests.imaging.watch import files_in, workers


@pytest.fixture
async def workshop(tmp_path: Path) -> AsyncIterator[Workshop]:
    """With its folder; after the test there must be no worker and no file of it."""
    workshop = Workshop(tmp_path)
    workshop.prepare()
    yield workshop
    await workshop.close()
    assert not workers()
    assert not files_in(tmp_path)
    assert not list(tmp_path.iterdir())
