"""Released images on disk until they are delivered. Withheld ones never get a name here.

Every method blocks on the disk, so those that read, write or remove pictures are called from a thread.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from errors import StorageUnavailable
from generation.delivery import ReleasedImage
from models import Verdict

_ENDINGS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
# By what a file's name ends in.
MEDIA_TYPES: Final = {f".{ending}": media_type for media_type, ending in _ENDINGS.items()}
# Undeliverable pictures stay for their author this long, unless the spool outgrows its size first.
KEPT_FOR: Final = timedelta(days=7)
MAX_BYTES: Final = 2 * 1024**3


class Spool:
    """One folder a job below `folder`."""

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def prepare(self) -> None:
        """Make the folder, readable by its owner only. Raises StorageUnavailable."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageUnavailable(f"{self._folder} can't be made: {error.strerror}") from error

    def scratch(self) -> BinaryIO:
        """An unlinked file for bytes not judged yet: nothing of it outlives its closing, or the process."""
        try:
            return tempfile.TemporaryFile(dir=self._folder)
        except OSError as error:
            raise StorageUnavailable(f"{self._folder} can't be written: {error.strerror}") from error

    def keep(self, job_id: str, verdict: Verdict, file: BinaryIO) -> ReleasedImage:
        """Store a released image so that it is there whole or not at all. Raises StorageUnavailable."""
        image = self._image(job_id, verdict)
        try:
            image.path.parent.mkdir(mode=0o700, exist_ok=True)
            partial = image.path.with_suffix(".partial")
            file.seek(0)
            with partial.open("wb") as target:
                shutil.copyfileobj(file, target)
                target.flush()
                os.fsync(target.fileno())
            partial.replace(image.path)
        except OSError as error:
            raise StorageUnavailable(f"an image could not be kept: {error.strerror}") from error
        return image

    def find(self, job_id: str, verdicts: Sequence[Verdict]) -> tuple[ReleasedImage, ...] | None:
        """The released images of these verdicts, or None unless every one lies here unchanged."""
        images = tuple(self._image(job_id, verdict) for verdict in verdicts if verdict.released)
        digests = {verdict.index: verdict.sha256 for verdict in verdicts}
        if all(_digest(image.path) == digests[image.index] for image in images):
            return images
        return None

    def holds(self, job_id: str, verdicts: Sequence[Verdict]) -> bool:
        """Whether the released images of these verdicts lie here, as far as their sizes tell: cheaper than `find`."""
        images = [self._image(job_id, verdict) for verdict in verdicts if verdict.released]
        return bool(images) and all(_size(image.path) == image.size_bytes for image in images)

    def drop(self, job_id: str) -> None:
        """Remove what is kept for the job; nothing where there is nothing."""
        shutil.rmtree(self._folder / job_id, ignore_errors=True)

    def sweep(self, *, now: datetime, active: frozenset[str]) -> int:
        """Remove what is too old, then the oldest over the size cap, never an active job's; return how many jobs."""
        kept: list[tuple[float, Path, int]] = []
        removed = 0
        for folder in self._folder.iterdir():
            if folder.name in active or not folder.is_dir():
                continue
            try:
                changed = folder.stat().st_mtime
                size = sum(file.stat().st_size for file in folder.iterdir())
            except FileNotFoundError:  # its job has come to its end just now
                continue
            if changed < (now - KEPT_FOR).timestamp():
                self.drop(folder.name)
                removed += 1
            else:
                kept.append((changed, folder, size))
        total = sum(size for _, _, size in kept)
        for _, folder, size in sorted(kept):
            if total <= self._max_bytes:
                break
            self.drop(folder.name)
            total -= size
            removed += 1
        return removed

    def _image(self, job_id: str, verdict: Verdict) -> ReleasedImage:
        assert verdict.released  # only these have a place here
        assert verdict.media_type is not None
        assert verdict.width_px is not None
        assert verdict.height_px is not None
        assert verdict.size_bytes is not None
        return ReleasedImage(
            index=verdict.index,
            path=self._folder / job_id / f"{verdict.index}.{_ENDINGS[verdict.media_type]}",
            media_type=verdict.media_type,
            width_px=verdict.width_px,
            height_px=verdict.height_px,
            size_bytes=verdict.size_bytes,
        )


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
