"""Time zones: found as people write them, and guessed where they wrote something else."""

import pytest

from generation import time_zones


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("  europe/BERLIN ", "Europe/Berlin"),
        ("america/new york", "America/New_York"),
        ("utc", "UTC"),
        ("Etc/GMT+2", "Etc/GMT+2"),
        ("Berlin", None),
        ("", None),
        ("localtime", None),
        ("Factory", None),
    ],
)
def test_a_zone_is_found_whatever_its_case_and_its_blanks(written: str, name: str | None) -> None:
    assert time_zones.find(written) == name


@pytest.mark.parametrize(
    ("written", "likeliest"),
    [
        ("berlin", "Europe/Berlin"),
        ("Europe/Berln", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("Lodnon", "Europe/London"),
        ("Australia/Sidney", "Australia/Sydney"),
        ("US/Estern", "US/Eastern"),
    ],
)
def test_the_likeliest_comes_first(written: str, likeliest: str) -> None:
    near = time_zones.near(written)
    assert near[0] == likeliest
    assert len(near) <= 5
    assert set(near) <= time_zones.known()


@pytest.mark.parametrize("written", ["", "  ", "qqqqqqqq", "é" * 10, "x" * 65, "e" * 1_000_000])
def test_what_is_like_nothing_has_none(written: str) -> None:
    assert time_zones.near(written) == ()
