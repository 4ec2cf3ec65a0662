"""The demo's folder: it replaces what an earlier demo left there, and nothing else."""

import contextlib
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Final

MANIFEST: Final = ".easel-demo"
"""Lists the files that a demo wrote, one name a line: what may be replaced by the next."""


class OutputRefused(Exception):
    """The folder can't be written to without harm."""


class OutputFolder:
    """A folder for files of the given names, checked before anything is done. Raises OutputRefused."""

    def __init__(self, path: Path, names: frozenset[str]) -> None:
        self.path = path
        self._manifest = path / MANIFEST
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._ours = self._listed()
            self._refuse_foreign(names)
        except OSError as error:
            raise OutputRefused(f"{path} can't be used for the results: {error.strerror}") from error

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Put the files in the place of those of an earlier demo. Raises OutputRefused if that is impossible."""
        self._refuse_foreign(files.keys())
        try:
            # Written first, so that a demo that is cut off leaves nothing that the next one takes for somebody else's.
            self._manifest.write_text(
                "".join(f"{name}\n" for name in sorted(self._ours | set(files))), encoding="utf-8"
            )
            for name in self._ours:
                with contextlib.suppress(FileNotFoundError):
                    (self.path / name).unlink()
            for name, content in files.items():
                data = content.encode() if isinstance(content, str) else content
                with (self.path / name).open("xb") as file:
                    file.write(data)
            self._manifest.write_text("".join(f"{name}\n" for name in sorted(files)), encoding="utf-8")
        except OSError as error:
            raise OutputRefused(f"{self.path} can't be written to: {error.strerror}") from error

    def _refuse_foreign(self, names: Set[str]) -> None:
        foreign = sorted(name for name in names - self._ours if _exists(self.path / name))
        if foreign:
            raise OutputRefused(
                f"{self.path} has a file named {foreign[0]} that is not from an earlier demo; name another folder"
            )

    def _listed(self) -> frozenset[str]:
        """What the manifest names, as far as it is a plain file of this folder."""
        try:
            text = self._manifest.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return frozenset()
        return frozenset(
            name for name in text.splitlines() if name and Path(name).name == name and not (self.path / name).is_dir()
        )


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()
