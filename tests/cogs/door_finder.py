"""Which of the bot's functions can end in a new job: read from its source, so that no way to one is overlooked.

It begins at whatever writes a row into the table of jobs, and goes back over everything that names a function which
leads there: calls it, hands it on, keeps it in a table. Where a receiver's class can't be told, every method of that
name counts, so it finds too much rather than too little. Whoever sees a function here that starts nothing should give
it another name.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import discord
from discord.app_commands import Command, ContextMenu

from ui.client import EaselClient

ROOT: Final = Path(__file__).resolve().parents[2]

# A function can name what lies on its own level or below; tests/test_layout.py holds that. The last of these see the
# cogs as well, but only to add them: the rule for receivers of an unknown class would take every `start` for one.
_LEVELS: Final = {"storage": 0, "generation": 1, "ui": 2, "ops": 2, "cogs": 3, "assembly": 2, "bot": 2}
_JOB_IS_WRITTEN: Final = re.compile(r"\bINTO\s+jobs\b", re.IGNORECASE)
# With these a cog says what answers what; that alone starts nothing. What is given to them is looked at by itself.
BODY: Final = "(its body)"
_REGISTERS: Final = frozenset({"add_action", "add_form", "ContextMenu"})


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A function or method: `cogs.results`, `ResultsCog.reroll`. What is inside of it counts as part of it."""

    module: str
    name: str

    @property
    def level(self) -> int:
        return _LEVELS[self.module.partition(".")[0]]

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True)
class _Module:
    """What a module has: its functions by their qualified names, its classes' bases, what its imports stand for."""

    functions: dict[str, list[ast.AST]] = field(default_factory=dict)
    bases: dict[str, list[str]] = field(default_factory=dict)
    imported: dict[str, tuple[str, str | None]] = field(default_factory=dict)


def sources() -> dict[str, str]:
    """The text of every module that may have a part in it, by its dotted name."""
    found = {}
    for top in _LEVELS:
        paths = [ROOT / f"{top}.py"] if (ROOT / f"{top}.py").is_file() else sorted((ROOT / top).rglob("*.py"))
        for path in paths:
            dotted = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
            found[dotted.removesuffix(".__init__")] = path.read_text("utf-8")
    return found


def leading_to_jobs(texts: Mapping[str, str]) -> dict[Place, frozenset[Place]]:
    """Every function that can end in a new job, each with those of them that it names."""
    code = _Code({name: _module(text) for name, text in texts.items()})
    named: dict[Place, set[Place]] = {}
    leading: set[Place] = set()
    for place, bodies in code.functions():
        named[place] = {other for body in bodies for mention in _mentions(body) for other in code.meant(mention, place)}
        if any(_writes_jobs(body) for body in bodies):
            leading.add(place)
    grown = True
    while grown:
        more = {place for place, others in named.items() if place not in leading and others & leading}
        leading |= more
        grown = bool(more)
    return {place: frozenset(named[place] & leading) for place in leading}


def reached_from(places: Iterable[Place], leading: Mapping[Place, frozenset[Place]]) -> set[Place]:
    """These, as far as they lead to a job, and all that they reach on the way."""
    reached: set[Place] = set()
    left = [place for place in places if place in leading]
    while left:
        place = left.pop()
        if place not in reached:
            reached.add(place)
            left.extend(leading[place])
    return reached


def entries(client: EaselClient) -> dict[str, Place]:
    """Everything that Discord can have the bot do, by the name that a row has for it, with what answers it."""
    handlers: dict[str, Any] = {}
    places = [None, *(discord.Object(guild_id) for guild_id in client.operator_guild_ids)]
    for guild in places:
        for kind in discord.AppCommandType:
            for command in client.tree.walk_commands(guild=guild, type=kind):
                if isinstance(command, ContextMenu):
                    handlers[f"menu {command.name}"] = command.callback
                elif isinstance(command, Command):
                    handlers[f"/{command.qualified_name}"] = command.callback
                    handlers |= _completions(command)
    handlers |= {f"press {action}": handler for action, handler in client._actions.items()}
    handlers |= {f"form {action}": handler for action, handler in client._forms.items()}
    for name, cog in client.cogs.items():
        handlers |= {f"event {event} of {name}": handler for event, handler in cog.get_listeners()}
    return {entry: _place_of(handler) for entry, handler in handlers.items()}


def _completions(command: Command[Any, Any, Any]) -> dict[str, Any]:
    asked = {name: parameter.autocomplete for name, parameter in command._params.items()}
    return {
        f"suggestions for {name} of /{command.qualified_name}": handler
        for name, handler in asked.items()
        if handler is not None and not isinstance(handler, bool)
    }


def _place_of(handler: Any) -> Place:
    function = getattr(handler, "__func__", handler)
    name = getattr(function, "__qualname__", "")
    # What has no name of its own, such as a lambda, can't be looked up in the source.
    assert name, f"{handler!r} must be a function or a method"
    assert "<" not in name, f"{name} must be a function or a method that the source names"
    return Place(function.__module__, name)


class _Code:
    """All modules together, and what a name in one of them may mean."""

    def __init__(self, modules: Mapping[str, _Module]) -> None:
        self._modules = modules
        self._families = _families(modules)
        self._methods: dict[str, list[tuple[str, Place]]] = {}
        for place, _ in self.functions():
            owner, dot, method = place.name.partition(".")
            if dot:
                self._methods.setdefault(method, []).append((owner, place))
        bases = {name: set(bases) for module in modules.values() for name, bases in module.bases.items()}
        self._cogs = {
            name
            for name, family in self._families.items()
            if any(bases.get(member, set()) & {"Cog", "GroupCog"} for member in family)
        }

    def functions(self) -> Iterator[tuple[Place, list[ast.AST]]]:
        """Every function with its definitions, of which there may be several of one name."""
        for module_name, module in self._modules.items():
            for name, bodies in module.functions.items():
                yield Place(module_name, name), bodies

    def meant(self, mention: ast.Name | ast.Attribute, at: Place) -> Iterator[Place]:
        """The functions that may be meant by a name or an attribute at that place."""
        if isinstance(mention, ast.Name):
            yield from self._named(*self._source_of(mention.id, at))
            return
        holder, name = mention.value, mention.attr
        own_class, dot, _ = at.name.partition(".")
        if isinstance(holder, ast.Name):
            module, what = self._source_of(holder.id, at)
            whole = module if what is None else f"{module}.{what}"
            if whole in self._modules:
                yield from self._named(whole, name)
                return
            if module in self._modules and what in self._modules[module].bases:
                yield from self._of_family(name, what)
                return
        if dot and _last_name(holder) in {"self", "cls", "super"} and not isinstance(holder, ast.Attribute):
            yield from self._of_family(name, own_class)
            return
        # Nobody holds a cog: discord.py and the client call its methods, and nothing else does.
        for owner, place in self._methods.get(name, ()):
            if place.level <= at.level and owner not in self._cogs:
                yield place

    def _of_family(self, method: str, class_name: str | None) -> Iterator[Place]:
        family = self._families[class_name or ""]
        return (place for owner, place in self._methods.get(method, ()) if owner in family)

    def _source_of(self, name: str, at: Place) -> tuple[str, str | None]:
        """The module that a name at that place comes from, and what it is there; None for the module itself."""
        return self._modules[at.module].imported.get(name, (at.module, name))

    def _named(self, module: str, name: str | None) -> Iterator[Place]:
        """A function of that module, or what making or calling an object of its class runs."""
        found = self._modules.get(module)
        if found is None or name is None:
            return
        if name in found.functions:
            yield Place(module, name)
        elif name in found.imported:
            yield from self._named(*found.imported[name])
        elif name in found.bases:
            yield from (Place(module, method) for method in found.functions if method.startswith(f"{name}.__"))


def _module(text: str) -> _Module:
    module = _Module()
    for node in ast.parse(text).body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                module.functions.setdefault(node.name, []).append(node)
            case ast.ClassDef():
                module.bases[node.name] = [_last_name(base) for base in node.bases]
                for part in (*node.decorator_list, *node.body):
                    name = part.name if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) else BODY
                    module.functions.setdefault(f"{node.name}.{name}", []).append(part)
            case ast.Import():
                module.imported |= {alias.asname or alias.name: (alias.name, None) for alias in node.names}
            case ast.ImportFrom():
                module.imported |= {alias.asname or alias.name: (node.module or "", alias.name) for alias in node.names}
            case _:
                module.functions.setdefault(BODY, []).append(node)
    return module


def _families(modules: Mapping[str, _Module]) -> dict[str, set[str]]:
    """For each class the names of all that it may share methods with: bases, subclasses, and theirs."""
    families = {name: {name} for module in modules.values() for name in module.bases}
    for module in modules.values():
        for name, bases in module.bases.items():
            for base in bases:
                if base in families and families[base] is not families[name]:
                    joined = families[name] | families[base]
                    families |= dict.fromkeys(joined, joined)
    return families


def _writes_jobs(body: ast.AST) -> bool:
    texts = (node.value for node in ast.walk(body) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return any(_JOB_IS_WRITTEN.search(text) for text in texts)


def _mentions(body: ast.AST) -> Iterator[ast.Name | ast.Attribute]:
    """Every name and attribute in it that is read, but for the handlers of its own that it only registers."""
    left: list[ast.AST] = [body]
    while left:
        node = left.pop()
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield node
        if isinstance(node, ast.Call) and _last_name(node.func) in _REGISTERS:
            given = (*node.args, *(word.value for word in node.keywords))
            left += [part for part in given if not (isinstance(part, ast.Attribute) and _is_self(part.value))]
        else:
            left += ast.iter_child_nodes(node)


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _last_name(node: ast.AST) -> str:
    """`super` of `super()`, `Cog` of `commands.Cog[Any]`; nothing of what has no name."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case ast.Call():
            return _last_name(node.func)
        case ast.Subscript():
            return _last_name(node.value)
        case _:
            return ""
