"""The house: which way imports run, who alone imports what, and what each module says first."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import ct_magic

ROOT = Path(ct_magic.__file__).parent
# Who may import whom, one line a room. Where a folder has no line of its own, what is said of it
# here holds for each of its modules; a room that is not named may import anything but `magic`.
RULES = """
errors settings rows common -> errors settings rows common
query    -> errors rows common
client   -> errors settings rows common
sandbox  -> errors settings common
session  -> errors settings common client query sandbox
planning -> errors settings rows common client query session
results  -> errors rows common query client.jobs client.journal planning.row_results
charts   -> errors rows common results
panel    -> errors rows common client.jobs planning.row_results query.lexer results
counting -> errors settings rows common client query session planning results charts panel
"""
ONLY = {
    "requests": {"client.transport", "client.connection"},
    "sqlite3": {"client.journal.store"},
    "duckdb": {"sandbox"},
    "pandas": {"results", "panel.short_tables"},
    "ipywidgets": {"panel.widget_panel", "forms"},
    "vl_convert": {"charts.vega"},
}
MODULES = sorted(ROOT.rglob("*.py"))


def name(path: Path) -> str:
    """What a file is called inside the package: `query.lexer`; a folder's own file `query`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name(path): path for path in MODULES}


def is_in(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


@cache
def imports(path: Path) -> frozenset[str]:
    """Every module that a file imports at run time, lazily or not; ours as `.name`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = {id(n) for block in ast.walk(tree) if is_type_checking(block) for n in ast.walk(block)}
    return frozenset(
        module
        for node in ast.walk(tree)
        if id(node) not in hidden
        for module in imported(node, path)
    )


def imported(node: ast.AST, path: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        module = node.module or ""
        if module.split(".")[0] != ROOT.name:
            yield module
            return
        package = module.removeprefix(ROOT.name).lstrip(".")
        for alias in node.names:
            inside = f"{package}.{alias.name}".lstrip(".")
            yield f".{inside if inside in NAMES else package}"
    elif isinstance(node, ast.ImportFrom):
        raise AssertionError(f"{path.name}: an import of ours is written in full")


def ours(path: Path) -> set[str]:
    return {module[1:] for module in imports(path) if module.startswith(".")}


def rules() -> list[tuple[str, set[str]]]:
    lines = [line.split("->") for line in RULES.strip().splitlines()]
    return [(room, set(allowed.split())) for rooms, allowed in lines for room in rooms.split()]


@pytest.mark.parametrize(("room", "allowed"), rules())
def test_a_folder_imports_itself_and_what_its_line_names(room: str, allowed: set[str]) -> None:
    """So the two halves do not know each other, and what lies below knows nothing above it."""
    inside = {module: path for module, path in NAMES.items() if is_in(module, room)}
    assert inside, "a line about nothing holds nothing"
    for module, path in inside.items():
        above = [m for m in ours(path) if not any(is_in(m, r) for r in {room, *allowed})]
        assert not above, f"{module} reaches {above}"


def test_imports_run_in_no_circle() -> None:
    """Not even through imports inside functions."""
    # The facade is left out: it imports by name, when a name is first asked for.
    graph = {module: ours(path) - {module} for module, path in NAMES.items() if module}
    TopologicalSorter(graph).prepare()


def test_folders_import_each_other_in_no_circle() -> None:
    """So a cell's text goes down from room to room, and never back up."""
    graph: dict[str, set[str]] = {}
    for module, path in NAMES.items():
        if module:
            room = module.split(".")[0]
            graph.setdefault(room, set()).update({m.split(".")[0] for m in ours(path)} - {room, ""})
    TopologicalSorter(graph).prepare()


def test_only_the_facade_imports_the_magics() -> None:
    """What IPython sees is a skin: nothing may come to rest on it."""
    for module, path in NAMES.items():
        if module and not is_in(module, "magic"):
            assert not [m for m in ours(path) if is_in(m, "magic")], module


@pytest.mark.parametrize("library", ONLY)
def test_a_heavy_library_has_one_door(library: str) -> None:
    """A library that only some rooms may import is imported in each of them and nowhere else."""
    importers = {
        module
        for module, path in NAMES.items()
        if any(name.split(".")[0] == library for name in imports(path))
    }
    doors = {
        module: {room for room in ONLY[library] if is_in(module, room)} for module in importers
    }
    assert [module for module, rooms in doors.items() if not rooms] == []
    assert set().union(*doors.values()) == ONLY[library], "a door that nobody uses is closed"


def test_no_module_is_called_like_a_public_name() -> None:
    """Once it is imported, it would stand in that name's place."""
    top = {module for module in NAMES if "." not in module}
    assert not top & set(ct_magic.__all__)


def defined(path: Path) -> Iterator[str]:
    """The public names that a module defines at its top."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def test_a_name_has_one_home() -> None:
    """Two modules do not use one name for two things: at most 3 in 100 are in several."""
    homes = Counter(x for path in MODULES for x in set(defined(path)) if not x.startswith("_"))
    several = sorted(x for x, modules in homes.items() if modules > 1)
    assert len(several) <= 0.03 * len(homes), several


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_each_module_says_in_its_first_line_what_it_knows(path: Path) -> None:
    """A newcomer finds the room by its name and by the first line of its docstring."""
    first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]
    assert first.endswith((".", ":")), path.name
