"""`python -m ct_magic.sandbox`: serve the sandbox until it is stopped, or write its data out."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from ct_magic.errors import CtMagicError
from ct_magic.sandbox.sandbox import LATENCY, PUBLIC_ACCOUNT, PUBLIC_PASSCODE, Sandbox


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and serve; give the exit code."""
    options = _server_parser().parse_args(arguments)
    try:
        chosen = {name: value for name, value in vars(options).items() if name != "export"}
        box = Sandbox(**chosen, say=lambda line: print(line, file=sys.stderr, flush=True))
        if options.export is not None:
            box.export(options.export)
            print(f"written to {options.export}")
            return 0
        box.start()
    except CtMagicError as error:
        print(f"ct_magic.sandbox: {error}", file=sys.stderr)
        return 1
    if options.passcode == PUBLIC_PASSCODE and (options.data or options.db):
        print(
            "anyone on this machine can ask for these events: the passcode is the public one, "
            "--passcode names another",
            file=sys.stderr,
        )
    print(f"serving account {options.account} at {box.url} (Ctrl-C stops it)", flush=True)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(1.0):
        pass
    box.stop()
    return 0


def _server_parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m ct_magic.sandbox", description=__doc__)
    p.add_argument("--port", type=int, default=0, help="the port to serve at (any that is free)")
    p.add_argument("--account", default=PUBLIC_ACCOUNT, help="the account's id (SANDBOX)")
    p.add_argument("--passcode", default=PUBLIC_PASSCODE, help="its passcode (sandbox)")
    p.add_argument(
        "--latency",
        type=float,
        default=LATENCY,
        metavar="SECONDS",
        help="how long a count takes; 0 answers at once (1.5 to 2.8)",
    )
    p.add_argument("--faults", default="", metavar="PLAN", help="like submit:429*2,later:reset")
    p.add_argument(
        "--lenient",
        action="store_true",
        help="ignore what is not understood in a query, as the service was seen to do",
    )
    p.add_argument("--profiles", type=int, default=50_000, help="how many profiles (50000)")
    p.add_argument("--seed", type=int, default=1, help="other seed, other data (1)")
    p.add_argument("--timezone", default="UTC", help="whose days are meant (UTC)")
    p.add_argument("--data", type=Path, metavar="DIR", help="count over these exported events")
    p.add_argument(
        "--db", type=Path, metavar="FILE", help="keep these events in a file, loaded once"
    )
    p.add_argument("--export", type=Path, metavar="DIR", help="write the data as Parquet and end")
    return p


if __name__ == "__main__":
    sys.exit(main())
