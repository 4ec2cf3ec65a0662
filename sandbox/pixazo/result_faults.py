"""What may be wrong with a finished body: its flags, its list of pictures, their addresses."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sandbox.pixazo.faults import Context, Means, ResultFault

Result = dict[str, Any]
Address = Callable[[str, Context], Any]

FLAGS = "has_nsfw_concepts"
LISTED_HOST = "storage.pixazo.ai"
"""A host that the real service does serve results from."""


def _body(
    name: str,
    says: str,
    edit: Callable[[Result, Context], Any],
    means: Means = Means.UNFIT,
) -> ResultFault:
    return ResultFault(name=name, says=says, means=means, edit=edit)


def _with(**changes: Any) -> Callable[[Result, Context], Any]:
    """The plain body with some members set."""
    return lambda result, _: {**result, **changes}


def _without(name: str) -> Callable[[Result, Context], Any]:
    return lambda result, _: {key: value for key, value in result.items() if key != name}


def _each_flag(value: Any) -> Callable[[Result, Context], Any]:
    """The plain body with every flag replaced by `value`."""
    return lambda result, _: {**result, FLAGS: [value] * len(result["images"])}


def _each_entry(edit: Callable[[dict[str, Any], Context], Any]) -> Callable[[Result, Context], Any]:
    return lambda result, context: {**result, "images": [edit(entry, context) for entry in result["images"]]}


def _first_entry(edit: Callable[[dict[str, Any]], Any]) -> Callable[[Result, Context], Any]:
    return lambda result, _: {**result, "images": [edit(result["images"][0]), *result["images"][1:]]}


def _flagged_body(result: Result, _: Context) -> Result:
    return result


def _short_flags(result: Result, _: Context) -> Result:
    return {**result, FLAGS: result[FLAGS][:-1]}


def _long_flags(result: Result, _: Context) -> Result:
    return {**result, FLAGS: [*result[FLAGS], False]}


def _first_flag(value: Any) -> Callable[[Result, Context], Any]:
    return lambda result, _: {**result, FLAGS: [value, *result[FLAGS][1:]]}


_FLAGS = (
    ResultFault(
        name="flagged_all",
        says="Every picture is flagged, and black.",
        means=Means.UNFIT,
        edit=_flagged_body,
        flagged=lambda count: frozenset(range(count)),
    ),
    ResultFault(
        name="flagged_mixed",
        says="Every other picture, from the first, is flagged and black.",
        means=Means.PARTLY,
        edit=_flagged_body,
        flagged=lambda count: frozenset(range(0, count, 2)),
    ),
    ResultFault(
        name="flagged_last",
        says="Only the last picture is flagged and black.",
        means=Means.PARTLY,
        edit=_flagged_body,
        flagged=lambda count: frozenset({count - 1}),
    ),
    ResultFault(
        name="black_but_not_flagged",
        says="Every picture is black, and no flag says so.",
        means=Means.UNFIT,
        edit=_each_flag(value=False),
        flagged=lambda count: frozenset(range(count)),
    ),
    _body("flagged_but_not_black", "Every picture is flagged, and there in full.", _each_flag(value=True)),
    _body("flags_missing", "There are no flags: the checker did not run.", _without(FLAGS)),
    _body("flags_null", "The flags are null: the checker did not run.", _with(**{FLAGS: None})),
    _body("flags_empty", "The list of flags is empty.", _with(**{FLAGS: []})),
    _body("flags_short", "One flag too few.", _short_flags),
    _body("flags_long", "One flag too many.", _long_flags),
    _body("flags_string", "The flags are one string.", _with(**{FLAGS: "false"})),
    _body("flags_strings", 'Each flag is the string "false".', _each_flag("false")),
    _body("flags_zero", "Each flag is the number 0.", _each_flag(0)),
    _body("flags_one", "Each flag is the number 1.", _each_flag(1)),
    _body("flags_nulls", "Each flag is null.", _each_flag(None)),
    _body("flags_lists", "Each flag is an empty list.", _each_flag([])),
    _body("flags_first_null", "The first flag is null, the others are good.", _first_flag(None), Means.PARTLY),
    _body("flags_false", "The flags are a bare false.", _with(**{FLAGS: False})),
    _body("flags_object", "The flags are an object.", _with(**{FLAGS: {"0": False}})),
    _body(
        "flags_other_name",
        "The flags have another name.",
        lambda result, _: {
            **{key: value for key, value in result.items() if key != FLAGS},
            "nsfw": result[FLAGS],
        },
    ),
)


def _fewer(result: Result, _: Context) -> Result:
    return {**result, "images": result["images"][:-1], FLAGS: result[FLAGS][:-1]}


def _more(result: Result, _: Context) -> Result:
    return {**result, "images": [*result["images"], result["images"][0]], FLAGS: [*result[FLAGS], False]}


def _status_added(word: str) -> Callable[[Result, Context], Any]:
    return lambda result, _: {"status": word, **result}


_LISTS = (
    _body(
        "images_empty",
        "The list of pictures is empty, with the status COMPLETED.",
        _with(images=[], status="COMPLETED"),
    ),
    _body("images_not_a_list", "`images` is one object.", lambda r, _: {**r, "images": r["images"][0]}),
    _body("images_string", "`images` is a string.", lambda r, _: {**r, "images": r["images"][0]["url"]}),
    _body("images_of_strings", "`images` is a list of addresses.", _each_entry(lambda e, _: e["url"])),
    _body("images_of_nulls", "`images` is a list of nulls.", _each_entry(lambda _entry, _context: None)),
    _body(
        "images_first_null",
        "The first entry of `images` is null.",
        _first_entry(lambda _: None),
        Means.PARTLY,
    ),
    _body("images_fewer", "One picture fewer than asked for, flags to match.", _fewer, Means.PARTLY),
    _body("images_more", "One picture more than asked for, flags to match.", _more, Means.FIT),
    _body(
        "images_thousand",
        "A thousand pictures, flags to match.",
        lambda r, _: {**r, "images": r["images"][:1] * 1000, FLAGS: [False] * 1000},
    ),
    _body(
        "images_bare", "Entries with nothing but an address.", _each_entry(lambda e, _: {"url": e["url"]}), Means.FIT
    ),
    _body(
        "images_null_details",
        "Entries whose width, height and type are null.",
        _each_entry(lambda e, _: {**e, "width": None, "height": None, "content_type": None}),
        Means.FIT,
    ),
    _body(
        "images_wrong_details",
        "Entries whose width, height and type are not true.",
        _each_entry(lambda e, _: {**e, "width": -5, "height": "tall", "content_type": "text/html"}),
        Means.FIT,
    ),
    _body(
        "images_file_details",
        "Entries with the model host's further members.",
        _each_entry(lambda e, _: {**e, "file_name": "a.png", "file_size": 12345, "file_data": None}),
        Means.FIT,
    ),
)

_ECHOES = (
    _body("seed_differs", "The seed is not the one asked for.", lambda r, _: {**r, "seed": r["seed"] ^ 1}, Means.FIT),
    _body("seed_missing", "There is no seed.", _without("seed"), Means.FIT),
    _body("seed_null", "The seed is null.", _with(seed=None), Means.FIT),
    _body("seed_string", "The seed is a string.", lambda r, _: {**r, "seed": str(r["seed"])}, Means.FIT),
    _body("seed_huge", "The seed needs 64 bits.", _with(seed=2**63 + 1), Means.FIT),
    _body("seed_float", "The seed is a float.", lambda r, _: {**r, "seed": float(r["seed"])}, Means.FIT),
    _body("timings_missing", "There are no timings.", _without("timings"), Means.FIT),
    _body("timings_null", "The timings are null.", _with(timings=None), Means.FIT),
    _body("timings_number", "The timings are a number.", _with(timings=3.5), Means.FIT),
    _body(
        "prompt_differs",
        "The prompt comes back changed.",
        lambda r, _: {**r, "prompt": r["prompt"].upper() + "!"},
        Means.FIT,
    ),
    _body("prompt_missing", "The prompt does not come back.", _without("prompt"), Means.FIT),
    _body("prompt_null", "The prompt comes back as null.", _with(prompt=None), Means.FIT),
    _body("status_completed", "The body has the status COMPLETED as well.", _status_added("COMPLETED"), Means.FIT),
    _body(
        "status_in_progress",
        "The body has pictures, and the status IN_PROGRESS.",
        _status_added("IN_PROGRESS"),
        Means.FIT,
    ),
    _body("error_null", "The body has a null error as well.", _with(error=None, detail=None), Means.FIT),
)


def _address(name: str, says: str, make: Address) -> ResultFault:
    """Every entry's address replaced. `make` gets the plain address, which would be served."""
    return _body(f"url_{name}", says, _each_entry(lambda entry, c: {**entry, "url": make(entry["url"], c)}))


def _entry_without_url(entry: dict[str, Any], _: Context) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "url"}


def _path(address: str) -> str:
    return urlsplit(address).path


def _trap(host: str) -> Address:
    """An https address of `host` at the port of the foreign listener, which notices whoever comes."""
    return lambda address, c: f"https://{host}:{urlsplit(c.foreign_origin).port}{_path(address)}"


def _fixed(value: Any) -> Address:
    return lambda _address, _context: value


LOOPBACK_NOTATIONS: dict[str, str] = {
    "dotted": "127.0.0.1",
    "other_loopback": "127.8.9.10",
    "short": "127.1",
    "decimal": "2130706433",
    "hex": "0x7f000001",
    "octal": "0177.0.0.1",
    "ipv6": "[::1]",
    "ipv6_mapped": "[::ffff:127.0.0.1]",
    "ipv6_mapped_hex": "[::ffff:7f00:1]",
    "any": "0",
    "name": "localhost",
    "fullwidth": "\uff11\uff12\uff17.0.0.1",
}
"""Ways to write this machine, most of which a check of the text alone overlooks."""

_PRIVATE_ADDRESSES = {
    "ten": "10.0.0.1",
    "lan": "192.168.1.1",
    "metadata": "169.254.169.254",
    "carrier": "100.64.0.1",
    "ipv6_local": "[fe80::1]",
    "ipv6_unique": "[fd00::1]",
    "ipv6_nat64": "[64:ff9b::7f00:1]",
}

_ADDRESSES = (
    _body("url_missing", "Entries without an address.", _each_entry(_entry_without_url)),
    _body(
        "url_missing_in_first",
        "The first entry has no address.",
        _first_entry(lambda e: {"width": e["width"], "height": e["height"]}),
        Means.PARTLY,
    ),
    _address("null", "The address is null.", _fixed(None)),
    _address("number", "The address is a number.", _fixed(17)),
    _address("empty", "The address is empty.", _fixed("")),
    _address("relative", "The address is a bare path.", lambda address, _: _path(address)),
    _address("no_scheme", "The address lacks its scheme.", lambda a, _: a.removeprefix("http:")),
    _address("http", "Plain http at a listed host.", lambda a, _: f"http://{LISTED_HOST}{_path(a)}"),
    _address("ftp", "ftp at a listed host.", lambda a, _: f"ftp://{LISTED_HOST}{_path(a)}"),
    _address("file", "A file on the client's own disk.", _fixed("file:///etc/hostname")),
    _address("script", "A script.", _fixed("javascript:alert(1)")),
    _address(
        "data",
        "The picture itself, as a data address.",
        _fixed(
            "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
            "AABJRU5ErkJggg==",
        ),
    ),
    _address(
        "foreign_host", "A host that is not listed, over https.", lambda a, _: f"https://pictures.example{_path(a)}"
    ),
    _address("foreign_origin", "Another port of this machine, over http.", lambda a, c: c.foreign_origin + _path(a)),
    _address(
        "suffix", "A host that ends in a listed one without a dot.", lambda a, _: f"https://evil{LISTED_HOST}{_path(a)}"
    ),
    _address(
        "prefix", "A host that begins with a listed one.", lambda a, _: f"https://{LISTED_HOST}.example{_path(a)}"
    ),
    _address(
        "user_info",
        "A listed host as the user's name before the real host.",
        lambda a, c: f"https://{LISTED_HOST}@127.0.0.1:{urlsplit(c.foreign_origin).port}{_path(a)}",
    ),
    _address(
        "backslash",
        "A backslash that some readers take for a slash.",
        lambda a, c: f"https://127.0.0.1:{urlsplit(c.foreign_origin).port}\\@{LISTED_HOST}{_path(a)}",
    ),
    _address("other_port", "A listed host at another port.", lambda a, _: f"https://{LISTED_HOST}:8443{_path(a)}"),
    _address("bad_port", "A port that is no number.", lambda a, _: f"https://{LISTED_HOST}:http{_path(a)}"),
    _address("bad_bracket", "An address that no parser takes.", _fixed("https://[::1/x.png")),
    _address("newline", "A line break inside the address.", lambda a, _: a[:-4] + "\r\nX-Injected: 1" + a[-4:]),
    _address("long", "An address of 100 kB.", lambda a, _: a + "?" + "x" * 100_000),
    *(
        _address(f"loopback_{name}", f"This machine, written as {host}.", _trap(host))
        for name, host in LOOPBACK_NOTATIONS.items()
    ),
    *(
        _address(f"private_{name}", f"An address that is not public: {host}.", _trap(host))
        for name, host in _PRIVATE_ADDRESSES.items()
    ),
)

RESULT_FAULTS: tuple[ResultFault, ...] = (*_FLAGS, *_LISTS, *_ECHOES, *_ADDRESSES)
"""Every fault of a finished body."""
