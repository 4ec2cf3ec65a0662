"""The reference data is in the form that the client, and the provider, take."""

import pytest

import config
from provider import catalogue
from sandbox.pixazo.validation import model_path

PATHS = (
    *catalogue.UNION_PATHS,
    *catalogue.CONTROLNET_PATHS.values(),
    catalogue.IP_ADAPTER_PATH,
    catalogue.IP_ADAPTER_ENCODER_PATH,
)


@pytest.mark.parametrize("path", PATHS)
def test_model_paths_are_taken_by_the_provider(path: str) -> None:
    assert list(model_path(("path",), path)) == []


def test_endpoints_are_the_ones_of_the_page() -> None:
    assert catalogue.SUBMIT_URL.endswith("/flux-general/v1/flux-general/generateTextToImageRequest")
    assert catalogue.STATUS_URL.endswith("/flux-general-polling/flux-general/getStatus")
    for url in (catalogue.SUBMIT_URL, catalogue.STATUS_URL):
        assert url.startswith("https://gateway.pixazo.ai/")


def test_the_price_by_default_is_the_pages() -> None:
    settings, _ = config.examine({}, None)
    assert settings.price_per_image_micros == catalogue.PAGE_PRICE_MICROS


def test_spans_of_time_are_in_order() -> None:
    for span in (catalogue.INFERENCE_TIME, catalogue.QUEUE_TIME, catalogue.COLD_MODEL_TIME):
        assert 0 <= span.low_seconds < span.high_seconds
