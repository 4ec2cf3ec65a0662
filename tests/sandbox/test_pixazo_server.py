"""The stand-in in good order: its gateway, its queue, its bill, and how it starts and stops."""

import asyncio
import io
import json
import logging
import math
import socket
import struct

import pytest
from PIL import Image

from sandbox.pixazo import FAULTS, PixazoStandIn
from tests.sandbox.pixazo_visitor import PATIENCE_SECONDS, PROMPT, open_house, visiting


async def test_a_submission_is_polled_to_the_finished_body_of_the_page() -> None:
    async with open_house() as visitor:
        submitted = await visitor.submit(num_images=2, image_size="portrait_16_9", seed=1551468471)
        assert submitted.status == 200
        assert submitted.value.keys() == {"request_id"}
        result = (await visitor.poll(submitted.value["request_id"])).value
        assert result.keys() == {"images", "timings", "seed", "has_nsfw_concepts", "prompt"}
        assert result["seed"] == 1551468471
        assert result["prompt"] == PROMPT
        assert result["has_nsfw_concepts"] == [False, False]
        assert [(entry["width"], entry["height"], entry["content_type"]) for entry in result["images"]] == [
            (576, 1024, "image/png"),
        ] * 2


async def test_the_paths_are_those_of_the_real_service() -> None:
    async with open_house() as visitor:
        pixazo = visitor.pixazo
        assert pixazo.submit_url == f"{pixazo.origin}/flux-general/v1/flux-general/generateTextToImageRequest"
        assert pixazo.status_url == f"{pixazo.origin}/flux-general-polling/flux-general/getStatus"


@pytest.mark.parametrize(("file_format", "decoder"), [("png", "PNG"), ("jpeg", "JPEG")])
async def test_a_result_is_hosted_in_the_format_and_size_asked_for(file_format: str, decoder: str) -> None:
    async with open_house() as visitor:
        result = await visitor.result(output_format=file_format, image_size="square")
        fetched = await visitor.fetch(result["images"][0]["url"])
        assert fetched.kind == f"image/{file_format}"
        with Image.open(io.BytesIO(fetched.body)) as picture:
            assert (picture.format, picture.size) == (decoder, (512, 512))


async def test_the_pictures_of_a_batch_differ_and_each_is_the_same_on_every_fetch() -> None:
    async with open_house() as visitor:
        result = await visitor.result(num_images=3)
        addresses = [entry["url"] for entry in result["images"]]
        first = [(await visitor.fetch(url)).body for url in addresses]
        again = [(await visitor.fetch(url)).body for url in addresses]
        assert first == again
        assert len(set(first)) == 3


async def test_without_a_seed_one_is_drawn() -> None:
    async with open_house() as visitor:
        result = await visitor.result(seed=None)
        assert 0 <= result["seed"] < 2**31


@pytest.mark.parametrize(
    ("name", "value", "status", "text"),
    [
        ("Ocp-Apim-Subscription-Key", None, 401, "missing subscription key"),
        ("Ocp-Apim-Subscription-Key", "wrong", 401, "invalid subscription key"),
        ("Content-Type", "text/plain", 400, "Content-Type"),
        ("Content-Type", "application/octet-stream", 400, "Content-Type"),
        ("Cache-Control", None, 400, "Cache-Control"),
        ("Cache-Control", "max-age=0", 400, "Cache-Control"),
    ],
)
@pytest.mark.parametrize("endpoint", ["submit_url", "status_url"])
async def test_a_request_without_the_right_headers_is_refused(
    endpoint: str,
    name: str,
    value: str | None,
    status: int,
    text: str,
) -> None:
    async with open_house() as visitor:
        headers = {**visitor.headers, name: value}
        given = {key: content for key, content in headers.items() if content is not None}
        seen = await visitor.post(getattr(visitor.pixazo, endpoint), b'{"prompt": "a"}', given)
        assert seen.status == status
        assert text in (seen.value.get("error") or seen.value["message"])
        assert not visitor.pixazo.accepted()


async def test_a_wrong_key_does_not_use_up_a_fault() -> None:
    async with open_house() as visitor:
        rule = visitor.pixazo.on_submit("submit_500")
        await visitor.post(visitor.pixazo.submit_url, b"{}", {**visitor.headers, "Ocp-Apim-Subscription-Key": "no"})
        assert rule.fired == 0
        assert (await visitor.submit()).status == 500
        assert rule.fired == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"null", b'{"prompt": NaN}', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused_at_both_endpoints(body: bytes) -> None:
    async with open_house() as visitor:
        for url in (visitor.pixazo.submit_url, visitor.pixazo.status_url):
            seen = await visitor.post(url, body)
            assert (seen.status, list(seen.value)) == (400, ["error"])


@pytest.mark.parametrize("asked", [{}, {"request_id": 1}, {"request_id": None}, {"request_id": "a", "more": 1}])
async def test_a_poll_wants_the_request_id_and_nothing_else(asked: object) -> None:
    async with open_house() as visitor:
        seen = await visitor.post(visitor.pixazo.status_url, json.dumps(asked).encode())
        assert seen.status == 400


async def test_an_unknown_request_id_is_not_found() -> None:
    async with open_house() as visitor:
        seen = await visitor.poll("req_unknown")
        assert (seen.status, seen.value) == (404, {"error": "Request not found"})
        assert [poll.request_id for poll in visitor.pixazo.polls] == ["req_unknown"]


@pytest.mark.parametrize(("style", "status", "member"), [("page", 400, "error"), ("model", 422, "detail")])
async def test_bad_parameters_are_told_in_either_style(style: str, status: int, member: str) -> None:
    async with open_house(error_style=style) as visitor:
        seen = await visitor.submit(num_images=11)
        assert (seen.status, list(seen.value)) == (status, [member])
        assert "num_images" in json.dumps(seen.value)
        assert "num_images" in (visitor.pixazo.submissions[0].refusal or "")
        assert visitor.pixazo.billed_images() == 0


async def test_parameters_that_the_page_does_not_name_can_be_refused() -> None:
    async with open_house(accept_unnamed=False) as visitor:
        assert (await visitor.submit(use_real_cfg=True)).status == 400
        visitor.pixazo.accept_unnamed = True
        assert (await visitor.submit(use_real_cfg=True)).status == 200


async def test_what_is_not_served_is_noted() -> None:
    async with open_house() as visitor:
        request_id = await visitor.job()
        unfinished = await visitor.fetch(f"{visitor.pixazo.origin}/results/{request_id}/0.png")
        wrong_method = await visitor.fetch(visitor.pixazo.submit_url)
        assert (unfinished.status, wrong_method.status) == (404, 404)
        assert len(visitor.pixazo.strays) == 2
        assert not visitor.pixazo.downloads


async def test_every_visit_is_recorded_with_the_submission_it_belongs_to() -> None:
    async with open_house() as visitor:
        result = await visitor.result(num_images=2)
        await visitor.fetch(result["images"][1]["url"])
        (submission,) = visitor.pixazo.submissions
        assert submission.accepted
        assert submission.prompt == PROMPT
        assert submission.headers["Ocp-Apim-Subscription-Key"] == visitor.pixazo.key
        assert json.loads(submission.raw) == submission.body
        assert [poll.finished for poll in submission.polls] == [True]
        assert [download.picture for download in submission.downloads] == [1]
        assert visitor.pixazo.downloads == submission.downloads
        assert submission.at <= submission.polls[0].at <= submission.downloads[0].at


async def test_a_job_takes_its_time_by_the_stand_ins_clock() -> None:
    now = 100.0
    async with open_house(latency=lambda body: 2.0 * body["num_images"], now=lambda: now) as visitor:
        request_id = await visitor.job(num_images=3)
        now = 105.9
        assert (await visitor.poll(request_id)).value["status"] == "IN_PROGRESS"
        now = 106.0
        result = (await visitor.poll(request_id)).value
        assert result["timings"] == {"inference": 6.0}


async def test_jobs_wait_in_line_for_a_worker() -> None:
    now = 0.0
    async with open_house(latency=10.0, workers=1, now=lambda: now) as visitor:
        jobs = [await visitor.job() for _ in range(3)]
        states = [(await visitor.poll(job)).value for job in jobs]
        assert [state["status"] for state in states] == ["IN_PROGRESS", "IN_QUEUE", "IN_QUEUE"]
        assert [state.get("queue_position") for state in states] == [None, 0, 1]
        now = 20.0
        states = [(await visitor.poll(job)).value for job in jobs]
        assert ["images" in state for state in states] == [True, True, False]


async def test_a_job_without_end_can_be_finished_by_hand() -> None:
    async with open_house(latency=math.inf) as visitor:
        first, second = await visitor.job(), await visitor.job()
        assert visitor.pixazo.finish(first) == 1
        assert "images" in (await visitor.poll(first)).value
        assert "images" not in (await visitor.poll(second)).value
        assert visitor.pixazo.finish() == 1
        assert "images" in (await visitor.poll(second)).value
        assert (await visitor.poll(second)).value["timings"]["inference"] < 5


async def test_the_words_for_not_ready_can_be_chosen() -> None:
    async with open_house(latency=math.inf, pending="pending_400_error") as visitor:
        seen = await visitor.poll(await visitor.job())
        assert (seen.status, seen.value) == (400, {"error": "Request is still in progress"})


async def test_flagged_pictures_are_black_and_billed_like_any_other() -> None:
    def flag_when(prompt: str) -> bool | set[int]:
        return {1} if "one" in prompt else "all" in prompt

    async with open_house(flag_when=flag_when) as visitor:
        results = [await visitor.result(prompt=prompt, num_images=3) for prompt in ("fine", "one of three", "all")]
        assert [result["has_nsfw_concepts"] for result in results] == [
            [False, False, False],
            [False, True, False],
            [True, True, True],
        ]
        for result in results:
            for entry, flagged in zip(result["images"], result["has_nsfw_concepts"], strict=True):
                with Image.open(io.BytesIO((await visitor.fetch(entry["url"])).body)) as picture:
                    assert (picture.convert("L").getextrema() == (0, 0)) is flagged
                    assert picture.size == (512, 512)
        assert visitor.pixazo.billed_images() == 9


async def test_without_the_checker_there_are_no_flags() -> None:
    async with open_house(flag_when=lambda prompt: True) as visitor:
        result = await visitor.result(enable_safety_checker=False)
        assert result["has_nsfw_concepts"] is None


async def test_the_bill_counts_what_was_accepted_and_not_what_was_refused() -> None:
    async with open_house() as visitor:
        pixazo = visitor.pixazo
        pixazo.on_submit("submit_429")
        await visitor.submit(num_images=4)
        assert pixazo.billed_images() == 0
        pixazo.on_submit("submit_dropped_after_accepting")
        await visitor.submit(num_images=4)
        assert pixazo.billed_images() == 4
        await visitor.submit(num_images=2, prompt="other")
        assert pixazo.billed_images() == 6
        assert [entry.prompt for entry in pixazo.accepted(match=lambda body: body["num_images"] == 2)] == ["other"]


@pytest.mark.parametrize(
    ("fault", "billed"),
    [("images_fewer", 3), ("images_more", 4), ("images_empty", 4), ("images_not_a_list", 4), ("flagged_all", 4)],
)
async def test_the_bill_counts_the_pictures_that_were_made(fault: str, billed: int) -> None:
    async with open_house() as visitor:
        visitor.pixazo.on_result(fault)
        await visitor.result(num_images=4)
        assert visitor.pixazo.billed_images() == billed


async def test_a_failed_job_is_billed_only_if_told_so() -> None:
    async with open_house() as visitor:
        visitor.pixazo.on_poll("failed_error_string")
        await visitor.poll(await visitor.job(num_images=2))
        assert visitor.pixazo.billed_images() == 0
        visitor.pixazo.bill_failed = True
        assert visitor.pixazo.billed_images() == 2


async def test_too_many_requests_in_a_minute_are_told_how_long_to_wait() -> None:
    now = 50.0
    async with open_house(requests_per_minute=2, now=lambda: now) as visitor:
        request_id = await visitor.job()
        now = 60.0
        assert (await visitor.poll(request_id)).status == 200
        limited = await visitor.submit()
        assert (limited.status, limited.headers["Retry-After"]) == (429, "51")
        assert limited.value["message"] == "Rate limit is exceeded. Try again in 51 seconds."
        now = 111.0
        assert (await visitor.submit()).status == 200


async def test_a_rule_strikes_only_where_it_matches_and_only_so_often() -> None:
    async with open_house() as visitor:
        rule = visitor.pixazo.on_submit("submit_503", times=2, match=lambda body: body["prompt"] == "cursed")
        prompts = ["fine", "cursed", "fine", "cursed", "cursed"]
        statuses = [(await visitor.submit(prompt=prompt)).status for prompt in prompts]
        assert statuses == [200, 503, 200, 503, 200]
        assert rule.fired == 2


async def test_a_rule_without_a_count_strikes_until_it_is_cancelled() -> None:
    async with open_house() as visitor:
        rule = visitor.pixazo.on_submit("submit_402", times=None)
        assert [(await visitor.submit()).status for _ in range(3)] == [402, 402, 402]
        rule.cancel()
        assert (await visitor.submit()).status == 200
        visitor.pixazo.on_submit("submit_402", times=None)
        visitor.pixazo.all_well()
        assert (await visitor.submit()).status == 200


async def test_a_download_fault_can_be_meant_for_one_picture() -> None:
    async with open_house() as visitor:
        visitor.pixazo.on_download("download_404", picture=1, times=None)
        result = await visitor.result(num_images=2)
        assert [(await visitor.fetch(entry["url"])).status for entry in result["images"]] == [200, 404]


async def test_a_fault_of_another_stage_is_refused() -> None:
    async with open_house() as visitor:
        with pytest.raises(ValueError, match="stage poll"):
            visitor.pixazo.on_submit("poll_500")
        with pytest.raises(KeyError):
            visitor.pixazo.on_poll("poll_never_heard_of")


async def test_an_answer_can_be_delayed_while_the_job_is_already_taken() -> None:
    async with open_house(patience=PATIENCE_SECONDS, submit_delay=30.0) as visitor:
        assert (await visitor.submit()).failure == "timeout"
        assert len(visitor.pixazo.accepted()) == 1


async def test_until_wakes_up_at_the_request_it_waits_for() -> None:
    async with open_house() as visitor:
        waiting = asyncio.ensure_future(visitor.pixazo.until(lambda: bool(visitor.pixazo.polls)))
        await visitor.submit()
        assert not waiting.done()
        await visitor.poll("req_any")
        await waiting
        with pytest.raises(TimeoutError):
            await visitor.pixazo.until(lambda: False, timeout=0.01)


async def test_nobody_listens_at_the_refused_origin() -> None:
    async with open_house() as visitor:
        origin = visitor.pixazo.refused_origin
        assert origin == visitor.pixazo.refused_origin
        seen = await visitor.post(f"{origin}/flux-general", b"{}")
        assert seen.failure == "disconnected"


async def test_a_visit_to_the_foreign_origin_is_noticed_also_without_http() -> None:
    async with open_house() as visitor:
        pixazo = visitor.pixazo
        assert (await visitor.fetch(f"{pixazo.foreign_origin}/results/x.png")).status == 200
        assert pixazo.intruders[0].received.startswith(b"GET /results/x.png")
        port = int(pixazo.foreign_origin.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x16\x03\x01")
        await writer.drain()
        await pixazo.until(lambda: len(pixazo.intruders) == 2 and bool(pixazo.intruders[1].received))
        assert pixazo.intruders[1].received == b"\x16\x03\x01"
        writer.close()
        await writer.wait_closed()


async def test_it_comes_back_at_the_same_address_and_still_knows_its_jobs() -> None:
    async with open_house() as visitor:
        address = visitor.pixazo.submit_url
        request_id = await visitor.job()
        await visitor.pixazo.stop()
        assert (await visitor.poll(request_id)).failure == "disconnected"
        await visitor.pixazo.start()
        assert visitor.pixazo.submit_url == address
        assert "images" in (await visitor.poll(request_id)).value


async def test_a_taken_port_is_an_error_and_leaves_nothing_open() -> None:
    async with PixazoStandIn() as first:
        port = int(first.origin.rpartition(":")[2])
        second = PixazoStandIn(port=port)
        with pytest.raises(OSError, match="in use"):
            await second.start()


@pytest.mark.parametrize("fault", ["submit_timeout", "submit_slow_body", "submit_timeout_after_accepting"])
async def test_stopping_ends_answers_that_would_never_end(fault: str) -> None:
    async with PixazoStandIn() as pixazo, visiting(pixazo) as visitor:
        pixazo.on_submit(fault)
        hanging = asyncio.ensure_future(visitor.submit())
        await pixazo.until(lambda: bool(pixazo.submissions))
        async with asyncio.timeout(2):
            await pixazo.stop()
        assert (await hanging).failure in {"disconnected", "broken"}


async def test_stopping_ends_an_endless_download_and_a_visit_to_the_trap() -> None:
    async with PixazoStandIn() as pixazo, visiting(pixazo) as visitor:
        pixazo.on_download("download_drip")
        result = await visitor.result()
        dripping = asyncio.ensure_future(visitor.fetch(result["images"][0]["url"]))
        await pixazo.until(lambda: bool(pixazo.downloads))
        _, writer = await asyncio.open_connection("127.0.0.1", int(pixazo.foreign_origin.rpartition(":")[2]))
        await pixazo.until(lambda: bool(pixazo.intruders))
        async with asyncio.timeout(2):
            await pixazo.stop()
        assert (await dripping).failure in {"disconnected", "broken"}
        writer.close()


async def test_nothing_is_left_running_after_it_stopped() -> None:
    before = asyncio.all_tasks()
    async with open_house() as visitor:
        visitor.pixazo.on_poll("poll_timeout")
        hanging = asyncio.ensure_future(visitor.poll(await visitor.job()))
        await visitor.pixazo.until(lambda: bool(visitor.pixazo.polls))
    await hanging
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("whole", [True, False])
async def test_a_client_killed_in_the_middle_of_its_request_does_no_harm(
    whole: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with open_house() as visitor:
        pixazo = visitor.pixazo
        pixazo.submit_delay = 0.05
        body = b'{"prompt": "a"}'
        head = [f"{name}: {value}" for name, value in visitor.headers.items()]
        head += ["Host: 127.0.0.1", f"Content-Length: {len(body) if whole else 4000}"]
        path = pixazo.submit_url.removeprefix(pixazo.origin)
        with caplog.at_level(logging.WARNING):
            _, writer = await asyncio.open_connection("127.0.0.1", int(pixazo.origin.rpartition(":")[2]))
            writer.write("\r\n".join([f"POST {path} HTTP/1.1", *head, "", ""]).encode() + body)
            await writer.drain()
            if whole:
                await pixazo.until(lambda: bool(pixazo.submissions))
            _kill(writer)
            assert (await visitor.submit(prompt="b")).status == 200
        assert [entry.prompt for entry in pixazo.accepted()] == (["a", "b"] if whole else ["b"])
        assert not caplog.records


def _kill(writer: asyncio.StreamWriter) -> None:
    """End a connection as the kernel does for a killed process with unread data: by a reset."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def test_a_thousand_submissions_at_once_are_all_taken() -> None:
    async with open_house(patience=30.0) as visitor:
        seen = await asyncio.gather(*(visitor.submit(seed=seed) for seed in range(1000)))
        assert {answer.status for answer in seen} == {200}
        assert len({answer.value["request_id"] for answer in seen}) == 1000
        assert visitor.pixazo.billed_images() == 1000


async def test_heavy_pictures_have_the_length_asked_for_and_decode() -> None:
    async with open_house(image_bytes=4_000_000) as visitor:
        for file_format in ("png", "jpeg"):
            result = await visitor.result(output_format=file_format, image_size="landscape_4_3")
            fetched = await visitor.fetch(result["images"][0]["url"])
            assert len(fetched.body) == 4_000_000
            with Image.open(io.BytesIO(fetched.body)) as picture:
                picture.load()
                assert picture.size == (1024, 768)


async def test_every_fault_can_be_named() -> None:
    async with open_house() as visitor:
        pixazo = visitor.pixazo
        adders = {
            "submit": pixazo.on_submit,
            "poll": pixazo.on_poll,
            "result": pixazo.on_result,
            "download": pixazo.on_download,
        }
        for name, fault in FAULTS.items():
            assert adders[fault.stage](name).fault is fault
            assert fault.says.endswith((".", "'", "}", "]"))
