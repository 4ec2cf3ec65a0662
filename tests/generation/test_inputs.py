"""Placeholders of members' images: found, and replaced, wherever a request has an address."""

import dataclasses
from typing import Any

import pytest

from errors import PictureGone
from generation.inputs import names, placeholder, renamed, with_addresses
from models import GenerationRequest
from parameters import ControlLora, ControlNet, ControlNetUnion, EasyControl, IpAdapter, Lora, UnionControl
from provider.wire import body_of
from tests.builders import make_request

HERE = "attachment://input.png"
MASK = "attachment://mask.jpg"
ADDRESSES = {"input.png": "https://cdn.example/1/input.png?ex=1", "mask.jpg": "https://cdn.example/2/mask.jpg"}

# One for every place in a request that takes an address: (what is set, the files it needs).
PLACES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "reference": ({"reference_image_url": HERE}, {"input.png"}),
    "control lora": ({"control_loras": (ControlLora(path="a/b", control_image_url=HERE),)}, {"input.png"}),
    "controlnet with its mask": (
        {"controlnets": (ControlNet(path="a/b", control_image_url=HERE, mask_image_url=MASK),)},
        {"input.png", "mask.jpg"},
    ),
    "union, two levels deep": (
        {
            "controlnet_unions": (
                ControlNetUnion(
                    path="a/b",
                    controls=(
                        UnionControl(control_image_url=HERE, control_mode="canny"),
                        UnionControl(control_image_url=HERE, control_mode="blur", mask_image_url=MASK),
                    ),
                ),
            )
        },
        {"input.png", "mask.jpg"},
    ),
    "ip-adapter": (
        {
            "ip_adapters": (
                IpAdapter(path="a/b", image_encoder_path="c/d", image_url=HERE, scale=0.6, mask_image_url=MASK),
            )
        },
        {"input.png", "mask.jpg"},
    ),
    "easycontrol": (
        {"easycontrols": (EasyControl(control_method_url="pose", image_url=HERE, image_control_type="spatial"),)},
        {"input.png"},
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_placeholder_is_found_and_replaced_in_every_place(place: str) -> None:
    changes, needed = PLACES[place]
    request = make_request(**changes)
    assert names(request) == needed
    filled = with_addresses(request, ADDRESSES)
    assert names(filled) == frozenset()
    sent = str(body_of(filled))
    assert "attachment://" not in sent
    assert all(ADDRESSES[name] in sent for name in needed)


@pytest.mark.parametrize("place", PLACES)
def test_a_missing_address_is_said_and_nothing_is_sent_without_it(place: str) -> None:
    changes, needed = PLACES[place]
    for missing in needed:
        with pytest.raises(PictureGone):
            with_addresses(make_request(**changes), {k: v for k, v in ADDRESSES.items() if k != missing})


def test_the_places_are_all_that_a_request_has() -> None:
    """A new field that takes an address has to be tried above."""
    assert {entry.name for entry in dataclasses.fields(GenerationRequest) if entry.name.endswith("_url")} == {
        "reference_image_url"
    }
    arrays = {entry.name for entry in dataclasses.fields(GenerationRequest) if entry.default == ()}
    tried = {name for changes, _ in PLACES.values() for name in changes}
    assert arrays - tried == {"loras"}  # whose path is a model's, never a member's image


def test_nothing_else_of_the_request_changes() -> None:
    request = make_request(reference_image_url=HERE, loras=(Lora(path="a/b", scale=0.4),), seed=7)
    assert with_addresses(request, ADDRESSES) == dataclasses.replace(
        request, reference_image_url=ADDRESSES["input.png"]
    )
    words_only = make_request(seed=7)
    assert with_addresses(words_only, {}) == words_only
    assert names(words_only) == frozenset()


def test_a_prompt_that_looks_like_a_placeholder_is_only_words() -> None:
    request = make_request(prompt=HERE, negative_prompt=MASK)
    assert names(request) == frozenset()
    assert with_addresses(request, ADDRESSES) == request


def test_a_real_address_is_left_alone() -> None:
    request = make_request(reference_image_url="https://cdn.example/x.png")
    assert names(request) == frozenset()
    assert with_addresses(request, ADDRESSES) == request


def test_an_image_can_be_on_another_card_under_another_name() -> None:
    moved = renamed(make_request(reference_image_url=placeholder("input.png")), "input.jpg")
    assert moved.reference_image_url == "attachment://input.jpg"
    assert renamed(make_request(), "input.jpg") == make_request()
