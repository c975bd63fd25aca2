"""What is shipped: the wheel and the sdist, what they weigh, need, allow and hold."""

from __future__ import annotations

import json
import re
import tarfile
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, version
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
WANTED = [
    *PROJECT["project"]["dependencies"],
    *(
        requirement
        for name in EXTRAS
        for requirement in EXTRAS[name]
        if not requirement.startswith("ct-magic")
    ),
]
TYPES = {"pandas-stubs", "types-Pygments", "types-requests"}  # they follow what they describe
# Everything that the base and the sandbox bring along is one of these, whatever it is joined by.
PERMISSIVE = re.compile(
    r"\b(0BSD|Apache|BSD|CC0|ISC|MIT|PSF|Python Software Foundation|Zlib)\b", re.IGNORECASE
)
# Only its list of certificates is under it, which nobody changes; requests cannot do without.
FILE_BY_FILE = {"certifi"}


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Iterator[ZipFile]:
    (path,) = dist.glob("*.whl")
    with ZipFile(path) as archive:
        yield archive


def members(wheel: ZipFile) -> dict[str, bytes]:
    return {name: wheel.read(name) for name in wheel.namelist()}


def test_the_wheel_holds_the_package_and_the_startup_file(wheel: ZipFile) -> None:
    """The grammar's tables, type information and sandbox included; no test, picture or notebook."""
    names = set(wheel.namelist())
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ct_magic").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {
        "ct_magic/query/grammar.json",
        "ct_magic/py.typed",
        "ct_magic/sandbox/compile_sql.py",
    } <= package
    assert {name for name in names if name.startswith("ct_magic/")} == package
    data = {name.split(".data/data/")[1] for name in names if ".data/" in name}
    assert "etc/ipython/startup/10-ct_magic.py" in data
    assert all(name.startswith(("etc/ipython/startup/", "share/jupyter/")) for name in data)
    rest = {name for name in names - package if ".data/" not in name}
    assert all(".dist-info/" in name for name in rest)


def test_it_holds_the_labextension(wheel: ZipFile) -> None:
    """Every file, where JupyterLab looks, and of the version that the package has."""
    folder = ROOT / "jupyter-config" / "labextension"
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    place = ".data/data/share/jupyter/labextensions/ct-magic/"
    held = members(wheel)
    assert files == {name.split(place)[1]: held[name] for name in held if place in name}
    package = json.loads(files["package.json"])
    assert package["version"] == version("ct-magic")
    assert package["jupyterlab"]["_build"]["load"] in files


def test_it_is_small(dist: Path) -> None:
    """README's pictures are looked at where README is; nobody installs them."""
    most = {".whl": 600_000, ".gz": 1_000_000}
    assert [path.name for path in dist.iterdir() if path.stat().st_size > most[path.suffix]] == []


def test_the_sdist_is_enough_to_test_it(dist: Path) -> None:
    """The wheel was built from it; who packages it elsewhere finds the tests there, too."""
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    for name in ("LICENSE", "README.md", "pyproject.toml", "tests/conftest.py"):
        assert name in names
    assert {f"tests/{p.name}" for p in (ROOT / "tests").glob("test_*.py")} <= names
    assert not {name for name in names if "__pycache__" in name or name.endswith(".png")}


def test_no_code_runs_when_it_is_installed(wheel: ZipFile) -> None:
    """A plain wheel for every platform: no hook, no setup.py, no .pth, no command."""
    held = members(wheel)
    (tags,) = (text for name, text in held.items() if name.endswith("/WHEEL"))
    assert b"Root-Is-Purelib: true" in tags
    assert b"Tag: py3-none-any" in tags
    assert not [name for name in held if name.endswith(".pth")]
    (points,) = (text for name, text in held.items() if name.endswith("/entry_points.txt"))
    assert re.findall(rb"\[.*\]", points) == [b"[pygments.lexers]"]
    assert not [name for name in ("setup.py", "hatch_build.py") if (ROOT / name).exists()]
    assert [
        Requirement(requirement).name for requirement in PROJECT["build-system"]["requires"]
    ] == ["hatchling"]
    assert "hooks" not in str(PROJECT["tool"]["hatch"])


@pytest.mark.parametrize("wanted", WANTED)
def test_each_dependency_says_from_where_on_and_no_further(wanted: str) -> None:
    """Nobody's environment is held back; `tests/old_and_new.py` installs the lowest."""
    bounds = [bound.operator for bound in Requirement(wanted).specifier]
    assert bounds == ([] if wanted in TYPES else [">="])


def test_readme_names_the_lowest_versions() -> None:
    """Who is held to an old environment reads there whether it will do."""
    page = " ".join((ROOT / "README.md").read_text(encoding="utf-8").lower().split())
    kernel = [
        requirement for requirement in EXTRAS["notebook"] if requirement.startswith("ipykernel")
    ]
    for wanted in [*PROJECT["project"]["dependencies"], *EXTRAS["sandbox"], *kernel]:
        assert wanted.replace(">=", " ") in page


def closure(name: str, extras: frozenset[str], distributions: dict[str, Distribution]) -> None:
    """Add what a distribution needs here, and what that needs."""
    distributions[canonicalize_name(name)] = dist = distribution(name)
    for wanted in map(Requirement, dist.requires or ()):
        applies = (
            [wanted.marker.evaluate({"extra": e}) for e in extras] if wanted.marker else [True]
        )
        if any(applies) and (canonicalize_name(wanted.name) not in distributions or wanted.extras):
            closure(wanted.name, frozenset({"", *wanted.extras}), distributions)


def licence(dist: Distribution) -> str:
    """What a distribution says of its licence, where it says it shortest."""
    facts = dist.metadata
    classified = [c for c in facts.get_all("Classifier") or () if c.startswith("License")]
    text = facts.get("License-Expression") or "; ".join(classified) or facts.get("License") or ""
    return text.split("\n")[0].replace("License :: OSI Approved :: ", "")


def test_everything_it_brings_along_is_permissive() -> None:
    """Base and sandbox, to the last dependency: a company's lawyers need not be asked."""
    distributions: dict[str, Distribution] = {}
    closure("ct-magic", frozenset({"", "sandbox"}), distributions)
    assert {"pandas", "requests", "duckdb", "urllib3", "traitlets"} <= set(distributions)
    copyleft = {
        name: licence(dist)
        for name, dist in distributions.items()
        if not all(map(PERMISSIVE.search, re.split(r"\bAND\b|;", licence(dist))))
    }
    assert set(copyleft) == FILE_BY_FILE, copyleft
    assert all(re.search("MPL|Mozilla", text) for text in copyleft.values())
