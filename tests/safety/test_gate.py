"""The image gate: odd flags, odd files, and that nothing gets through which was not checked."""

import hashlib
import io
import itertools
import json
import struct
import threading
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from models import GenerationResult, ResultImage, Verdict, VerdictReason
from safety.gate import (
    BLANK_GREY_SPAN,
    JPEG_SCANS_MAX,
    PASSED_FLAG,
    PIXELS_MAX,
    RAW_FLAG_MAX_CHARACTERS,
    examine,
    flag_verdicts,
)

IMAGE = ResultImage(url="https://storage.pixazo.ai/a.png")
SIZE = (48, 32)


def result(flags: object, count: int = 2, *, images: tuple[ResultImage, ...] | None = None) -> GenerationResult:
    return GenerationResult(images=images or (IMAGE,) * count, has_nsfw_concepts=flags)


def reasons(verdicts: tuple[Verdict | None, ...]) -> list[str | None]:
    return [None if verdict is None else verdict.reason.value for verdict in verdicts]


def drawing(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture with plenty of contrast."""
    image = Image.new("RGB", size, "#204060")
    ImageDraw.Draw(image).ellipse((4, 4, size[0] // 2, size[1] - 4), fill="#f0e0c0")
    return image.convert(mode)


def encoded(image: Image.Image, image_format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def judged(data: bytes) -> Verdict:
    return examine(io.BytesIO(data), index=3, raw_flag=PASSED_FLAG)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(
    ("flag", "reason"),
    [
        (False, None),
        (True, "flagged"),
        (None, "unchecked"),
        (0, "unchecked"),
        (1, "unchecked"),
        (0.0, "unchecked"),
        ("false", "unchecked"),
        ("true", "unchecked"),
        ("", "unchecked"),
        ([], "unchecked"),
        ([False], "unchecked"),
        ({}, "unchecked"),
        ({"nsfw": False}, "unchecked"),
        (float("nan"), "unchecked"),
        (10**4000, "unchecked"),
    ],
)
def test_only_false_passes_and_only_true_is_flagged(flag: object, reason: str | None) -> None:
    assert reasons(flag_verdicts(result([False, flag]))) == [None, reason]
    assert reasons(flag_verdicts(result([flag, True]))) == [reason, "flagged"]


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (None, "flags_missing"),
        (False, "flags_missing"),
        (True, "flags_missing"),
        (0, "flags_missing"),
        ("false", "flags_missing"),
        ("ff", "flags_missing"),
        ({}, "flags_missing"),
        ({0: False, 1: False}, "flags_missing"),
        ((False, False), "flags_missing"),
        ([], "flags_mismatch"),
        ([False], "flags_mismatch"),
        ([True], "flags_mismatch"),
        ([False, False, False], "flags_mismatch"),
        ([[False, False]], "flags_mismatch"),
    ],
)
def test_flags_that_match_no_image_withhold_every_image(flags: object, reason: str) -> None:
    assert reasons(flag_verdicts(result(flags))) == [reason, reason]


@pytest.mark.parametrize("url", [None, ""])
def test_image_without_an_address_is_unavailable_but_its_flag_comes_first(url: str | None) -> None:
    images = (ResultImage(url=url),) * 3
    verdicts = flag_verdicts(result([False, True, None], images=images))
    assert reasons(verdicts) == ["result_unavailable", "flagged", "unchecked"]


def test_result_without_images_has_no_verdicts() -> None:
    assert flag_verdicts(GenerationResult(images=(), has_nsfw_concepts=[])) == ()
    assert flag_verdicts(GenerationResult(images=(), has_nsfw_concepts=None)) == ()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    st.integers(0, 4),
)
def test_no_flags_raise_and_an_image_passes_only_beside_its_own_false(flags: object, count: int) -> None:
    verdicts = flag_verdicts(GenerationResult(images=(IMAGE,) * count, has_nsfw_concepts=flags))
    assert len(verdicts) == count
    for index, verdict in enumerate(verdicts):
        if verdict is None:
            assert isinstance(flags, list)
            assert len(flags) == count
            assert flags[index] is False
        else:
            assert verdict.index == index
            assert not verdict.released
            if verdict.raw_flag is not None:
                json.loads(verdict.raw_flag)
            if verdict.reason is VerdictReason.FLAGGED:
                assert isinstance(flags, list)
                assert flags[index] is True


@pytest.mark.parametrize(
    ("flags", "raw_flags"),
    [
        ([True, None], ["true", "null"]),
        ([0, "false"], ["0", '"false"']),
        (None, [None, None]),
        ("no", ['"no"', '"no"']),
        ([True], ["[true]", "[true]"]),
        ([float("inf"), {"a": [1]}], ['"unreadable"', '{"a": [1]}']),
    ],
)
def test_raw_flag_is_the_providers_answer_as_json(flags: object, raw_flags: list[str | None]) -> None:
    assert [verdict and verdict.raw_flag for verdict in flag_verdicts(result(flags))] == raw_flags


def test_raw_flag_stays_short_and_readable_whatever_the_answer() -> None:
    deep: list[Any] = []
    for _ in itertools.repeat(None, 100_000):
        deep = [deep]
    for flag in (["x" * 100_000], deep, '"\\' * 1000):
        verdict = flag_verdicts(result([flag], count=1))[0]
        assert verdict is not None
        assert verdict.raw_flag is not None
        assert len(verdict.raw_flag) <= 2 * RAW_FLAG_MAX_CHARACTERS
        assert isinstance(json.loads(verdict.raw_flag), str)


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (encoded(drawing()), "image/png"),
        (encoded(drawing("L")), "image/png"),
        (encoded(drawing("1")), "image/png"),
        (encoded(drawing("P")), "image/png"),
        (encoded(drawing("RGBA")), "image/png"),
        (encoded(drawing("LA")), "image/png"),
        (encoded(drawing("I;16").point(lambda level: level * 257)), "image/png"),
        (encoded(drawing(), "JPEG"), "image/jpeg"),
        (encoded(drawing("L"), "JPEG"), "image/jpeg"),
        (encoded(drawing("CMYK"), "JPEG"), "image/jpeg"),
        (encoded(drawing(), "JPEG", progressive=True), "image/jpeg"),
        (encoded(drawing(), "WEBP"), "image/webp"),
        (encoded(drawing(), "WEBP", lossless=True), "image/webp"),
        (encoded(drawing("RGBA"), "WEBP", exact=True), "image/webp"),
    ],
)
def test_sound_picture_is_released_with_all_that_is_known_of_it(data: bytes, media_type: str) -> None:
    assert judged(data) == Verdict(
        index=3,
        reason=VerdictReason.RELEASED,
        raw_flag="false",
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        width_px=48,
        height_px=32,
        media_type=media_type,
    )


def test_file_is_judged_from_its_start_wherever_it_stands() -> None:
    file = io.BytesIO(encoded(drawing()))
    file.seek(0, io.SEEK_END)
    assert examine(file, index=0, raw_flag=None).released
    assert not file.closed
    assert examine(file, index=0, raw_flag=None).released


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
def test_bytes_after_the_end_do_not_matter(image_format: str) -> None:
    assert judged(encoded(drawing(), image_format) + b"padding" * 100).released


def test_picture_at_the_pixel_limit_is_released() -> None:
    assert judged(encoded(drawing("L", (4096, 4096)), compress_level=1)).released


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#2a7f8e"])
def test_picture_of_one_colour_is_blank(image_format: str, colour: str) -> None:
    assert judged(encoded(Image.new("RGB", SIZE, colour), image_format)).reason is VerdictReason.BLANK


@pytest.mark.parametrize("low", [0, 100, 255 - BLANK_GREY_SPAN - 1])
@pytest.mark.parametrize(
    ("span", "reason"),
    [(BLANK_GREY_SPAN, VerdictReason.BLANK), (BLANK_GREY_SPAN + 1, VerdictReason.RELEASED)],
)
def test_blank_ends_at_a_grey_span_of_eight(low: int, span: int, reason: VerdictReason) -> None:
    image = Image.new("L", SIZE, low)
    image.putpixel((5, 5), low + span)
    assert judged(encoded(image)).reason is reason


def with_alpha(colours: Image.Image, alpha: Image.Image | int) -> Image.Image:
    image = colours.convert("RGBA")
    image.putalpha(alpha)
    return image


BLANK_WITH_ALPHA = {
    "a picture that is wholly transparent": with_alpha(drawing(), 0),
    "a picture so transparent that it leaves no trace": with_alpha(drawing(), 5),
    "a drawing in the alpha of black": with_alpha(Image.new("RGB", SIZE, "black"), drawing("L")),
    "a drawing in the alpha of white": with_alpha(Image.new("RGB", SIZE, "white"), drawing("L")),
    "a plain picture with alpha": with_alpha(Image.new("RGB", SIZE, "teal"), 255),
}


@pytest.mark.parametrize("name", BLANK_WITH_ALPHA)
@pytest.mark.parametrize("image_format", ["PNG", "WEBP"])
def test_picture_that_vanishes_on_black_or_white_is_blank(name: str, image_format: str) -> None:
    options = {"lossless": True, "exact": True} if image_format == "WEBP" else {}
    assert judged(encoded(BLANK_WITH_ALPHA[name], image_format, **options)).reason is VerdictReason.BLANK


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P"])
def test_picture_whose_one_visible_colour_is_its_transparent_one_is_blank(mode: str) -> None:
    image = Image.new("L", SIZE, 0)
    image.paste(255, (10, 10, 20, 20))
    transparent: Any = (255, 255, 255) if mode == "RGB" else 255
    if mode == "P":
        image = image.convert("RGB").quantize(2)
        transparent = image.getpixel((15, 15))
    data = encoded(image.convert(mode) if mode != "P" else image, transparency=transparent)
    assert judged(data).reason is VerdictReason.BLANK


def sixteen_bits(*levels: int) -> Image.Image:
    image = Image.new("I;16", SIZE, levels[0])
    for index, level in enumerate(levels):
        image.putpixel((index, 0), level)
    return image


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        ((0, 300), VerdictReason.BLANK),
        ((40_000, 41_000), VerdictReason.BLANK),
        ((0, 8 * 256 + 255), VerdictReason.BLANK),
        ((0, 9 * 256), VerdictReason.RELEASED),
        ((0, 65_535), VerdictReason.RELEASED),
    ],
)
def test_span_of_sixteen_bits_is_measured_in_their_upper_eight(levels: tuple[int, ...], reason: VerdictReason) -> None:
    assert judged(encoded(sixteen_bits(*levels))).reason is reason


def test_transparent_level_of_sixteen_bits_cannot_be_checked() -> None:
    data = encoded(sixteen_bits(0, 65_535), transparency=0)
    assert judged(data).reason is VerdictReason.UNDECODABLE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a",
        b"\x89PNG\n\x1a\n" + bytes(100),
        b"\xff\xd8",
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"RIFF",
        b"GIF89a" + bytes(100),
        b"<!DOCTYPE html><html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        encoded(drawing(), "GIF"),
        encoded(drawing(), "BMP"),
        encoded(drawing(), "TIFF"),
        encoded(drawing(), "ICO"),
        encoded(drawing(), "PPM"),
        b"\x00" + encoded(drawing()),
    ],
)
def test_other_files_are_no_images(data: bytes) -> None:
    verdict = judged(data)
    assert verdict.reason is VerdictReason.NOT_AN_IMAGE
    assert (verdict.size_bytes, verdict.media_type, verdict.width_px) == (len(data), None, None)
    assert verdict.sha256 == hashlib.sha256(data).hexdigest()


def frames(image_format: str) -> bytes:
    shown = [drawing(), drawing().rotate(90), drawing().rotate(180)]
    return encoded(shown[0], image_format, save_all=True, append_images=shown[1:])


def apng_of_one_frame() -> bytes:
    """Its one frame is another picture than the plain one, which Pillow decodes."""
    plain = encoded(drawing())
    control = chunk(b"acTL", struct.pack(">II", 1, 0))
    frame = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, *SIZE, 0, 0, 1, 10, 0, 0))
    pixels = zlib.compress(bytes(SIZE[1] * (1 + 3 * SIZE[0])))
    end = plain.index(b"IEND") - 4
    return plain[:33] + control + plain[33:end] + frame + chunk(b"fdAT", struct.pack(">I", 1) + pixels) + plain[end:]


@pytest.mark.parametrize(
    "data",
    [frames("PNG"), frames("WEBP"), frames("MPO"), apng_of_one_frame()],
    ids=["PNG", "WEBP", "MPO", "APNG of one"],
)
def test_animated_files_are_withheld(data: bytes) -> None:
    assert judged(data).reason is VerdictReason.ANIMATED


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
def test_truncated_file_is_withheld_wherever_it_ends(image_format: str) -> None:
    noise = Image.effect_noise((64, 64), 80).convert("RGB")
    data = encoded(noise, image_format)
    for kept in (12, 20, 33, 60, len(data) // 2, len(data) * 9 // 10, len(data) - 20):
        assert judged(data[:kept]).reason is VerdictReason.UNDECODABLE, kept


def test_png_without_its_end_is_withheld() -> None:
    assert judged(encoded(drawing())[:-12]).reason is VerdictReason.UNDECODABLE


@pytest.mark.parametrize("kind", [b"IHDR", b"IDAT"])
def test_png_with_a_wrong_checksum_is_withheld(kind: bytes) -> None:
    data = bytearray(encoded(drawing()))
    start = data.index(kind)
    (length,) = struct.unpack(">I", data[start - 4 : start])
    data[start + 4 + length] ^= 0xFF
    assert judged(bytes(data)).reason is VerdictReason.UNDECODABLE


@given(st.sampled_from(["PNG", "JPEG", "WEBP"]), st.data())
def test_no_damage_raises(image_format: str, data: st.DataObject) -> None:
    whole = bytearray(encoded(drawing(), image_format))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    verdict = judged(bytes(whole))
    assert verdict.sha256 == hashlib.sha256(whole).hexdigest()


@given(st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x40\x00\x00\x00WEBPVP8 ", b""]), st.binary())
def test_no_bytes_raise(magic: bytes, rest: bytes) -> None:
    assert not judged(magic + rest).released


def png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("width", "height"),
    [(4097, 4096), (PIXELS_MAX + 1, 1), (10_000, 10_000), (13_000, 13_000), (50_000, 50_000), (2**31 - 1, 2**31 - 1)],
)
def test_too_many_pixels_are_refused_by_the_header_alone(width: int, height: int) -> None:
    assert judged(png_claiming(width, height)).reason is VerdictReason.TOO_MANY_PIXELS


def test_webp_of_too_many_pixels_is_refused_by_the_header_alone() -> None:
    data = bytearray(encoded(Image.new("L", SIZE), "WEBP", lossless=True))
    assert data[12:21] == b"VP8L" + data[16:20] + b"\x2f"
    (bits,) = struct.unpack("<I", data[21:25])  # two numbers of 14 bits, width and height less one, and some flags
    side = 13_000 - 1
    data[21:25] = struct.pack("<I", bits >> 28 << 28 | side << 14 | side)
    assert judged(bytes(data)).reason is VerdictReason.TOO_MANY_PIXELS


def test_text_that_unpacks_to_too_much_is_refused() -> None:
    packed = zlib.compress(bytes(64 * 1024 * 1024), 9)
    plain = encoded(drawing())
    data = plain[:33] + chunk(b"zTXt", b"Comment\x00\x00" + packed) + plain[33:]
    assert judged(data).reason is VerdictReason.UNDECODABLE


@pytest.mark.parametrize(
    ("scans", "reason"), [(3, VerdictReason.RELEASED), (JPEG_SCANS_MAX + 1, VerdictReason.UNDECODABLE)]
)
def test_jpeg_of_endless_scans_is_refused_before_it_is_decoded(scans: int, reason: VerdictReason) -> None:
    data = encoded(drawing("L"), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    assert judged(data[:-2] + data[last:-2] * scans + b"\xff\xd9").reason is reason


def malformed_mpo() -> bytes:
    """A sound JPEG that says, in a segment that can't be read, that it holds several images."""
    data = encoded(drawing(), "JPEG")
    index = b"MPF\x00MM\x00*\x00\x00\x00\x08\x00\x01\xb0\x01\x00\x04\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x00"
    return data[:2] + b"\xff\xe2" + struct.pack(">H", len(index) + 2) + index + data[2:]


def invalid_apng() -> bytes:
    """A sound PNG that says it is an animation of no frames, which Pillow warns of and everybody ignores."""
    data = encoded(drawing())
    return data[:33] + chunk(b"acTL", struct.pack(">II", 0, 0)) + data[33:]


def test_the_files_of_the_next_tests_do_make_pillow_warn() -> None:
    for make in (malformed_mpo, invalid_apng, lambda: png_claiming(10_000, 10_000)):
        with pytest.warns(), Image.open(io.BytesIO(make())):
            pass


@pytest.mark.parametrize("make", [malformed_mpo, invalid_apng])
def test_warning_of_pillow_is_neither_shown_nor_an_error(make: Callable[[], bytes]) -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        assert judged(make()).released
    assert shown == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert judged(make()).released


def test_filters_of_the_process_are_as_before_when_threads_have_judged_at_once() -> None:
    before = list(warnings.filters)
    barrier = threading.Barrier(4)
    data = invalid_apng()

    def judge(_: int) -> bool:
        barrier.wait(timeout=10)
        return all(judged(data).released for _ in range(20))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(judge, range(4)))
    assert warnings.filters == before
