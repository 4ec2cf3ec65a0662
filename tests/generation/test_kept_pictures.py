"""Pictures that could not be posted: for their author, as long as the spool has them, and nobody's otherwise."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import pytest

from errors import PictureGone
from generation.kept_pictures import KeptPictures
from generation.spool import Spool
from models import Job, JobStatus, VerdictReason
from storage import jobs
from storage.database import Database
from tests.builders import NOW, choose, make_verdict
from tests.storage.past import finisher

DATA = b"a picture"


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    made = Spool(tmp_path / "spool")
    made.prepare()
    return made


@pytest.fixture
async def job(database: Database, spool: Spool, tmp_path: Path) -> Job:
    """Two pictures, one of them withheld; the other one lies in the spool."""
    made = finisher(tmp_path / "easel.db")(status=JobStatus.GENERATED)
    verdict = make_verdict(1, sha256=hashlib.sha256(DATA).hexdigest(), size_bytes=len(DATA))
    spool.keep(made.job_id, verdict, io.BytesIO(DATA))
    verdicts = [make_verdict(0, VerdictReason.FLAGGED), verdict]
    await database.write(lambda connection: jobs.store_verdicts(connection, made.job_id, verdicts, at=NOW))
    return replace(made, status=JobStatus.UNDELIVERABLE)


async def test_the_released_pictures_of_an_undeliverable_job_are_its_authors(
    database: Database, spool: Spool, job: Job
) -> None:
    await database.write(lambda connection: choose(connection, job.origin.guild_id, recipe_in_files=False))
    kept = await KeptPictures(database=database, spool=spool).of(job)
    assert [(image.index, image.path.read_bytes()) for image in kept.images] == [(1, DATA)]
    assert not kept.guild.recipe_in_files


@pytest.mark.parametrize("status", [status for status in JobStatus if status is not JobStatus.UNDELIVERABLE])
async def test_at_every_other_status_they_are_nobodys(
    database: Database, spool: Spool, job: Job, status: JobStatus
) -> None:
    with pytest.raises(PictureGone):
        await KeptPictures(database=database, spool=spool).of(replace(job, status=status))


async def test_what_was_removed_stays_removed(database: Database, spool: Spool, job: Job) -> None:
    with pytest.raises(PictureGone):
        await KeptPictures(database=database, spool=spool).of(replace(job, removed_at=NOW))


async def test_a_job_without_a_released_picture_has_none(database: Database, spool: Spool, job: Job) -> None:
    await database.write(lambda connection: jobs.store_verdicts(connection, job.job_id, [], at=NOW))
    with pytest.raises(PictureGone):
        await KeptPictures(database=database, spool=spool).of(job)


async def test_what_was_swept_is_gone(database: Database, spool: Spool, job: Job) -> None:
    spool.drop(job.job_id)
    with pytest.raises(PictureGone):
        await KeptPictures(database=database, spool=spool).of(job)
