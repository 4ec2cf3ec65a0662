"""The worker by itself: its limits, and how it ends."""

import subprocess
import sys
from pathlib import Path

from charting.specs import to_json
from childwork.child import EXIT_DISK
from tests.charting.charts import timeline

ROOT = Path(__file__).resolve().parent.parent.parent
# What the worker's process runs before its work, to look at it from inside.
_PROBE = """
import os, resource, sys
from charting import worker
def read(text):
    {body}
worker.from_json = read
sys.exit(worker.main(sys.argv[1:]))
"""


def run(folder: Path, *, stdout: Path | None = None, probe: str | None = None) -> tuple[int, str, bytes]:
    """The exit code, the last line of standard error, and the picture."""
    program = ["-m", "charting.worker"] if probe is None else ["-c", _PROBE.format(body=probe)]
    with (stdout or folder / "result").open("wb") as out:
        done = subprocess.run(
            [sys.executable, *program, "20"],
            cwd=ROOT,
            env={"OPENBLAS_NUM_THREADS": "1", "MPLCONFIGDIR": str(folder)},
            input=to_json(timeline()).encode(),
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    made = b"" if stdout else (folder / "result").read_bytes()
    return done.returncode, done.stderr.decode().rstrip().rpartition("\n")[2], made


def test_a_chart_gives_a_picture_and_no_word(tmp_path: Path) -> None:
    code, line, made = run(tmp_path)
    assert (code, line) == (0, "")
    assert made.startswith(b"\x89PNG")


def test_a_full_disk_is_told_apart(tmp_path: Path) -> None:
    code, line, _ = run(tmp_path, stdout=Path("/dev/full"))
    assert code == EXIT_DISK
    assert "No space left" in line


def test_what_a_library_prints_does_not_get_into_the_picture(tmp_path: Path) -> None:
    code, line, made = run(
        tmp_path, probe="print('hello', flush=True); os.write(1, b'hello'); raise ValueError('none')"
    )
    assert (code, line, made) == (1, "ValueError: none", b"")


def test_memory_is_limited(tmp_path: Path) -> None:
    code, line, made = run(tmp_path, probe="bytearray(1100 * 1024**2)")
    assert (code, line, made) == (1, "MemoryError", b"")


def test_the_process_is_confined(tmp_path: Path) -> None:
    names = "('CORE', 'CPU', 'AS', 'FSIZE', 'NOFILE')"
    limits = f"[resource.getrlimit(getattr(resource, 'RLIMIT_' + name))[0] for name in {names}]"
    code, line, _ = run(tmp_path, probe=f"raise ValueError(str(({limits}, os.nice(0))))")
    assert code == 1
    assert line == f"ValueError: {([0, 20, 1024**3, 8 * 1024**2, 64], 5)}"
