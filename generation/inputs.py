"""The images that a request is made from: placeholders while it is stored, addresses when it is submitted. No I/O.

A member's image is a file of the job's card, and its address at Discord changes from day to day. So what is stored
names the file only, `attachment://input.png`, and the address of the moment is put in just before submitting.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from errors import PictureGone
from models import GenerationRequest

if TYPE_CHECKING:  # the type checker's own word for an instance of any dataclass
    from _typeshed import DataclassInstance

PREFIX: Final = "attachment://"

_Value = TypeVar("_Value", bound="DataclassInstance")


def placeholder(filename: str) -> str:
    """What stands in a stored request for the address of the card's file of that name."""
    return PREFIX + filename


def names(request: GenerationRequest) -> frozenset[str]:
    """The names of the card's files that the request needs; empty where it is made from words alone."""
    return frozenset(_names(request))


def with_addresses(request: GenerationRequest, addresses: Mapping[str, str]) -> GenerationRequest:
    """The request with the address of each file in its placeholder's place.

    Raises PictureGone where `addresses` lacks one that is needed.
    """
    return _resolved(request, addresses)


def renamed(request: GenerationRequest, filename: str) -> GenerationRequest:
    """The request with its one image under another name, as it is on another card."""
    return with_addresses(request, dict.fromkeys(names(request), placeholder(filename)))


def _names(value: "DataclassInstance") -> Iterator[str]:
    for entry in dataclasses.fields(value):
        held = getattr(value, entry.name)
        if isinstance(held, tuple):
            for element in held:
                yield from _names(element)
        elif _is_placeholder(entry.name, held):
            yield held.removeprefix(PREFIX)


def _resolved(value: _Value, addresses: Mapping[str, str]) -> _Value:
    changes: dict[str, Any] = {}
    for entry in dataclasses.fields(value):
        held = getattr(value, entry.name)
        if isinstance(held, tuple):
            changes[entry.name] = tuple(_resolved(element, addresses) for element in held)
        elif _is_placeholder(entry.name, held):
            name = held.removeprefix(PREFIX)
            if name not in addresses:
                raise PictureGone(name)
            changes[entry.name] = addresses[name]
    return dataclasses.replace(value, **changes)


def _is_placeholder(name: str, held: object) -> bool:
    # Only where the provider expects an address: a prompt may say what it likes.
    return name.endswith("_url") and isinstance(held, str) and held.startswith(PREFIX)
