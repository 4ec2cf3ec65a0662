"""Plants a bug in the bot's own code for a while: the source is edited, compiled, and put in the place of what runs.

What is replaced is the code inside the functions that exist, so that whoever imported them, and every class made of
them, has the bug. An edit that does not fit the source any more fails loudly instead of planting nothing.
"""

import importlib
import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

# The packages in which most bugs are planted.
GENERATION, STORAGE = "generation", "storage"

# Values that an edit may change where they stand at the top of a module.
_PLAIN: Final = (frozenset, tuple, str, int, float)


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces `old` by `new` in the one module of the package in which it stands, and stands once."""

    package: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """The bot with one bug, in its source and perhaps in its schema.

    `noticed_as` are the rules of which one must be the first that is found broken. One that takes a rare meeting of
    faults to show is hunted in worlds that have these faults: `weather` says how often.
    """

    name: str
    edits: tuple[Edit, ...] = ()
    schema: tuple[tuple[str, str], ...] = ()
    noticed_as: tuple[str, ...]
    weather: Mapping[str, float] = field(default_factory=dict)


@contextmanager
def planted(edits: Sequence[Edit]) -> Iterator[None]:
    """The edits hold while this does."""
    sources: defaultdict[str, str] = defaultdict(str)
    for edit in edits:
        name = _module_with(edit)
        source = sources[name] or _source(name)
        sources[name] = source.replace(edit.old, edit.new)
    with ExitStack() as stack:
        for name, source in sources.items():
            _plant(importlib.import_module(name), source, stack)
        yield


def _module_with(edit: Edit) -> str:
    package = importlib.import_module(edit.package)
    names = [f"{edit.package}.{path.stem}" for path in sorted(Path(package.__path__[0]).glob("*.py"))]
    found = {name: count for name in names if (count := _source(name).count(edit.old))}
    assert list(found.values()) == [1], f"{edit.old!r} stands in {found or 'no module'}"
    return next(iter(found))


def _source(name: str) -> str:
    package, _, module = name.rpartition(".")
    return (Path(importlib.import_module(package).__path__[0]) / f"{module}.py").read_text("utf-8")


def _plant(module: ModuleType, source: str, stack: ExitStack) -> None:
    edited = ModuleType(module.__name__)
    exec(compile(source, str(module.__file__), "exec"), vars(edited))
    for name, new in list(vars(edited).items()):
        old = vars(module).get(name)
        if callable(clear := getattr(old, "cache_clear", None)):  # what it remembers is of the code as it was
            clear()
            stack.callback(clear)
        after = _function(new)
        if after is not None and after.__module__ == module.__name__:
            _replace_function(vars(module), name, _function(old), after, stack)
        elif isinstance(new, type) and new.__module__ == module.__name__ and isinstance(old, type):
            _replace_methods(old, new, stack)
        elif isinstance(new, _PLAIN) and old != new and not name.startswith("__"):
            stack.callback(setattr, module, name, old)
            setattr(module, name, new)


def _replace_methods(old: type, new: type, stack: ExitStack) -> None:
    for name, changed in vars(new).items():
        before, after = _function(vars(old).get(name)), _function(changed)
        if before is not None and after is not None:
            _swap(before, after, stack)
        elif after is not None and name not in vars(old):
            names = vars(importlib.import_module(old.__module__))
            setattr(old, name, FunctionType(after.__code__, names, name, after.__defaults__))
            stack.callback(delattr, old, name)


def _replace_function(
    names: dict[str, Any], name: str, before: FunctionType | None, after: FunctionType, stack: ExitStack
) -> None:
    if before is not None:
        _swap(before, after, stack)
        return
    names[name] = FunctionType(after.__code__, names, name, after.__defaults__)
    stack.callback(names.pop, name)


def _swap(before: FunctionType, after: FunctionType, stack: ExitStack) -> None:
    if before.__code__ == after.__code__:
        return
    stack.callback(setattr, before, "__code__", before.__code__)
    before.__code__ = after.__code__


def _function(member: object) -> FunctionType | None:
    """The plain function behind a member of a module or class, if there is one."""
    if isinstance(member, property):
        member = member.fget
    if isinstance(member, staticmethod | classmethod):
        member = member.__func__
    if callable(member) and not isinstance(member, type):  # what decorators leave
        member = inspect.unwrap(member)
    return member if isinstance(member, FunctionType) else None
