"""The Exif block by a reader of its own; Pillow's is asked in test_metadata."""

import struct

import pytest

from imaging.exif import exif_block

Directory = dict[int, tuple[int, bytes]]
SIZES = {2: 1, 4: 4, 7: 1}


def directory(block: bytes, place: int) -> Directory:
    """Types and values by tag; checks what TIFF 6.0 asks of a directory."""
    assert place % 2 == 0
    (count,) = struct.unpack_from(">H", block, place)
    found: Directory = {}
    for number in range(count):
        tag, kind, length, content = struct.unpack_from(">HHI4s", block, place + 2 + 12 * number)
        size = length * SIZES[kind]
        if size > 4:
            (at,) = struct.unpack(">I", content)
            assert at % 2 == 0
            assert at + size <= len(block)
            content = block[at : at + size]
        found[tag] = (kind, content[:size])
    assert struct.unpack_from(">I", block, place + 2 + 12 * count) == (0,)
    assert list(found) == sorted(found)
    return found


@pytest.mark.parametrize("description", ["even", "odd", "a", ""])
@pytest.mark.parametrize("software", ["Easel", "Easel2"])
def test_every_text_is_where_its_directory_says(description: str, software: str) -> None:
    block = exif_block(software=software, description=description, comment="a 🎨")
    assert block[:8] == b"MM\0*\0\0\0\x08"
    first = directory(block, 8)
    assert first[0x010E] == (2, description.encode() + b"\0")
    assert first[0x0131] == (2, software.encode() + b"\0")
    (place,) = struct.unpack(">I", first[0x8769][1])
    assert directory(block, place) == {
        0x9000: (7, b"0232"),
        0x9286: (7, b"UNICODE\0" + "a 🎨".encode("utf-16-be")),
    }


def test_without_a_comment_there_is_one_directory() -> None:
    assert list(directory(exif_block(software="Easel"), 8)) == [0x0131]


def test_a_description_that_is_not_ascii_is_left_out() -> None:
    assert 0x010E not in directory(exif_block(software="Easel", description="für dich"), 8)
