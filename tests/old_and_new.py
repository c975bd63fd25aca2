"""Runs the tests with the lowest and the newest versions allowed, over every Python that is found.

    python tests/old_and_new.py [WORD ...] [-- arguments of pytest]

takes environments whose name has one of the words, like `lowest` or `3.12`; without a word all.
Each is a venv of its own, made by `uv`; the log of one that fails is printed to its end. The exit
code is the number of those.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
MINORS = range(11, 20)
# The last ones before a new major version, which not everybody has yet.
BETWEEN = ("duckdb<2", "ipykernel<7", "ipython<9", "numpy<2.3", "pandas<3")
SHOWN = (
    "ipython",
    "ipykernel",
    "ipywidgets",
    "pandas",
    "requests",
    "urllib3",
    "platformdirs",
    "duckdb",
)
PYTEST = ("-q", "-p", "no:cacheprovider", "-m", "not browser")


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python, how versions are chosen, and what is held back."""

    python: str
    choice: str
    resolution: str = "highest"
    held: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How it is called in the report: `3.11 lowest`."""
        return f"{self.python} {self.choice}"


def main(arguments: Sequence[str]) -> int:
    """Run the tests in each environment; give the number of those in which one failed."""
    argv = list(arguments)
    more = argv[argv.index("--") + 1 :] if "--" in argv else []
    words = argv[: argv.index("--")] if "--" in argv else argv
    known = list(environments())
    chosen = [
        environment
        for environment in known
        if not words or any(word in environment.name for word in words)
    ]
    if not chosen:
        sys.exit(f"there are: {', '.join(environment.name for environment in known)}")
    return sum(not passes(environment, more) for environment in chosen)


def environments() -> Iterator[Environment]:
    """Return the lowest with the oldest Python, the newest with each, and what lies between."""
    pythons = [python for python in (f"3.{minor}" for minor in MINORS) if is_here(python)]
    if not pythons:
        sys.exit("no Python from 3.11 on is found")
    yield Environment(pythons[0], "lowest", resolution="lowest-direct")
    yield Environment(pythons[len(pythons) // 2], "between", held=BETWEEN)
    for python in pythons:
        yield Environment(python, "newest")


def is_here(python: str) -> bool:
    """Return True if this Python is installed."""
    return uv("python", "find", "--no-python-downloads", "--system", python).returncode == 0


def uv(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run uv, quietly."""
    program = shutil.which("uv") or shutil.which("uv", path=Path(sys.executable).parent)
    if program is None:
        sys.exit("this needs uv: pip install uv")
    return subprocess.run([program, *arguments], check=False, capture_output=True, text=True)


def passes(environment: Environment, more: Sequence[str]) -> bool:
    """Install and run; say on one line how it went, and on a failure all of it."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin" / "python"
        began = time.monotonic()
        installed = install(environment, Path(folder))
        if installed.returncode:
            print(f"{environment.name}: cannot be installed\n{installed.stderr}", flush=True)
            return False
        print(f"{environment.name}: {versions(python)}", flush=True)
        command = [str(python), "-m", "pytest", *PYTEST, *more]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
        last = done.stdout.rstrip().rpartition("\n")[2]
        print(
            f"{environment.name}: {last} ({time.monotonic() - began:.0f} s with installing)",
            flush=True,
        )
        if done.returncode:
            print(done.stdout + done.stderr, flush=True)
        return done.returncode == 0


def install(environment: Environment, folder: Path) -> subprocess.CompletedProcess[str]:
    """Make the venv, and install the package with all extras into it."""
    venv = uv("venv", "--seed", "--no-python-downloads", "--python", environment.python, folder)
    if venv.returncode:
        return venv
    options = ("--python", folder, "--resolution", environment.resolution)
    return uv("pip", "install", *options, "--editable", f"{ROOT}[dev]", *environment.held)


def versions(python: Path) -> str:
    """Name the versions that matter."""
    listed = uv("pip", "list", "--python", python).stdout.split()
    return ", ".join(f"{name} {listed[listed.index(name) + 1]}" for name in SHOWN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
