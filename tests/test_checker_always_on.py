"""The safety checker can't be switched off: whatever is typed, chosen, set or stored, every body asks for it.

Once by the source, in which the key is written in one place; then by what a stand-in of the provider was really sent
while everything that reaches a body held something hostile. What there is to be tried is read from the bot itself, so
that a new option, field, setting or column is tried as well, or fails here until somebody has said what it is.
"""

import ast
import dataclasses
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import pytest

import assembly
import config
from generation.composing import Choices, ControlChoice, ReferenceChoice
from generation.control_plans import ControlPlan
from models import GenerationRequest, GuildSettings
from parameters import ControlLora, ControlNet, ControlNetUnion, EasyControl, IpAdapter, Lora, UnionControl
from provider.client import PixazoClient
from provider.wire import body_of
from recipes import LoraPick, PresetValues, Recipe
from sandbox.pixazo import PixazoStandIn
from storage.database import Database
from tests import hostile
from tests.generation.assembly import Assembly, assembled, small_request
from tests.generation.recording import Channel
from tests.support import FakeClock

ROOT: Final = Path(__file__).resolve().parent.parent
SENT: Final = (
    GenerationRequest, Lora, ControlLora, ControlNet, ControlNetUnion, UnionControl, IpAdapter, EasyControl,
)  # fmt: skip
# What a request is put together from.
CHOSEN: Final = (
    PresetValues, LoraPick, Recipe, Choices, ControlChoice, ReferenceChoice, ControlPlan, GuildSettings,
    config.Settings,
)  # fmt: skip


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module that the bot consists of."""
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith((".", "tests/", "sandbox/", "benchmarks/")):
            yield name, ast.parse(path.read_text("utf-8"))


class TestTheSource:
    def test_the_key_is_written_in_one_place_and_only_ever_true(self) -> None:
        written = [
            (name, node)
            for name, tree in sources()
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and hostile.KEY in node.value.lower()
        ]
        assert [(name, node.value) for name, node in written] == [("provider/wire.py", hostile.KEY)]
        tree = dict(sources())["provider/wire.py"]
        [function] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == body_of.__name__]
        # The last that is done to a body, after everything that could have brought a member of that name along.
        assert [ast.unparse(line) for line in function.body[-2:]] == [f"body['{hostile.KEY}'] = True", "return body"]

    def test_nothing_but_that_body_is_ever_submitted(self) -> None:
        """The address of submissions is used once, with `body_of` of the request; no other code makes a body."""
        calls = [
            (name, ast.unparse(node))
            for name, tree in sources()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and any(_is_address(argument) for argument in node.args)
        ]
        assert calls == [
            ("provider/client.py", "self._post(self._submissions, self._submit_url, body_of(request))"),
        ]
        read = [node for _, tree in sources() for node in ast.walk(tree) if _is_address(node)]
        assert len(read) == len(calls)

    @pytest.mark.parametrize("kind", [*SENT, *CHOSEN], ids=lambda kind: kind.__name__)
    def test_no_field_is_about_the_checker(self, kind: type[Any]) -> None:
        assert [field.name for field in dataclasses.fields(kind) if hostile.NAMED_LIKE_IT.search(field.name)] == []

    def test_what_is_sent_is_all_of_it(self) -> None:
        """Every class of an element is looked at, also of one that comes later."""
        found: set[type[Any]] = {GenerationRequest}
        for _ in range(3):
            found |= {part for kind in found for part in _classes_in(kind)}
        assert found == set(SENT)

    def test_no_setting_is_about_the_checker(self) -> None:
        assert [name for name in config.DEFAULTS if hostile.NAMED_LIKE_IT.search(name)] == []

    async def test_no_column_is_about_the_checker(self, database: Database, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "easel.db") as connection:
            found = list(hostile.columns(connection))
        connection.close()
        assert ("presets", "content") in found
        assert [f"{table}.{column}" for table, column in found if hostile.NAMED_LIKE_IT.search(column)] == []
        # What is left alone below must be there.
        assert {f"{table}.{column}" for table, column in found} >= hostile.FIXED


def _is_address(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "_submit_url" and isinstance(node.ctx, ast.Load)


def _classes_in(kind: type[Any]) -> Iterator[type[Any]]:
    for hint in get_type_hints(kind).values():
        yield from (part for part in get_args(hint) if isinstance(part, type) and dataclasses.is_dataclass(part))


@pytest.fixture
async def pixazo() -> AsyncIterator[PixazoStandIn]:
    async with PixazoStandIn(image_bytes=2000) as stand_in:
        yield stand_in


def all_checked(pixazo: PixazoStandIn) -> list[dict[str, Any]]:
    """Every body that was sent; each asks for the checker."""
    return [hostile.check(submission.raw) for submission in pixazo.submissions]


class TestRequests:
    async def test_every_field_at_its_extremes(self, pixazo: PixazoStandIn, clock: FakeClock) -> None:
        requests = list(hostile.requests())
        async with _client(pixazo, clock) as client:
            for request in requests:
                await _sent(client, request)
        bodies = all_checked(pixazo)
        assert len(bodies) == len(requests) > len(dataclasses.fields(GenerationRequest))
        tried = {name for body in bodies for name in body}
        assert {field.name for field in dataclasses.fields(GenerationRequest)} <= tried

    async def test_a_request_that_was_tampered_with(self, pixazo: PixazoStandIn, clock: FakeClock) -> None:
        """As no code makes one: with a member more than the class has."""

        @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
        class Tampered(GenerationRequest):
            enable_safety_checker: object = None

        async with _client(pixazo, clock) as client:
            values: list[object] = [False, 0, "false", None, [], {hostile.KEY: False}]
            for value in values:
                await _sent(client, Tampered(prompt="a fox", enable_safety_checker=value))
        assert len(all_checked(pixazo)) == 6


async def _sent(client: PixazoClient, request: GenerationRequest) -> None:
    with suppress(Exception):  # a strict stand-in refuses some; what it was sent counts
        await client.submit(request)


def _client(pixazo: PixazoStandIn, clock: FakeClock) -> PixazoClient:
    return PixazoClient(
        submit_url=pixazo.submit_url, status_url=pixazo.status_url, api_key=pixazo.key, result_hosts=(), clock=clock
    )


class TestSettings:
    OFF: Final = ("false", "0", "off", "null", f"{hostile.KEY}=false", f'{{"{hostile.KEY}": false}}')

    async def test_no_setting_and_no_variable_changes_a_body(
        self, pixazo: PixazoStandIn, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each with every value that might mean it; what a setting doesn't take is its default then."""
        for name, value in hostile.ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
        stand_in = {"PIXAZO_API_KEY": pixazo.key, "DISCORD_TOKEN": "token"}
        for name in config.DEFAULTS:
            for value in self.OFF:
                settings, _ = config.examine({**os.environ, **stand_in, name: value}, None)
                settings = dataclasses.replace(
                    settings,
                    pixazo_submit_url=pixazo.submit_url,
                    pixazo_status_url=pixazo.status_url,
                    pixazo_result_hosts=(pixazo.origin,),
                )
                async with assembly._provider(settings, clock) as client:
                    await _sent(client, GenerationRequest(prompt="a fox", seed=1))
        bodies = all_checked(pixazo)
        assert len(bodies) == len(config.DEFAULTS) * len(self.OFF)
        assert {len(body) for body in bodies} == {5}

    def test_the_address_carries_no_parameters(self) -> None:
        given = {"DISCORD_TOKEN": "t", "PIXAZO_API_KEY": "k"}
        for address in (f"https://gateway.pixazo.ai/x?{hostile.KEY}=false", f"https://a.example/x#{hostile.KEY}=false"):
            _, problems = config.examine({**given, "PIXAZO_SUBMIT_URL": address}, None)
            assert [problem for problem in problems if problem.startswith("PIXAZO_SUBMIT_URL:")]


class TestStoredJobs:
    """A job's row, changed by other hands while the job waits; what can't be read is not submitted."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock(runs_ahead=True)

    @pytest.fixture
    async def bot(self, tmp_path: Path, pixazo: PixazoStandIn, clock: FakeClock) -> AsyncIterator[Assembly]:
        async with assembled(tmp_path, pixazo, Channel(), clock) as parts:
            yield parts

    async def test_texts_go_out_as_texts(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        job_id = await bot.wish()
        done = await bot.database.write(hostile.poison)
        assert {"jobs.prompt", "jobs.parameters", "jobs.recipe"} <= done
        await bot.database.write(_sound_parameters)
        await bot.drive(job_id)
        [body] = all_checked(pixazo)
        assert body["prompt"] == hostile.TEXT.strip()

    @pytest.mark.parametrize("column", ["parameters", "recipe"])
    @pytest.mark.parametrize("name", hostile.KEYS)
    @pytest.mark.parametrize("value", [False, 0, "false", None, [False], {"value": False}], ids=repr)
    async def test_a_key_that_is_none_of_ours_is_never_sent(
        self, bot: Assembly, pixazo: PixazoStandIn, column: str, name: str, value: object
    ) -> None:
        job_id = await bot.wish(small_request(loras=(Lora(path="a/b"),)))

        def change(connection: sqlite3.Connection) -> None:
            connection.execute(
                f"UPDATE jobs SET {column} = json_set({column}, ?, json(?))",
                (f"$.{name}", json.dumps(value)),
            )

        await bot.database.write(change)
        with suppress(TypeError):  # a row that this release has not written
            await bot.drive(job_id)
        all_checked(pixazo)

    async def test_a_key_within_an_element_is_never_sent(self, bot: Assembly, pixazo: PixazoStandIn) -> None:
        job_id = await bot.wish(small_request(loras=(Lora(path="a/b"),)))
        await bot.database.write(lambda c: hostile.poison(c, tables=("jobs",)))
        with suppress(TypeError):
            await bot.drive(job_id)
        all_checked(pixazo)


def _sound_parameters(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE jobs SET parameters = '{}', recipe = '{}'")
