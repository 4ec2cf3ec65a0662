"""What a chart shows survives the way to the worker."""

import pytest

from charting.specs import ChartSpec, Column, Row, from_json, to_json
from tests.charting.charts import ODD, ranking, timeline


@pytest.mark.parametrize("spec", ODD.values(), ids=ODD)
def test_every_chart_comes_back_from_json_as_it_was(spec: ChartSpec) -> None:
    text = to_json(spec)
    assert from_json(text) == spec
    text.encode()  # lone surrogates included


def test_amounts_that_fit_no_series_are_no_chart() -> None:
    with pytest.raises(AssertionError):
        timeline(columns=(Column(label="1", micros=(1,)),), over=1)
    with pytest.raises(AssertionError):
        ranking(rows=(Row(name="Ada", stand_in="-", micros=(1,)),))


def test_what_nobody_could_read_is_no_chart() -> None:
    with pytest.raises(AssertionError):
        timeline(401)
    with pytest.raises(AssertionError):
        ranking(*"abcdefghijklmno")
