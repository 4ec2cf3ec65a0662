"""Play with the stand-in: `python -m sandbox.pixazo --port 9000`, then point the bot at it."""

import argparse
import asyncio
import os
import sys

from sandbox.pixazo.server import DEFAULT_KEY, PixazoStandIn


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.pixazo", description=__doc__)
    parser.add_argument("--port", type=int, default=9000, help="port on 127.0.0.1 (default: 9000; 0: any)")
    parser.add_argument("--key", default=DEFAULT_KEY, help="the subscription key that is right")
    parser.add_argument("--latency", type=float, default=4.0, help="seconds of work for a job (default: 4)")
    parser.add_argument("--workers", type=int, default=None, help="jobs worked on at once (default: all)")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    stand_in = PixazoStandIn(
        key=arguments.key,
        port=arguments.port,
        latency=arguments.latency,
        workers=arguments.workers,
    )
    async with stand_in:
        sys.stdout.write(
            f"PIXAZO_API_KEY={stand_in.key}\n"
            f"PIXAZO_SUBMIT_URL={stand_in.submit_url}\n"
            f"PIXAZO_STATUS_URL={stand_in.status_url}\n"
            f"PIXAZO_RESULT_HOSTS={stand_in.origin}\n",
        )
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> int:
    """Serve until Ctrl-C."""
    arguments = _arguments()
    try:
        asyncio.run(_serve(arguments))
    except KeyboardInterrupt:
        return 0
    except OSError as exc:
        sys.stderr.write(f"cannot listen on port {arguments.port}: {os.strerror(exc.errno or 0)}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
