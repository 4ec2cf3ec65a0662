"""Pictures on disk: whole or not at all, found only unchanged, swept by age and size."""

import hashlib
import io
import os
from datetime import timedelta
from pathlib import Path

import pytest

from errors import StorageUnavailable
from generation.spool import KEPT_FOR, Spool
from models import Verdict, VerdictReason
from tests.builders import NOW, make_verdict

BYTES = b"a picture" * 1000


def verdict_on(data: bytes, index: int = 0, media_type: str = "image/png") -> Verdict:
    digest = hashlib.sha256(data).hexdigest()
    return make_verdict(index, sha256=digest, size_bytes=len(data), media_type=media_type)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "spool"


@pytest.fixture
def spool(folder: Path) -> Spool:
    made = Spool(folder, max_bytes=3 * len(BYTES))
    made.prepare()
    return made


def keep(spool: Spool, job_id: str, index: int = 0, data: bytes = BYTES) -> Verdict:
    verdict = verdict_on(data, index)
    spool.keep(job_id, verdict, io.BytesIO(data))
    return verdict


class TestKeep:
    def test_what_is_kept_is_found_with_its_measures(self, spool: Spool, folder: Path) -> None:
        verdict = verdict_on(BYTES, 1, "image/jpeg")
        file = io.BytesIO(BYTES)
        file.seek(0, os.SEEK_END)  # as the gate leaves it
        image = spool.keep("job", verdict, file)
        assert image.path == folder / "job" / "1.jpg"
        assert image.path.read_bytes() == BYTES
        assert (image.index, image.media_type, image.size_bytes) == (1, "image/jpeg", len(BYTES))
        assert (image.width_px, image.height_px) == (1024, 768)
        assert spool.find("job", [verdict]) == (image,)

    def test_keeping_again_replaces(self, spool: Spool) -> None:
        keep(spool, "job", data=b"the one before")
        verdict = keep(spool, "job")
        assert spool.find("job", [verdict]) is not None

    def test_a_write_that_breaks_off_leaves_no_picture(
        self, spool: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StorageUnavailable, match="No space left"):
            keep(spool, "job")
        monkeypatch.undo()
        assert list((folder / "job").glob("*.png")) == []
        assert spool.find("job", [verdict_on(BYTES)]) is None
        assert spool.find("job", [keep(spool, "job")]) is not None

    def test_a_picture_gets_its_name_only_when_all_of_it_is_on_disk(
        self, spool: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[list[str]] = []
        fsync = os.fsync

        def look(descriptor: int) -> None:
            seen.append(sorted(path.name for path in (folder / "job").iterdir()))
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", look)
        keep(spool, "job")
        assert seen == [["0.partial"]]
        assert [path.name for path in (folder / "job").iterdir()] == ["0.png"]

    def test_only_released_pictures_have_a_place(self, spool: Spool) -> None:
        with pytest.raises(AssertionError):
            spool.keep("job", make_verdict(0, VerdictReason.FLAGGED), io.BytesIO(BYTES))

    def test_the_folder_is_for_its_owner_only(self, spool: Spool, folder: Path) -> None:
        keep(spool, "job")
        assert (folder.stat().st_mode & 0o777, (folder / "job").stat().st_mode & 0o777) == (0o700, 0o700)

    def test_a_folder_that_can_not_be_made_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(StorageUnavailable):
            Spool(tmp_path / "file" / "spool").prepare()

    def test_a_folder_that_is_gone_is_told(self, spool: Spool, folder: Path) -> None:
        folder.rmdir()
        with pytest.raises(StorageUnavailable):
            spool.scratch()
        with pytest.raises(StorageUnavailable):
            keep(spool, "job")


class TestScratch:
    def test_it_leaves_no_name_behind(self, spool: Spool, folder: Path) -> None:
        with spool.scratch() as file:
            file.write(BYTES)
            assert list(folder.iterdir()) == []
        assert list(folder.iterdir()) == []


class TestFind:
    def test_withheld_ones_are_not_looked_for(self, spool: Spool) -> None:
        verdict = keep(spool, "job", 1)
        found = spool.find("job", [make_verdict(0, VerdictReason.FLAGGED), verdict])
        assert found is not None
        assert [image.index for image in found] == [1]

    def test_nothing_released_is_nothing_to_find(self, spool: Spool) -> None:
        assert spool.find("job", [make_verdict(0, VerdictReason.FLAGGED)]) == ()

    @pytest.mark.parametrize("harm", ["missing", "shorter", "changed", "empty"])
    def test_all_or_none(self, spool: Spool, folder: Path, harm: str) -> None:
        verdicts = [keep(spool, "job", index) for index in range(2)]
        path = folder / "job" / "1.png"
        match harm:
            case "missing":
                path.unlink()
            case "shorter":
                path.write_bytes(BYTES[:-1])
            case "changed":
                path.write_bytes(BYTES[:-1] + b"!")
            case _:
                path.write_bytes(b"")
        assert spool.find("job", verdicts) is None

    def test_another_jobs_pictures_are_not_found(self, spool: Spool) -> None:
        verdict = keep(spool, "job")
        assert spool.find("another job", [verdict]) is None


class TestDrop:
    def test_all_of_the_job_goes_and_nothing_else(self, spool: Spool, folder: Path) -> None:
        keep(spool, "job", 0)
        keep(spool, "job", 1)
        keep(spool, "another job")
        spool.drop("job")
        assert [path.name for path in folder.iterdir()] == ["another job"]

    def test_nothing_there_is_nothing_to_drop(self, spool: Spool) -> None:
        spool.drop("job")


class TestSweep:
    def aged(self, spool: Spool, folder: Path, job_id: str, age: timedelta) -> None:
        keep(spool, job_id)
        moment = (NOW - age).timestamp()
        os.utime(folder / job_id, (moment, moment))

    def left(self, folder: Path) -> list[str]:
        return sorted(path.name for path in folder.iterdir())

    def test_what_is_too_old_goes(self, spool: Spool, folder: Path) -> None:
        self.aged(spool, folder, "old", KEPT_FOR + timedelta(seconds=1))
        self.aged(spool, folder, "young", KEPT_FOR - timedelta(seconds=1))
        assert spool.sweep(now=NOW, active=frozenset()) == 1
        assert self.left(folder) == ["young"]

    def test_above_the_size_the_oldest_go_first(self, spool: Spool, folder: Path) -> None:
        for days in (1, 5, 3, 2, 4):
            self.aged(spool, folder, f"{days} days", timedelta(days=days))
        assert spool.sweep(now=NOW, active=frozenset()) == 2
        assert self.left(folder) == ["1 days", "2 days", "3 days"]

    def test_an_active_jobs_pictures_stay_however_old_and_many(self, spool: Spool, folder: Path) -> None:
        names = [f"job {number}" for number in range(6)]
        for name in names:
            self.aged(spool, folder, name, timedelta(days=30))
        assert spool.sweep(now=NOW, active=frozenset(names)) == 0
        assert self.left(folder) == names

    def test_a_job_delivered_while_it_runs_does_not_end_it(
        self, spool: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("old", "gone"):
            self.aged(spool, folder, name, timedelta(days=30))
        iterdir = Path.iterdir

        def one_goes_meanwhile(path: Path) -> object:
            found = list(iterdir(path))
            if path == folder:
                spool.drop("gone")
            return iter(found)

        monkeypatch.setattr(Path, "iterdir", one_goes_meanwhile)
        spool.sweep(now=NOW, active=frozenset())
        monkeypatch.undo()
        assert self.left(folder) == []

    def test_a_job_that_ends_while_its_pictures_are_counted_does_not_end_it(
        self, spool: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.aged(spool, folder, "gone", timedelta(days=1))
        self.aged(spool, folder, "old", timedelta(days=30))
        iterdir = Path.iterdir

        def it_goes_meanwhile(path: Path) -> object:
            found = list(iterdir(path))
            if path.name == "gone":
                spool.drop("gone")
            return iter(found)

        monkeypatch.setattr(Path, "iterdir", it_goes_meanwhile)
        assert spool.sweep(now=NOW, active=frozenset()) == 1
        monkeypatch.undo()
        assert self.left(folder) == []

    def test_strange_files_are_left_alone(self, spool: Spool, folder: Path) -> None:
        (folder / "README").write_text("what is this folder?")
        assert spool.sweep(now=NOW, active=frozenset()) == 0
        assert self.left(folder) == ["README"]
