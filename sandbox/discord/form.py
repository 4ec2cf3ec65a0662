"""Reads request bodies the way Discord does: every fault is collected under its path, then refused as one 50035."""

from collections.abc import Collection, Iterator
from typing import Any

from sandbox.discord.errors import INVALID_FORM_BODY, ApiError, Json

Path = tuple[str | int, ...]

MAX_SNOWFLAKE = 2**63 - 1


class Problems:
    """What is wrong with one body, by path."""

    def __init__(self) -> None:
        self._tree: Json = {}

    def add(self, path: Path, code: str, message: str) -> None:
        """Record a fault at `path`."""
        node = self._tree
        for step in path:
            node = node.setdefault(str(step), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def refuse_if_any(self) -> None:
        """Raise the collected faults as one `ApiError`, if there are any."""
        if self._tree:
            raise self.error()

    def error(self) -> ApiError:
        """The refusal that lists what was collected."""
        return ApiError(INVALID_FORM_BODY, _exclusive(self._tree))


def _exclusive(tree: Json) -> Json:
    """A node either lists errors or has children: Discord never mixes them, and the list wins."""
    if "_errors" in tree:
        return {"_errors": tree["_errors"]}
    return {key: _exclusive(child) for key, child in tree.items()}


def refuse(path: Path, code: str, message: str) -> ApiError:
    """A 50035 about a single field."""
    problems = Problems()
    problems.add(path, code, message)
    return problems.error()


class Form:
    """A JSON object being read: each reader returns a usable value or records a fault."""

    __slots__ = ("body", "path", "problems")

    def __init__(self, body: Json, problems: Problems, path: Path = ()) -> None:
        self.body = body
        self.problems = problems
        self.path = path

    def fault(self, key: str | int | None, code: str, message: str) -> None:
        """Record a fault at `key`, or at this object itself."""
        self.problems.add(self.path if key is None else (*self.path, key), code, message)

    def has(self, key: str) -> bool:
        """Whether the key was given with something other than null."""
        return self.body.get(key) is not None

    def _missing(self, key: str, required: bool) -> bool:
        if self.body.get(key) is not None:
            return False
        if required:
            self.fault(key, "BASE_TYPE_REQUIRED", "This field is required")
        return True

    def text(self, key: str, *, minimum: int = 0, maximum: int, required: bool = False) -> str | None:
        """A string whose length lies within the bounds (characters)."""
        if self._missing(key, required):
            return None
        value = self.body[key]
        if not isinstance(value, str):
            self.fault(key, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
            return None
        if not minimum <= len(value) <= maximum:
            self._bad_length(key, minimum, maximum)
            return None
        return value

    def _bad_length(self, key: str | None, minimum: int, maximum: int) -> None:
        if minimum:
            text = f"Must be between {minimum} and {maximum} in length."
            self.fault(key, "BASE_TYPE_BAD_LENGTH", text)
        else:
            self.fault(key, "BASE_TYPE_MAX_LENGTH", f"Must be {maximum} or fewer in length.")

    def integer(
        self,
        key: str,
        *,
        minimum: int | None = None,
        maximum: int | None = None,
        choices: Collection[int] | None = None,
        required: bool = False,
    ) -> int | None:
        """A whole number within the bounds, or one of the choices."""
        if self._missing(key, required):
            return None
        value = self.body[key]
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(key, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
            return None
        return value if self._within(key, value, minimum, maximum, choices) else None

    def number(self, key: str, *, minimum: float | None = None, maximum: float | None = None) -> float | None:
        """A number within the bounds."""
        if self._missing(key, required=False):
            return None
        value = self.body[key]
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault(key, "NUMBER_TYPE_COERCE", f'Value "{value}" is not float.')
            return None
        return value if self._within(key, value, minimum, maximum, None) else None

    def _within(
        self,
        key: str,
        value: float,
        minimum: float | None,
        maximum: float | None,
        choices: Collection[int] | None,
    ) -> bool:
        if choices is not None and value not in choices:
            listed = ", ".join(str(choice) for choice in choices)
            self.fault(key, "BASE_TYPE_CHOICES", f"Value must be one of {{{listed}}}.")
        elif minimum is not None and value < minimum:
            self.fault(key, "NUMBER_TYPE_MIN", f"Value should be greater than or equal to {minimum}.")
        elif maximum is not None and value > maximum:
            self.fault(key, "NUMBER_TYPE_MAX", f"Value should be less than or equal to {maximum}.")
        else:
            return True
        return False

    def boolean(self, key: str) -> bool | None:
        """True or false."""
        if self._missing(key, required=False):
            return None
        value = self.body[key]
        if not isinstance(value, bool):
            self.fault(key, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
            return None
        return value

    def snowflake(self, key: str, *, required: bool = False) -> int | None:
        """An id, given as text or (as some libraries do) as a number."""
        if self._missing(key, required):
            return None
        value = read_snowflake(self.body[key])
        if value is None:
            self.fault(key, "NUMBER_TYPE_COERCE", f'Value "{self.body[key]}" is not snowflake.')
        return value

    def object(self, key: str, *, required: bool = False) -> "Form | None":
        """A nested object, to be read in turn."""
        if self._missing(key, required):
            return None
        value = self.body[key]
        if not isinstance(value, dict):
            self.fault(key, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            return None
        return Form(value, self.problems, (*self.path, key))

    def array(self, key: str, *, minimum: int = 0, maximum: int, required: bool = False) -> list[Any] | None:
        """A list whose length lies within the bounds."""
        if self._missing(key, required):
            return None
        value = self.body[key]
        if not isinstance(value, list):
            self.fault(key, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return None
        if not minimum <= len(value) <= maximum:
            self._bad_length(key, minimum, maximum)
            return None
        return value

    def objects(self, key: str, *, minimum: int = 0, maximum: int, required: bool = False) -> "Iterator[Form]":
        """The objects of a list, each to be read in turn."""
        for index, value in enumerate(self.array(key, minimum=minimum, maximum=maximum, required=required) or ()):
            path = (*self.path, key, index)
            if isinstance(value, dict):
                yield Form(value, self.problems, path)
            else:
                self.problems.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")


def read_snowflake(value: object) -> int | None:
    """The id in `value`, or None if it is no snowflake."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value <= MAX_SNOWFLAKE else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and int(value) <= MAX_SNOWFLAKE:
        return int(value)
    return None
