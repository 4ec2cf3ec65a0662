"""`python bot.py backup PATH`: one file with the database as of now, also while the bot runs."""

import os
import tempfile
from pathlib import Path
from typing import TextIO

from errors import StorageUnavailable
from storage import maintenance


def backup(database: Path, target: Path, out: TextIO) -> int:
    """Copy `database` to `target`, which appears only once it is whole, checked and on disk; returns 0.

    The copy is readable by its owner alone, as it holds prompts. Raises StorageUnavailable in words for the
    operator; an existing file is never touched.
    """
    if target.is_dir():
        raise StorageUnavailable(f"{target} is a folder: name a file in it, such as {target / 'easel-backup.db'}")
    if os.path.lexists(target):
        raise StorageUnavailable(f"{target} exists already, and a backup never overwrites: choose another name")
    try:
        partial = _make_partial(target)
        try:
            maintenance.copy(database, partial)
            _publish(partial, target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise StorageUnavailable(f"{target} can't be written: {error.strerror}") from error
    out.write(f"{target} holds the database as of now ({target.stat().st_size} bytes, checked).\n")
    return 0


def _make_partial(target: Path) -> Path:
    # In the same folder, since only within a file system can a file be moved at once. mkstemp makes it 0600.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".partial")
    os.close(handle)
    return Path(name)


def _publish(partial: Path, target: Path) -> None:
    """Give the finished copy its name, never in place of another file, and make that durable."""
    try:
        # Unlike a rename, a link fails where the name was taken meanwhile.
        target.hardlink_to(partial)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links, as on many USB sticks.
        if os.path.lexists(target):
            raise
        partial.rename(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
