"""The house: which way imports run, who alone imports what, and what each module says first."""

import ast
from pathlib import Path

import pytest

import ct_magic

ROOT = Path(ct_magic.__file__).parent
LANGUAGE = {
    "lexer",
    "parser",
    "builder",
    "findings",
    "periods",
    "params",
    "mistakes",
    "habits",
    "misplaced",
    "stop",
    "oddities",
    "expectations",
    "printer",
    "dates",
    "cql",
    "jsontext",
    "completion",
    "tab",
    "cells",
    "names",
    "guide",
    "drafts",
}
SERVICE = {
    *("service", "answers", "schedule", "limit", "run", "gate", "journal", "frame"),
    *("shape", "ratios", "plots"),
    *("counting", "wait", "pump", "card", "words", "panel", "live", "buttons"),
}
ONLY = {
    "lark": {"parser"},
    "requests": {"service"},
    "sqlite3": {"journal"},
    "duckdb": {"sandbox"},
    "pandas": {"frame", "plots", "shape", "ratios"},
    "ipywidgets": {"live", "buttons", "forms"},
    "matplotlib": {"plots"},
}
MODULES = sorted(p for p in ROOT.rglob("*.py") if p.name != "__init__.py")


def room(path: Path) -> str:
    """The room a file belongs to: its module, or the package it lives in."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports(path: Path) -> set[str]:
    """Every module that a file imports at run time, ours as `.name`, lazily or not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = {id(n) for block in ast.walk(tree) if is_type_checking(block) for n in ast.walk(block)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {f"{'.' * node.level}{name}" for name in names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def neighbours(path: Path) -> set[str]:
    """The other rooms of ours that a file imports."""
    up = "." * len(path.relative_to(ROOT).parts)  # fewer dots stay in the file's own package
    return {n.removeprefix(up).split(".")[0] for n in imports(path) if n.startswith(up)}


@pytest.mark.parametrize("path", MODULES, ids=room)
def test_a_heavy_library_has_one_door(path: Path) -> None:
    """A library that only one room may import is imported there and nowhere else."""
    for library, rooms in ONLY.items():
        if any(name.split(".")[0] == library for name in imports(path)):
            assert room(path) in rooms, f"{path.name} imports {library}"


@pytest.mark.parametrize("path", MODULES, ids=room)
def test_the_halves_do_not_know_each_other(path: Path) -> None:
    """They meet in questions, known and counts; a hub imports errors and its own half's hands."""
    ours = neighbours(path)
    allowed = {
        "errors": set(),
        "query": {"errors", "cql", "printer"},  # payload() and str() ask these two, lazily
        "job": {"errors"},
        "passcodes": {"errors"},
        "accounts": {"errors", "passcodes", "settings"},
        **dict.fromkeys(LANGUAGE, {"errors", "query"} | LANGUAGE),
        **dict.fromkeys(SERVICE, {"errors", "job", "accounts"} | SERVICE),
    }
    if room(path) in allowed:
        assert ours <= allowed[room(path)], f"{path.name} reaches {ours - allowed[room(path)]}"


@pytest.mark.parametrize("path", [*MODULES, ROOT / "__init__.py"], ids=lambda p: p.name)
def test_each_module_says_in_its_first_line_what_it_knows(path: Path) -> None:
    """A newcomer finds the room by its name and by the first line of its docstring."""
    first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]
    assert first.endswith((".", ":")), path.name
