"""Every fault of a finished body bends it as its name says, and in the same way at every poll."""

import io
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from sandbox.pixazo import FAULTS, ResultFault, Stage
from sandbox.pixazo.result_faults import LOOPBACK_NOTATIONS
from tests.sandbox.pixazo_visitor import open_house

RESULT = [fault for fault in FAULTS.values() if isinstance(fault, ResultFault)]
COUNT = 3
GOOD = [False] * COUNT

Check = Callable[[dict[str, Any]], bool]


def _flags(expected: object) -> Check:
    return lambda body: json.dumps(body["has_nsfw_concepts"]) == json.dumps(expected)


def _missing(name: str) -> Check:
    return lambda body: name not in body


def _is(name: str, expected: object) -> Check:
    return lambda body: json.dumps(body[name]) == json.dumps(expected)


def _entries(check: Check) -> Check:
    return lambda body: len(body["images"]) == COUNT and all(check(entry) for entry in body["images"])


BODIES: dict[str, Check] = {
    "flagged_all": _flags([True, True, True]),
    "flagged_mixed": _flags([True, False, True]),
    "flagged_last": _flags([False, False, True]),
    "black_but_not_flagged": _flags(GOOD),
    "flagged_but_not_black": _flags([True, True, True]),
    "flags_missing": _missing("has_nsfw_concepts"),
    "flags_null": _flags(None),
    "flags_empty": _flags([]),
    "flags_short": _flags([False, False]),
    "flags_long": _flags([False, False, False, False]),
    "flags_string": _flags("false"),
    "flags_strings": _flags(["false", "false", "false"]),
    "flags_zero": _flags([0, 0, 0]),
    "flags_one": _flags([1, 1, 1]),
    "flags_nulls": _flags([None, None, None]),
    "flags_lists": _flags([[], [], []]),
    "flags_first_null": _flags([None, False, False]),
    "flags_false": _flags(False),
    "flags_object": _flags({"0": False}),
    "flags_other_name": lambda body: body["nsfw"] == GOOD and "has_nsfw_concepts" not in body,
    "images_empty": lambda body: body["images"] == [] and body["status"] == "COMPLETED",
    "images_not_a_list": lambda body: "url" in body["images"] and isinstance(body["images"], dict),
    "images_string": lambda body: isinstance(body["images"], str),
    "images_of_strings": _entries(lambda entry: isinstance(entry, str)),
    "images_of_nulls": _entries(lambda entry: entry is None),
    "images_first_null": lambda body: [entry is None for entry in body["images"]] == [True, False, False],
    "images_fewer": lambda body: len(body["images"]) == len(body["has_nsfw_concepts"]) == COUNT - 1,
    "images_more": lambda body: len(body["images"]) == len(body["has_nsfw_concepts"]) == COUNT + 1,
    "images_thousand": lambda body: len(body["images"]) == len(body["has_nsfw_concepts"]) == 1000,
    "images_bare": _entries(lambda entry: entry.keys() == {"url"}),
    "images_null_details": _entries(lambda entry: entry["width"] is None and entry["content_type"] is None),
    "images_wrong_details": _entries(lambda entry: entry["width"] < 0 and entry["content_type"] == "text/html"),
    "images_file_details": _entries(lambda entry: entry["file_name"] == "a.png"),
    "seed_differs": lambda body: body["seed"] == 6,
    "seed_missing": _missing("seed"),
    "seed_null": _is("seed", None),
    "seed_string": _is("seed", "7"),
    "seed_huge": _is("seed", 2**63 + 1),
    "seed_float": _is("seed", 7.0),
    "timings_missing": _missing("timings"),
    "timings_null": _is("timings", None),
    "timings_number": _is("timings", 3.5),
    "prompt_differs": _is("prompt", "A LIGHTHOUSE AT DUSK!"),
    "prompt_missing": _missing("prompt"),
    "prompt_null": _is("prompt", None),
    "status_completed": _is("status", "COMPLETED"),
    "status_in_progress": _is("status", "IN_PROGRESS"),
    "error_null": lambda body: body["error"] is None and body["detail"] is None and len(body["images"]) == COUNT,
    "url_missing": _entries(lambda entry: "url" not in entry),
    "url_missing_in_first": lambda body: ["url" in entry for entry in body["images"]] == [False, True, True],
}

ADDRESSES = {
    "url_null": "None",
    "url_number": "17",
    "url_empty": "",
    "url_relative": "/results/ID/0.png",
    "url_no_scheme": "//127.0.0.1:PORT/results/ID/0.png",
    "url_http": "http://storage.pixazo.ai/results/ID/0.png",
    "url_ftp": "ftp://storage.pixazo.ai/results/ID/0.png",
    "url_file": "file:///etc/hostname",
    "url_script": "javascript:alert(1)",
    "url_foreign_host": "https://pictures.example/results/ID/0.png",
    "url_foreign_origin": "http://127.0.0.1:TRAP/results/ID/0.png",
    "url_suffix": "https://evilstorage.pixazo.ai/results/ID/0.png",
    "url_prefix": "https://storage.pixazo.ai.example/results/ID/0.png",
    "url_user_info": "https://storage.pixazo.ai@127.0.0.1:TRAP/results/ID/0.png",
    "url_backslash": "https://127.0.0.1:TRAP\\@storage.pixazo.ai/results/ID/0.png",
    "url_other_port": "https://storage.pixazo.ai:8443/results/ID/0.png",
    "url_bad_port": "https://storage.pixazo.ai:http/results/ID/0.png",
    "url_bad_bracket": "https://[::1/x.png",
    "url_newline": "http://127.0.0.1:PORT/results/ID/0\r\nX-Injected: 1.png",
    "url_loopback_dotted": "https://127.0.0.1:TRAP/results/ID/0.png",
    "url_loopback_other_loopback": "https://127.8.9.10:TRAP/results/ID/0.png",
    "url_loopback_short": "https://127.1:TRAP/results/ID/0.png",
    "url_loopback_decimal": "https://2130706433:TRAP/results/ID/0.png",
    "url_loopback_hex": "https://0x7f000001:TRAP/results/ID/0.png",
    "url_loopback_octal": "https://0177.0.0.1:TRAP/results/ID/0.png",
    "url_loopback_ipv6": "https://[::1]:TRAP/results/ID/0.png",
    "url_loopback_ipv6_mapped": "https://[::ffff:127.0.0.1]:TRAP/results/ID/0.png",
    "url_loopback_ipv6_mapped_hex": "https://[::ffff:7f00:1]:TRAP/results/ID/0.png",
    "url_loopback_any": "https://0:TRAP/results/ID/0.png",
    "url_loopback_name": "https://localhost:TRAP/results/ID/0.png",
    "url_loopback_fullwidth": "https://\uff11\uff12\uff17.0.0.1:TRAP/results/ID/0.png",
    "url_private_ten": "https://10.0.0.1:TRAP/results/ID/0.png",
    "url_private_lan": "https://192.168.1.1:TRAP/results/ID/0.png",
    "url_private_metadata": "https://169.254.169.254:TRAP/results/ID/0.png",
    "url_private_carrier": "https://100.64.0.1:TRAP/results/ID/0.png",
    "url_private_ipv6_local": "https://[fe80::1]:TRAP/results/ID/0.png",
    "url_private_ipv6_unique": "https://[fd00::1]:TRAP/results/ID/0.png",
    "url_private_ipv6_nat64": "https://[64:ff9b::7f00:1]:TRAP/results/ID/0.png",
}
"""The first entry's address, with the ports and the request_id named."""

LONG_ADDRESSES = {"url_data": "data:image/png;base64,iVBOR", "url_long": "http://127.0.0.1:"}
"""Addresses too long to spell out, by how they begin."""


@pytest.mark.parametrize("name", sorted(BODIES))
async def test_the_body_is_bent_as_the_name_says_at_every_poll(name: str) -> None:
    async with open_house() as visitor:
        rule = visitor.pixazo.on_result(name)
        request_id = await visitor.job(num_images=COUNT)
        first, second = await visitor.poll(request_id), await visitor.poll(request_id)
        assert first.status == 200
        assert BODIES[name](first.value)
        assert second.body == first.body
        assert rule.fired == 1


@pytest.mark.parametrize("name", sorted(BODIES))
async def test_the_plain_body_would_not_pass_for_a_bent_one(name: str) -> None:
    async with open_house() as visitor:
        plain = await visitor.result(num_images=COUNT)
        try:
            bent = BODIES[name](plain)
        except (KeyError, TypeError):
            bent = False
        assert bent is (name == "black_but_not_flagged")


@pytest.mark.parametrize("name", sorted(ADDRESSES))
async def test_the_address_is_the_one_of_the_fault(name: str) -> None:
    async with open_house() as visitor:
        pixazo = visitor.pixazo
        pixazo.on_result(name)
        request_id = await visitor.job()
        address = str((await visitor.poll(request_id)).value["images"][0]["url"])
        for told, word in (
            (request_id, "ID"),
            (pixazo.origin.rpartition(":")[2], "PORT"),
            (pixazo.foreign_origin.rpartition(":")[2], "TRAP"),
        ):
            address = address.replace(told, word)
        assert address == ADDRESSES[name]


@pytest.mark.parametrize("name", sorted(LONG_ADDRESSES))
async def test_a_long_address_begins_as_it_should(name: str) -> None:
    async with open_house() as visitor:
        visitor.pixazo.on_result(name)
        result = await visitor.result()
        address = result["images"][0]["url"]
        assert address.startswith(LONG_ADDRESSES[name])
        assert (len(address) > 100_000) is (name == "url_long")


@pytest.mark.parametrize(
    "host", [host for name, host in LOOPBACK_NOTATIONS.items() if name not in {"name", "fullwidth", "any"}]
)
def test_the_loopback_notations_do_lead_to_this_machine(host: str) -> None:
    found = socket.getaddrinfo(host.strip("[]"), 1, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    address = found[0][4][0]
    assert str(address).startswith(("127.", "::1", "::ffff:127."))


async def test_a_client_that_goes_to_a_loopback_notation_is_caught() -> None:
    async with open_house() as visitor:
        visitor.pixazo.on_result("url_loopback_decimal")
        result = await visitor.result()
        parts = urlsplit(result["images"][0]["url"])
        with socket.create_connection((parts.hostname, parts.port), timeout=5):
            pass
        await visitor.pixazo.until(lambda: bool(visitor.pixazo.intruders))


@pytest.mark.parametrize(
    ("name", "black"),
    [
        ("flagged_all", [True, True, True]),
        ("flagged_mixed", [True, False, True]),
        ("flagged_last", [False, False, True]),
        ("black_but_not_flagged", [True, True, True]),
        ("flagged_but_not_black", [False, False, False]),
    ],
)
async def test_flagged_pictures_are_black_where_the_fault_says_so(name: str, black: list[bool]) -> None:
    async with open_house() as visitor:
        visitor.pixazo.on_result(name)
        result = await visitor.result(num_images=COUNT)
        found = []
        for entry in result["images"]:
            with Image.open(io.BytesIO((await visitor.fetch(entry["url"])).body)) as picture:
                found.append(picture.convert("L").getextrema() == (0, 0))
        assert found == black


def test_these_tables_describe_every_result_fault() -> None:
    described = {*BODIES, *ADDRESSES, *LONG_ADDRESSES}
    assert described == {name for name, fault in FAULTS.items() if fault.stage is Stage.RESULT}
    assert len(RESULT) == len(described)
