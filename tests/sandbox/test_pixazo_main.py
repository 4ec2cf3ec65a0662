"""`python -m sandbox.pixazo`, as a developer uses it."""

import asyncio
import signal
import sys
from pathlib import Path

from sandbox.pixazo import PixazoStandIn

ROOT = Path(__file__).parents[2]


async def _start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox.pixazo",
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_it_prints_the_settings_and_ends_in_peace_on_ctrl_c() -> None:
    process = await _start("--port", "0", "--key", "a-key")
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(20):
        lines = [(await process.stdout.readline()).decode().strip() for _ in range(4)]
    settings = dict(line.split("=", 1) for line in lines)
    origin = settings["PIXAZO_RESULT_HOSTS"]
    assert settings == {
        "PIXAZO_API_KEY": "a-key",
        "PIXAZO_SUBMIT_URL": f"{origin}/flux-general/v1/flux-general/generateTextToImageRequest",
        "PIXAZO_STATUS_URL": f"{origin}/flux-general-polling/flux-general/getStatus",
        "PIXAZO_RESULT_HOSTS": origin,
    }
    _, writer = await asyncio.open_connection("127.0.0.1", int(origin.rpartition(":")[2]))
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(10):
        _, errors = await process.communicate()
    writer.close()
    assert (process.returncode, errors) == (0, b"")


async def test_a_taken_port_ends_it_with_one_line() -> None:
    async with PixazoStandIn() as pixazo:
        port = pixazo.origin.rpartition(":")[2]
        process = await _start("--port", port)
        async with asyncio.timeout(20):
            _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.decode().splitlines() == [f"cannot listen on port {port}: Address already in use"]
