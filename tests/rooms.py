"""Through how many of our modules does one plain cell run? `python tests/rooms.py` lists them.

A cell is run with a panel in HTML against a sandbox; every module whose code runs counts, in the
threads as well, those of the sandbox's own process left out.
"""

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parent.parent / "ct_magic"
CELL = "App Launched 2026-10"


def main() -> int:
    """Run the cell and print the modules; the number is the last line."""
    server = subprocess.Popen(
        [sys.executable, "-m", "ct_magic.sandbox", "--latency", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        address = next(line for line in server.stdout if "http://" in line)
        run_through(address[address.index("http://") :].split()[0])
    finally:
        server.terminate()
        server.wait()
    return 0


def is_importing(frame: FrameType | None) -> bool:
    """Return True inside an import: what a module does for itself is not the cell's way."""
    while frame is not None:
        if frame.f_code.co_name == "<module>" and str(ROOT) in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


def run_through(address: str) -> None:
    """Run the cell while every call is watched."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"CT_MAGIC_STATE_DIR": folder, "CLEVERTAP_BASE_URL": address}
        os.environ |= {"CLEVERTAP_ACCOUNT_ID": "SANDBOX", "CLEVERTAP_PASSCODE": "sandbox"}
        os.environ["IPYTHONDIR"] = folder
        from IPython.core.interactiveshell import InteractiveShell

        shell = InteractiveShell.instance()
        shell.run_line_magic("load_ext", "ct_magic")
        shell.run_line_magic("config", "CountMagics.progress = 'html'")
        seen: set[str] = set()

        def watch(frame: FrameType, _event: str, _arg: object) -> None:
            if str(ROOT) in frame.f_code.co_filename and not is_importing(frame):
                seen.add(frame.f_code.co_filename)

        threading.setprofile(watch)
        sys.setprofile(watch)
        shell.run_cell(f"%%ctcount frame\n{CELL}\n")
        sys.setprofile(None)
        assert shell.user_ns["frame"]["status"].tolist() == ["success"]
        shell.history_manager.end_session()
    rooms = sorted(str(Path(name).relative_to(ROOT)) for name in seen)
    print(*rooms, len(rooms), sep="\n")  # noqa: T201 # a command line prints


if __name__ == "__main__":
    sys.exit(main())
