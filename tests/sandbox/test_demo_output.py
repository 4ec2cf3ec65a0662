"""The demo's folder: an earlier demo's files are replaced, the user's are never touched."""

from pathlib import Path

import pytest

from sandbox.demo.output import MANIFEST, OutputFolder, OutputRefused

NAMES = frozenset({"a.txt", "b.png"})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MANIFEST}


def test_folder_is_made_with_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "results"
    OutputFolder(folder, NAMES).write({"a.txt": "é", "b.png": b"\x89"})
    assert contents(folder) == {"a.txt": "é".encode(), "b.png": b"\x89"}


def test_next_demo_replaces_the_files_of_the_last(tmp_path: Path) -> None:
    OutputFolder(tmp_path, NAMES).write({"a.txt": "old", "b.png": b"old"})
    OutputFolder(tmp_path, NAMES).write({"a.txt": "new"})
    assert contents(tmp_path) == {"a.txt": b"new"}


def test_files_of_the_user_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("mine")
    OutputFolder(tmp_path, NAMES).write({"a.txt": "1"})
    OutputFolder(tmp_path, NAMES).write({"a.txt": "2"})
    assert contents(tmp_path) == {"notes.md": b"mine", "a.txt": b"2"}


@pytest.mark.parametrize("foreign", ["file", "link", "folder"])
def test_name_that_is_taken_by_the_user_is_refused(tmp_path: Path, foreign: str) -> None:
    taken = tmp_path / "b.png"
    if foreign == "file":
        taken.write_bytes(b"mine")
    elif foreign == "link":
        taken.symlink_to(tmp_path / "nowhere")
    else:
        taken.mkdir()
    with pytest.raises(OutputRefused, match=r"b\.png"):
        OutputFolder(tmp_path, NAMES)


def test_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path, NAMES)
    (tmp_path / "a.txt").write_text("mine")
    with pytest.raises(OutputRefused):
        folder.write({"a.txt": "new"})
    with pytest.raises(OutputRefused):
        OutputFolder(tmp_path, NAMES)
    assert contents(tmp_path) == {"a.txt": b"mine"}


@pytest.mark.parametrize("line", ["../outside.txt", "/etc/outside.txt", "..", "sub"])
def test_manifest_never_reaches_beyond_the_folder(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "results"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("mine")
    (folder / MANIFEST).write_text(f"{line}\na.txt\n")
    OutputFolder(folder, NAMES).write({"a.txt": "new"})
    assert (tmp_path / "outside.txt").read_text() == "mine"
    assert (folder / "sub").is_dir()


def test_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputRefused, match="can't be used"):
        OutputFolder(tmp_path / "file", NAMES)
