"""Every fault that the stand-in knows, through the real client, answer by answer: what each one proves."""

import io
import traceback
from collections.abc import Awaitable

import pytest

from errors import AcceptanceUnknown, AccountRefused, DownloadFailed, NotAccepted, ProviderError, RateLimited
from models import GenerationRequest, GenerationResult, VerdictReason
from parameters import ImageSize
from provider.client import PixazoClient
from provider.wire import Finished
from safety.gate import PASSED_FLAG, examine, flag_verdicts
from sandbox.pixazo import DEFAULT_KEY, FAULTS, Means, PixazoStandIn, ResultFault, Stage
from tests.provider.fault_rows import ACCEPTED, DOWNLOAD, POLL, RELEASED, RESULT, ROWS, SUBMIT, agrees

PROMPT = "a heron in the reeds"
REQUEST = GenerationRequest(prompt=PROMPT, image_size=ImageSize.SQUARE, num_images=2, seed=7)

# A body whose pictures are sound, only far more than were asked for: the caller bounds how many it takes.
SOUND_BUT_TOO_MANY = "images_thousand"


def names(stage: Stage) -> list[str]:
    return [name for name, fault in FAULTS.items() if fault.stage is stage]


async def outcome_of(call: Awaitable[object], *secrets: str | None) -> object:
    """What a call gives or raises; what it raises tells a log none of the secrets."""
    try:
        return await call
    except ProviderError as error:
        shown = "".join(traceback.format_exception(error)) + repr(error) + str(vars(error))
        assert not [secret for secret in (DEFAULT_KEY, PROMPT, *secrets) if secret and secret in shown]
        return error


def test_every_fault_has_a_row_and_every_row_a_fault() -> None:
    assert ROWS.keys() == FAULTS.keys()


@pytest.mark.parametrize("name", names(Stage.SUBMIT))
async def test_submit_proves_what_the_row_says(name: str, pixazo: PixazoStandIn, client: PixazoClient) -> None:
    pixazo.on_submit(name)
    outcome = await outcome_of(client.submit(REQUEST))
    if isinstance(outcome, str):
        assert [outcome] == [entry.request_id for entry in pixazo.accepted()]
        outcome = ACCEPTED
    assert agrees(outcome, SUBMIT[name]), repr(outcome)
    if FAULTS[name].means is Means.ACCEPTED:
        assert not isinstance(outcome, NotAccepted | RateLimited | AccountRefused)
    assert isinstance(outcome, ProviderError | str)
    assert len(pixazo.submissions) == 1
    assert not pixazo.intruders


@pytest.mark.parametrize("name", names(Stage.POLL))
async def test_poll_says_what_the_row_says(name: str, pixazo: PixazoStandIn, client: PixazoClient) -> None:
    request_id = await client.submit(REQUEST)
    pixazo.on_poll(name)
    outcome = await outcome_of(client.poll(request_id))
    assert agrees(outcome, POLL[name]), f"{outcome!r} {getattr(outcome, '__dict__', '')}"
    assert len(pixazo.polls) == 1
    assert not pixazo.intruders


async def fate_of(client: PixazoClient, url: str | None, index: int) -> VerdictReason:
    file = io.BytesIO()
    outcome = await outcome_of(client.download(url, file), url)
    if isinstance(outcome, DownloadFailed):
        return outcome.reason
    return examine(file, index=index, raw_flag=PASSED_FLAG).reason


async def fates_of(client: PixazoClient, result: GenerationResult) -> tuple[VerdictReason, ...]:
    """The whole way of every image: its flag, its download, the gate. The same address is fetched once."""
    fetched: dict[str | None, VerdictReason] = {}
    fates = []
    for index, (image, withheld) in enumerate(zip(result.images, flag_verdicts(result), strict=True)):
        if withheld is None and image.url not in fetched:
            fetched[image.url] = await fate_of(client, image.url, index)
        fates.append(fetched[image.url] if withheld is None else withheld.reason)
    return tuple(fates)


@pytest.mark.parametrize("name", names(Stage.RESULT))
async def test_result_ends_as_the_row_says(name: str, pixazo: PixazoStandIn, client: PixazoClient) -> None:
    fault = FAULTS[name]
    assert isinstance(fault, ResultFault)
    pixazo.on_result(fault)
    outcome: object = await client.poll(await client.submit(REQUEST))
    if isinstance(outcome, Finished):
        outcome = await fates_of(client, outcome.result)
        if fault.means is Means.UNFIT and name != SOUND_BUT_TOO_MANY:
            assert RELEASED not in outcome
    assert outcome == RESULT[name]
    assert not pixazo.intruders
    assert not pixazo.strays


@pytest.mark.parametrize("name", names(Stage.DOWNLOAD))
async def test_download_ends_as_the_row_says(name: str, pixazo: PixazoStandIn, client: PixazoClient) -> None:
    request_id = await client.submit(REQUEST)
    answer = await client.poll(request_id)
    assert isinstance(answer, Finished)
    url = answer.result.images[0].url
    pixazo.on_download(name, times=None)  # aiohttp tries a GET again whose connection broke
    file = io.BytesIO()
    outcome = await outcome_of(client.download(url, file), url, request_id)
    if isinstance(outcome, int):
        verdict = examine(file, index=0, raw_flag=PASSED_FLAG)
        assert verdict.size_bytes == outcome
        outcome = verdict.reason
    assert agrees(outcome, DOWNLOAD[name]), f"{outcome!r} {getattr(outcome, '__dict__', '')}"
    assert not pixazo.intruders
    assert len(pixazo.downloads) == 1 or "redirect" not in name


def test_in_doubt_is_never_said_to_be_proven() -> None:
    """The tree itself: nobody who catches NotAccepted may catch what may have been accepted."""
    assert not issubclass(AcceptanceUnknown, NotAccepted)
