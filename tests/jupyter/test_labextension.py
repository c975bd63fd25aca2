"""The labextension: cells in colours, and cells that are inserted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from helpers.browser import USE_SANDBOX, Desks, Notebook

QUERY = """%%ctcount funnel --plot
# it's a comment, isn't it
loyal: App Launched where session.first_time = true last 7 days   # they "came back"
  did Charged where Category in ("Shoes", "it's") 2015-08-10..2015-10-25
dear: Charged where Amount contains $floor and Coupon exists 2015-08 by week"""
JSON_QUERY = (
    '%%ct explain\n{"event_name": "choseNewFavoriteFood",\n "from": 20150810, "to": 20151025}'
)
PYTHON = "for one in ['it', 3]:  # Python\n    pass"
LOAD = f"{USE_SANDBOX}\nfloor = 5"
INSERTED = "%%ctcount days\nApp Launched last 7 days by day"
BUTTON = f"""from comm import create_comm
from ipywidgets import Button

def insert(button):
    comm = create_comm("ct_magic.insert", data={{"text": {INSERTED!r}}})
    comm.on_msg(lambda m: setattr(button, "description", str(m["content"]["data"])))

button = Button(description="Insert cell")
button.on_click(insert)
button"""
CONTENT = "window.jupyterapp.shell.currentWidget.content"
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
# What a text looks like: the first span of a cell that holds it, and nothing else.
LOOK = """([cell, text]) => {
  const cells = document.querySelectorAll(".jp-Notebook .jp-CodeCell");
  const spans = [...cells[cell].querySelectorAll(".cm-line span")];
  const span = spans.find((one) => one.textContent === text);
  if (!span) return null;
  const { color, fontWeight, fontStyle } = getComputedStyle(span);
  return [color, fontWeight, fontStyle].join(" ");
}"""
TYPES = """() => [...window.jupyterapp.shell.widgets("main")]
  .find((panel) => panel.content.codeMimetype).content.widgets
  .map((cell) => cell.model.mimeType.replace("text/x-", ""))"""
# The language of an editor into which somebody put Python before ours came.
AMONG_OTHERS = f"""async () => {{
  const {{ editor }} = {CONTENT}.widgets[0];
  const support = async (mime) => (await editor._languages.getLanguage(mime)).support;
  const [python, ours] = [await support("text/x-ipython"), await support("text/x-ctcount")];
  const state = editor.editor.state.constructor.create({{ extensions: [python, ours] }});
  return state.facet(ours.language.extension[0].facet).name;
}}"""
# Notebook 7 is made of the same parts; that it has ours, a test of the panel shows.
MOST_IN_LAB = pytest.mark.parametrize(
    "notebook",
    ["lab", pytest.param("notebook", marks=pytest.mark.long)],
    indirect=True,
    scope="module",
)
LAB = pytest.mark.parametrize("notebook", ["lab"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def notebook(request: pytest.FixtureRequest, desks: Desks) -> Iterator[Notebook]:
    """One notebook, open in JupyterLab or in Notebook 7, for all tests."""
    app, cells = request.param, [QUERY, JSON_QUERY, PYTHON, BUTTON, LOAD]
    with desks.desk(app).open(*cells, name=f"{app}.ipynb") as notebook:
        yield notebook


def look(notebook: Notebook, cell: int, text: str) -> str | None:
    """Return a text's colour, weight and style; None where it has no span of its own."""
    style: str | None = notebook.page.evaluate(LOOK, [cell, text])
    return style


def types(notebook: Notebook) -> list[str]:
    """Return what each cell's editor takes its text for."""
    languages: list[str] = notebook.page.evaluate(TYPES)
    return languages


def source(notebook: Notebook) -> str:
    """Return the text of the active cell."""
    text: str = notebook.page.evaluate(f"() => {CONTENT}.activeCell.model.sharedModel.getSource()")
    return text


def press(notebook: Notebook) -> None:
    """Show the button anew, press it while another cell is active, and wait for the answer."""
    activate(notebook, 3)
    notebook.command("notebook:run-cell", wait=True)
    activate(notebook, 0)
    notebook.page.locator("button.jupyter-button", has_text="Insert cell").click()
    notebook.wait_output(3, "{'inserted': True}")


def activate(notebook: Notebook, cell: int) -> None:
    notebook.page.evaluate(f"(at) => {{ {CONTENT}.activeCellIndex = at }}", cell)
    notebook.page.evaluate(f"(at) => {CONTENT}.scrollToItem(at)", cell)


def shows(notebook: Notebook, wanted: str) -> bool:
    return types(notebook)[:2] == [wanted] * 2


def type_cell(notebook: Notebook, *lines: str) -> None:
    """Type into a new cell, the last one."""
    activate(notebook, len(types(notebook)) - 1)
    notebook.command("notebook:insert-cell-below", wait=True)
    notebook.command("notebook:enter-edit-mode", wait=True)
    notebook.page.keyboard.type("\n".join(lines))


@pytest.mark.browser
@MOST_IN_LAB
def test_a_query_is_coloured_as_python_is(notebook: Notebook) -> None:
    """Keywords, texts, numbers and comments look as they do in a cell of Python beside it."""
    notebook.until(lambda: look(notebook, 0, "where") and look(notebook, 2, "for"))
    python = {text: look(notebook, 2, text) for text in ["for", "'it'", "3", "# Python"]}
    assert len({None, *python.values()}) == 5
    alike = {
        "for": ["where", "last", "did", "in", "and", "exists", "by"],
        "'it'": ['"Shoes"', '"it\'s"'],
        "3": ["7", "2015-08-10", "2015-10-25", "2015-08"],
        "# Python": ["# it's a comment, isn't it", '# they "came back"'],
    }
    for text, texts in alike.items():
        assert {part: look(notebook, 0, part) for part in texts} == dict.fromkeys(
            texts, python[text]
        )
    for text in ["%%ctcount", "--plot", "loyal", "session", "contains", "$floor"]:
        assert look(notebook, 0, text) not in {None, *python.values()}, text
    assert look(notebook, 1, '"event_name"')
    assert types(notebook)[:3] == ["ctcount", "ctcount", "ipython"]
    notebook.screenshot(f"colour-{notebook.page.title().split('.')[0]}")


@pytest.mark.browser
@LAB
def test_a_query_is_coloured_where_another_extension_colours_every_cell(notebook: Notebook) -> None:
    """JupySQL's puts Python into every editor, before the cell's own language."""
    assert notebook.page.evaluate(AMONG_OTHERS) == "ctcount"


@pytest.mark.browser
@MOST_IN_LAB
def test_a_kernel_inserts_a_cell(notebook: Notebook) -> None:
    """It stands below the one that was clicked, is active, can be undone; also after a restart."""
    for _ in range(2):
        before = types(notebook)
        press(notebook)
        assert source(notebook) == INSERTED
        assert types(notebook) == [*before[:4], "ctcount", *before[4:]]
        notebook.page.wait_for_function("() => document.activeElement.matches('.jp-mod-active')")
        notebook.command("notebook:undo-cell-action", wait=True)
        assert types(notebook) == before
        notebook.page.evaluate(f"() => {KERNEL}.restart()")


@pytest.mark.browser
@LAB
def test_of_two_views_one_may_be_closed(notebook: Notebook) -> None:
    """Cells go into the view that is still there, and are coloured in it."""
    notebook.command("docmanager:clone", wait=True)
    notebook.until(lambda: notebook.page.locator(".jp-Notebook").count() == 2)
    notebook.command("application:close", wait=True)
    press(notebook)
    assert types(notebook)[4] == "ctcount"
    notebook.command("notebook:undo-cell-action", wait=True)


@pytest.mark.browser
@LAB
def test_colours_follow_what_is_typed(notebook: Notebook) -> None:
    """The first line decides at every key; splitting, merging and undoing count as typing."""
    type_cell(notebook, "%%ctcoun")
    assert types(notebook)[-1] == "ipython"
    notebook.page.keyboard.type("t")
    assert types(notebook)[-1] == "ctcount"
    notebook.page.keyboard.type("er")
    assert types(notebook)[-1] == "ipython"
    notebook.page.keyboard.press("Backspace")
    notebook.page.keyboard.press("Backspace")
    notebook.page.keyboard.type("\nApp Launched")
    notebook.page.keyboard.press("Home")
    notebook.command("notebook:split-cell-at-cursor", wait=True)
    assert types(notebook)[-2:] == ["ctcount", "ipython"]
    notebook.command("notebook:merge-cell-above", wait=True)
    assert types(notebook)[-2:] == ["ipython", "ctcount"]
    notebook.command("notebook:copy-cell", wait=True)
    notebook.command("notebook:paste-cell-below", wait=True)
    assert types(notebook)[-2:] == ["ctcount", "ctcount"]


@pytest.mark.browser
@LAB
def test_what_is_typed_is_marked_for_its_colours_in_an_export(notebook: Notebook) -> None:
    """A cell that is only shown is left alone; the mark comes and goes with the magic."""

    def mark(cell: int) -> object:
        cells = f"{CONTENT}.model.sharedModel.cells"
        return notebook.page.evaluate(
            f"(at) => {cells}.at(at).getMetadata('magics_language') ?? null", cell
        )

    assert mark(0) is None
    type_cell(notebook, "%%ctcount")
    assert mark(-1) == "ctcount"
    notebook.page.keyboard.type("er")
    assert mark(-1) is None
    type_cell(notebook, "%%ctcount", "App Launched")
    notebook.page.keyboard.press("Control+z")
    notebook.until(lambda: source(notebook) == "")
    assert mark(-1) is None


@pytest.mark.browser
@LAB
def test_a_statement_goes_on_indented(notebook: Notebook) -> None:
    """Enter indents what must go on, and only that; Ctrl+/ makes a comment."""
    type_cell(notebook, "%%ctcount", "App Launched where", "value = 1 and", "x in (2,", "3) today")
    assert source(notebook).split("\n")[1:] == [
        "App Launched where",
        "    value = 1 and",
        "    x in (2,",
        "    3) today",
    ]
    notebook.page.keyboard.press("Control+/")
    assert source(notebook).endswith("\n    # 3) today")
    type_cell(notebook, "%%ctcount", "App Launched today", "Charged")
    assert source(notebook) == "%%ctcount\nApp Launched today\nCharged"


@pytest.mark.browser
@LAB
def test_tab_still_answers(notebook: Notebook) -> None:
    """An editor that does not take the cell for Python still asks the kernel."""
    activate(notebook, 4)
    notebook.command("notebook:run-cell", wait=True)
    type_cell(notebook, "%%ctcount", "App Launched wh")
    notebook.page.keyboard.press("Tab")
    notebook.page.wait_for_selector(".jp-Completer-item")
    assert "keyword" in notebook.page.locator(".jp-Completer-item").inner_text()
    notebook.page.keyboard.press("Enter")
    notebook.until(lambda: source(notebook).endswith("App Launched where"))


@pytest.mark.browser
@LAB
@pytest.mark.parametrize(
    ("line", "proposed"),
    [
        ("", "Charged"),
        ("Charged where Amount > $", "$floor"),
        ("Charged where geo = ", '"India"'),
        ("App Installed share did Charged ", "within 7 days"),
    ],
)
def test_tab_lists_what_may_come(notebook: Notebook, line: str, proposed: str) -> None:
    """On the empty line below the magic, too, where JupyterLab would indent."""
    activate(notebook, 4)
    notebook.command("notebook:run-cell", wait=True)
    type_cell(notebook, "%%ctcount", line)
    notebook.page.keyboard.press("Tab")
    item = notebook.page.locator(".jp-Completer-item code", has_text=proposed).first
    item.wait_for()
    notebook.page.keyboard.press("Escape")
    assert source(notebook) == f"%%ctcount\n{line}"


@pytest.mark.browser
@LAB
def test_a_setting_takes_the_colours_away(notebook: Notebook) -> None:
    """One click in the Settings Editor, and every open notebook shows queries as Python."""
    activate(notebook, 0)
    notebook.dark()
    notebook.screenshot("colour-dark")
    notebook.command("settingeditor:open", query="CleverTap")
    for wanted in ("ipython", "ctcount"):
        notebook.page.get_by_label("Colour %%ctcount cells").click()
        notebook.until(partial(shows, notebook, wanted))
    notebook.screenshot("colour-setting")
