"""The direction of dependencies, held by reading every import of every file."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent

# Values and their tools: they may be used anywhere, and use nothing but each other.
BASE: Final = frozenset(
    {"models", "moderation", "limits", "parameters", "recipes", "errors", "clock", "permissions", "version"}
)

MAY_IMPORT: Final = {
    "cogs": {"ui", "generation", "charting", *BASE},
    "ui": {"generation", "imaging", "charting", *BASE},
    "generation": {"safety", "provider", "storage", "imaging", "charting", *BASE},
    "safety": BASE,
    "imaging": {"childwork", *BASE},
    "charting": {"childwork", *BASE},
    "childwork": BASE,
    "provider": BASE,
    "storage": BASE,
    "ops": {"config", "storage", "provider", "generation", *BASE},
    "config": {"provider", *BASE},
    "sandbox": {"models"},
    **dict.fromkeys(BASE, BASE),
}
OURS: Final = frozenset(MAY_IMPORT) | {"bot", "assembly", "tests", "benchmarks"}

# What only some places may touch, as (import, the places that may).
ONLY_IN: Final = {
    "discord": {"assembly.py", "ui/", "cogs/", "ops/doctor.py"},
    # The tour gives the bot a month that has been.
    "sqlite3": {"storage/", "sandbox/tour/past.py"},
    "aiosqlite": {"storage/"},
    "PIL": {"safety/", "imaging/", "charting/", "ui/uploads.py", "sandbox/"},
    "cv2": {"imaging/"},
    "numpy": {"imaging/"},
    "matplotlib": {"charting/"},
    "babel": {"ui/language.py", "ui/text.py"},
    "prometheus_client": {"ops/metrics.py"},
    "dotenv": {"config.py"},
    "re2": {"safety/re2_patterns.py"},
}
# A type on a seam is no use of the database: these hand the writer's connection on, and run nothing on it.
SEAMS: Final = {
    ("generation/service.py", "sqlite3"),
    ("generation/finishing.py", "sqlite3"),
    ("generation/limit_book.py", "sqlite3"),
    ("generation/case_book.py", "sqlite3"),
    ("generation/guild_settings.py", "sqlite3"),
    ("generation/privacy.py", "sqlite3"),
    ("generation/strikes.py", "sqlite3"),
    ("generation/appeals.py", "sqlite3"),
    ("generation/removal.py", "sqlite3"),
}


def _sources() -> Iterator[Path]:
    yield from sorted(ROOT.glob("*.py"))
    for package in sorted(MAY_IMPORT):
        yield from sorted((ROOT / package).rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield node.module or ""


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", list(_sources()), ids=_name)
def test_imports_follow_the_table(path: Path) -> None:
    place = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if place in {"bot", "assembly"}:
        return  # the entry point and the composition root see everything
    tops = {imported.partition(".")[0] for imported in _imports(path)}
    forbidden = (tops & OURS) - set(MAY_IMPORT[place]) - {place}
    assert not forbidden, f"{place} must not import {sorted(forbidden)}"


@pytest.mark.parametrize("path", list(_sources()), ids=_name)
def test_what_belongs_to_one_place_is_imported_there_only(path: Path) -> None:
    name = _name(path)
    for imported in _imports(path):
        top = imported.partition(".")[0]
        places = ONLY_IN.get(top)
        if places is None or (name, top) in SEAMS:
            continue
        assert any(name == place or (place.endswith("/") and name.startswith(place)) for place in places), (
            f"{name} imports {imported}, which belongs in {sorted(places)}"
        )


@pytest.mark.parametrize("path", list(_sources()), ids=_name)
def test_an_http_client_is_made_in_the_provider_and_the_stand_ins_only(path: Path) -> None:
    if _name(path).startswith(("provider/", "sandbox/")):
        return
    text = path.read_text("utf-8")
    assert "ClientSession" not in text


@pytest.mark.parametrize("path", list(_sources()), ids=_name)
def test_time_is_asked_of_the_clock_only(path: Path) -> None:
    """Stand-ins have a clock of their own, and logging stamps its records itself."""
    if _name(path).startswith("sandbox/") or _name(path) in {"clock.py", "ops/logs.py"}:
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            asked = f"{node.value.id}.{node.attr}"
            assert asked not in {"datetime.now", "datetime.utcnow", "time.time", "time.monotonic", "asyncio.sleep"}, (
                f"{_name(path)}:{node.lineno} asks {asked}"
            )


@pytest.mark.parametrize("path", list(_sources()), ids=_name)
def test_no_file_holds_more_than_it_can_explain(path: Path) -> None:
    # The exceptions are one tree, which its docstring draws: in two files nobody would see it whole.
    most = 600 if _name(path) == "errors.py" else 500
    assert len(path.read_text("utf-8").splitlines()) <= most


def test_sql_is_written_in_storage_only() -> None:
    for path in _sources():
        if _name(path).startswith(("storage/", "sandbox/")):  # the stand-ins' such words are HTTP methods
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                first = node.value.lstrip().partition(" ")[0]
                assert first not in {"SELECT", "INSERT", "UPDATE", "DELETE", "PRAGMA", "BEGIN"}, (
                    f"{_name(path)}:{node.lineno} has SQL"
                )


def test_importing_a_module_starts_nothing_and_needs_no_settings() -> None:
    """Every module of the bot's packages can be imported in a process without an environment."""
    import subprocess  # noqa: PLC0415 - only this test starts a process
    import sys  # noqa: PLC0415

    modules = [
        _name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in _sources()
        if not _name(path).endswith("__main__.py")
    ]
    code = "import importlib, threading\n" + "\n".join(f"importlib.import_module({name!r})" for name in modules)
    code += "\nassert threading.active_count() == 1"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
