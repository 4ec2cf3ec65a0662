"""Pictures that are taken back from their cards while moderators decide about them.

Once a card has lost its files nobody has them any more: the spool lets pictures go as soon as they are posted. So a
reported job's files are fetched from its card first, whole or not at all, and lie here under a manifest of their own:
they are what was posted, perhaps smaller than the originals, and the gate's digests are not theirs. They go as soon as
it is decided that they are shown again, or that they never are.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final
from weakref import WeakValueDictionary

from errors import DeliveryError, StorageUnavailable, UnusableImage
from generation import inputs
from generation.attachments import AttachmentFetcher
from generation.delivery import Delivery, GivenFile, ReleasedImage
from generation.spool import MEDIA_TYPES, Spool
from models import Job, Verdict
from storage import jobs
from storage.database import Database

log = logging.getLogger(__name__)

# Nobody waits for longer than this before pictures are hidden, whether they could be fetched or not.
FETCH_SECONDS: Final = 20.0
# Everything that lies here together; a job has 25 MiB at most, since that is what a message takes.
MAX_BYTES: Final = 2 * 1024**3

_MANIFEST: Final = "manifest.json"
_UNFINISHED: Final = "unfinished-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """A job's released pictures in their order, and the image that its author gave, where it could be had."""

    images: tuple[ReleasedImage, ...]
    given: GivenFile | None = None


class SetAside:
    """One folder a job below `folder`."""

    def __init__(
        self,
        folder: Path,
        *,
        database: Database,
        delivery: Delivery,
        fetcher: AttachmentFetcher,
        spool: Spool,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._folder = folder
        self._database = database
        self._delivery = delivery
        self._fetcher = fetcher
        self._spool = spool
        self._max_bytes = max_bytes
        # A card in the moderators' channel and the job's own card may want the same pictures at the same time.
        self._under_way: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def prepare(self) -> None:
        """Make the folder, readable by its owner only, and drop what an earlier process left unfinished.

        Raises StorageUnavailable.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for unfinished in self._folder.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(unfinished, ignore_errors=True)
        except OSError as error:
            raise StorageUnavailable(f"{self._folder} can't be made: {error.strerror}") from error

    async def of(self, job: Job) -> Pictures | None:
        """The job's pictures: from the spool, from here, or else from its card, which are kept here from then on.

        None where it has none, or they can't be had within `FETCH_SECONDS`; why is in the log. Raises
        StorageUnavailable where the database can't be read.
        """
        verdicts = await jobs.verdicts(self._database, job.job_id)
        released = [verdict for verdict in verdicts if verdict.released]
        if not released:
            return None
        lock = self._under_way.setdefault(job.job_id, asyncio.Lock())
        async with lock:
            originals = await asyncio.to_thread(self._spool.find, job.job_id, verdicts)
            missing = released if originals is None else []
            kept = await asyncio.to_thread(self._find, job.job_id, missing)
            lacks_given = originals is not None and kept is not None and kept.given is None
            if (kept is None or (lacks_given and inputs.names(job.request))) and await self._fetch(job, missing):
                kept = await asyncio.to_thread(self._find, job.job_id, missing)
        if originals is None or kept is None:
            return kept
        return replace(kept, images=originals)

    async def drop(self, job_id: str) -> None:
        """Let go what is kept for the job; nothing where there is nothing."""
        await asyncio.to_thread(shutil.rmtree, self._folder / job_id, ignore_errors=True)

    def kept(self) -> frozenset[str]:
        """The jobs that something is kept of. Blocks on the disk."""
        return frozenset(folder.name for folder in self._folder.iterdir() if not folder.name.startswith(_UNFINISHED))

    def sweep(self, *, keep: Collection[str], jobs: Collection[str]) -> int:
        """Remove what is kept of `jobs`, but for those in `keep`; says of how many. Blocks on the disk."""
        gone = [job_id for job_id in jobs if job_id not in keep]
        for job_id in gone:
            shutil.rmtree(self._folder / job_id, ignore_errors=True)
        return len(gone)

    async def _fetch(self, job: Job, released: Sequence[Verdict]) -> bool:
        """Fetch the files from the card; False where that does not work, and then nothing is kept."""
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                files = _wanted(job, await self._delivery.image_addresses(job), released)
                if not files:
                    log.warning("its card has not got its pictures", extra={"job_id": job.job_id})
                    return False
                await self._fetch_all(job, files)
        except (DeliveryError, UnusableImage, StorageUnavailable, OSError) as error:  # a timeout is an OSError
            log.warning("its pictures could not be kept: %s", str(error) or "no time", extra={"job_id": job.job_id})
            return False
        return True

    async def _fetch_all(self, job: Job, files: Sequence["_File"]) -> None:
        if await asyncio.to_thread(_size_of, self._folder) >= self._max_bytes:
            raise StorageUnavailable("too much is kept for moderators already")
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=_UNFINISHED, dir=self._folder))
        try:
            async with asyncio.TaskGroup() as group:
                for file in files:
                    group.create_task(self._fetch_one(file, folder), name=f"set aside {job.job_id}")
            await asyncio.to_thread(_finish, folder, files, self._folder / job.job_id)
        except* (UnusableImage, StorageUnavailable, OSError) as errors:
            raise StorageUnavailable(str(errors.exceptions[0])) from errors
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _fetch_one(self, file: "_File", folder: Path) -> None:
        with (folder / file.name).open("w+b") as into:
            await self._fetcher.fetch(file.url, None, into)
            await asyncio.to_thread(_settle, into)

    def _find(self, job_id: str, released: Sequence[Verdict]) -> Pictures | None:
        """What is kept of the job, where all of it lies here unchanged."""
        entries = self._manifest(job_id)
        folder = self._folder / job_id
        images = []
        for verdict in released:
            entry = entries.get(str(verdict.index))
            media_type = MEDIA_TYPES.get(PurePosixPath(entry["name"]).suffix) if entry else None
            if entry is None or media_type is None or not _is_unchanged(folder, entry):
                return None
            path = folder / entry["name"]
            assert verdict.width_px is not None  # released ones have both
            assert verdict.height_px is not None
            images.append(
                ReleasedImage(
                    index=verdict.index,
                    path=path,
                    media_type=media_type,
                    width_px=verdict.width_px,
                    height_px=verdict.height_px,
                    size_bytes=path.stat().st_size,
                )
            )
        return Pictures(images=tuple(images), given=self._given(job_id))

    def _given(self, job_id: str) -> GivenFile | None:
        entry = self._manifest(job_id).get("given")
        if entry is None or not _is_unchanged(self._folder / job_id, entry):
            return None
        return GivenFile(filename=entry["name"], path=self._folder / job_id / entry["name"])

    def _manifest(self, job_id: str) -> dict[str, dict[str, Any]]:
        try:
            entries = json.loads((self._folder / job_id / _MANIFEST).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return entries if isinstance(entries, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file of a card: `key` is the picture's index among the job's, or `given`."""

    key: str
    name: str
    url: str


def _wanted(job: Job, addresses: Mapping[str, str], released: Sequence[Verdict]) -> list[_File] | None:
    """What to fetch of a card's files; None unless they are exactly these pictures of the job, in their order.

    A card's files are nobody's but the bot's, so beside those the member gave there is nothing else.
    """
    given = inputs.names(job.request)
    made = [(name, url) for name, url in addresses.items() if name not in given] if released else []
    if len(made) != len(released):
        return None
    named = list(addresses)
    if any(PurePosixPath(name).name != name or name == _MANIFEST for name in named):
        return None  # no name that we gave
    files = [
        _File(key=str(verdict.index), name=name, url=url) for verdict, (name, url) in zip(released, made, strict=True)
    ]
    return files + [_File(key="given", name=name, url=addresses[name]) for name in sorted(given) if name in addresses]


def _settle(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _finish(folder: Path, files: Sequence[_File], target: Path) -> None:
    """Write the manifest and give the folder its name: from then on all of it is there."""
    entries = {file.key: {"name": file.name, "sha256": _digest(folder / file.name)} for file in files}
    with (folder / _MANIFEST).open("w", encoding="utf-8") as manifest:
        json.dump(entries, manifest)
        _settle(manifest)
    shutil.rmtree(target, ignore_errors=True)  # something there before was not whole
    folder.rename(target)


def _is_unchanged(folder: Path, entry: Mapping[str, Any]) -> bool:
    try:
        return bool(_digest(folder / entry["name"]) == entry["sha256"])
    except OSError:
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size_of(folder: Path) -> int:
    size = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            size += path.stat().st_size
    return size
