"""A real JupyterLab or Notebook 7 in headless Chromium, driven as a person would."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "jupyter-config" / "labextension"
SHOTS = ROOT / "tests" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 90  # seconds; longer than a busy machine takes, and only a failure waits for all of it
APPUTILS = "@jupyterlab/apputils-extension"
STATUS = """() => { const w = window.jupyterapp?.shell?.currentWidget;
  const k = w?.sessionContext?.session?.kernel;
  return (k && w.context?.isReady && w.sessionContext.isReady)
    ? k.status + '/' + k.connectionStatus : 'none' }"""

# Closes what is open, without a question about what was not saved.
CLEAR = """() => { for (const widget of [...window.jupyterapp.shell.widgets("main")])
  widget.dispose(); }"""

# Makes a kernel as new for its next test, but for what takes long to import.
BEGIN = """async () => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  await kernel.requestExecute({ code: `
%reset -f
import os, sys, ipywidgets
ipywidgets.Widget.close_all()
if "ct_magic" in sys.modules:
    get_ipython().run_line_magic("unload_ext", "ct_magic")
for name in [name for name in sys.modules if name.split(".")[0] == "ct_magic"]:
    del sys.modules[name]
for name in [name for name in os.environ if name.startswith("CLEVERTAP_")]:
    del os.environ[name]
%reset -f` }).done;
  return kernel.id;
}"""

# A first cell: the session's sandbox, with as few people as a page needs.
USE_SANDBOX = """%load_ext ct_magic
from ct_magic.sandbox import Sandbox
from ct_magic.session.session import SESSION
SESSION.sandbox = Sandbox(profiles=500).start()
%ct use sandbox"""

# Keeps every text that the notebook has shown: on a busy machine some are gone before one looks.
WATCH = """() => {
  const notebook = document.querySelector(".jp-Notebook");
  window.shown = [];
  new MutationObserver(() => window.shown.push(notebook.innerText))
    .observe(notebook, { subtree: true, childList: true, characterData: true });
}"""
# Waits until something holds, and looks where the page has changed, else once a second: to look ten
# times a second costs about as much as all that is looked at.
WHEN = """([given, patience]) => new Promise((done) => {
  const holds = HOLDS;
  const look = () => (holds(given) ? end(true) : null);
  const watch = new MutationObserver(look), second = setInterval(look, 1000);
  const late = setTimeout(() => end(false), patience);
  const end = (held) => {
    watch.disconnect(); clearInterval(second); clearTimeout(late); done(held);
  };
  watch.observe(document, { subtree: true, childList: true, characterData: true });
  look();
})"""
OUTPUT = """(cell) => [...document.querySelectorAll(".jp-Notebook .jp-CodeCell")[cell]
  .querySelectorAll(".jp-OutputArea-output")].map(output => output.innerText).join("\\n")"""
HAS_OUTPUT = f"([cell, text]) => ({OUTPUT})(cell).includes(text)"
RUNS_NOTHING = """() => ![...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")]
  .some(prompt => prompt.innerText.includes("[*]:"))"""
SHOWED = "words => window.shown.some(text => words.every(word => text.includes(word)))"


def need_chromium() -> str:
    """Return Chromium's path; without one skip, or fail where CT_MAGIC_REQUIRE_BROWSER is set."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        message = "no chromium on this machine"
        if os.environ.get("CT_MAGIC_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    return path


@contextmanager
def chromium() -> Iterator[str]:
    """Start Chromium; give the address at which it is driven.

    It loads a second page in a quarter of the time, so all tests of a process share one. It is
    started by a thread of its own: in a thread that drives it, asyncio is occupied.
    """
    path, port, over = need_chromium(), _free_port(), threading.Event()

    def run() -> None:
        with sync_playwright() as play:
            flags = [*FLAGS, f"--remote-debugging-port={port}"]
            browser = play.chromium.launch(
                executable_path=path, args=flags, timeout=PATIENCE * 1000
            )
            over.wait()
            browser.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        _until(lambda: _answers(f"http://127.0.0.1:{port}/json/version"))
        yield f"http://127.0.0.1:{port}"
    finally:
        over.set()
        thread.join()


@contextmanager
def connected(chromium: str) -> Iterator[Browser]:
    """Connect this thread to Chromium; until the end asyncio is occupied in it."""
    with sync_playwright() as play:
        yield play.chromium.connect_over_cdp(chromium, timeout=PATIENCE * 1000)


@contextmanager
def page(browser: Browser, width: int = 1200, height: int = 900) -> Iterator[Page]:
    """Open an empty page that shares nothing with another one but the browser."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    yield page
    context.close()


@contextmanager
def server(
    root: Path,
    *,
    settings: dict[str, Any] | None = None,
    env: dict[str, str] | None = None,
    extension: bool = False,
) -> Iterator[str]:
    """Serve `root` with JupyterLab, which serves Notebook 7 as well; give the address.

    `extension` puts our labextension there, as it stands in the tree: what an editable install
    copied may be older.
    """
    port, home = _free_port(), root / ".home"
    if extension:
        shutil.copytree(EXTENSION, home / "first" / "labextensions" / "ct-magic")
    chosen: dict[str, dict[str, Any]] = {
        f"{APPUTILS}/notification": {"fetchNews": "false", "checkForUpdates": False},
        # Or a kernel that takes more than a second for Tab is not heard.
        "@jupyterlab/completer-extension/manager": {"providerTimeout": PATIENCE * 1000},
    }
    for name, values in (chosen | (settings or {})).items():
        choose(root, name, values)
    # Or each page that is loaded starts Node, to see whether JupyterLab is to be built anew.
    page_config = home / "config" / "labconfig" / "page_config.json"
    page_config.parent.mkdir(parents=True, exist_ok=True)
    page_config.write_text(json.dumps({"buildCheck": False, "buildAvailable": False}))
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--ServerApp.disable_check_xsrf=True",
        f"--ServerApp.root_dir={root}",
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
    ]
    with (root / ".server.log").open("w") as log:
        process = subprocess.Popen(
            command,
            env=_environment(home) | (env or {}),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _until(lambda: _answers(f"http://127.0.0.1:{port}/api/status"))
            yield f"http://127.0.0.1:{port}"
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        # A server that hangs at its end is none of our tests' subjects; its kernels see it go.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def choose(root: Path, name: str, values: dict[str, Any]) -> None:
    """Set what pages that are opened from here on find in their settings."""
    file = root / ".home" / "settings" / f"{name}.jupyterlab-settings"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(values))


class Notebook:
    """A notebook that is open in the browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def command(self, name: str, *, wait: bool = False, **args: Any) -> None:
        """Carry out a command of JupyterLab's; `wait` until it is through."""
        ending = "p.then(() => null)" if wait else "(p.catch(() => null), null)"
        script = "([c, a]) => { const p = window.jupyterapp.commands.execute(c, a); return %s; }"
        self.page.evaluate(script % ending, [name, args])

    def run_all(self) -> None:
        """Run every cell and wait until none is running."""
        self.command("notebook:run-all-cells", wait=True)
        self.wait_run()

    def wait_run(self) -> None:
        """Wait until no cell has the prompt of a running one."""
        time.sleep(0.3)
        self._when(RUNS_NOTHING)

    def until(self, holds: Callable[[], object]) -> None:
        """Wait until this holds; raise TimeoutError where it never does."""
        _until(holds)

    def _when(self, holds: str, given: object = None) -> None:
        if not self.page.evaluate(WHEN.replace("HOLDS", holds), [given, PATIENCE * 1000]):
            raise TimeoutError

    def output(self, cell: int) -> str:
        """Return the text of a code cell's outputs."""
        text: str = self.page.evaluate(OUTPUT, cell)
        return text

    def wait_output(self, cell: int, text: str) -> None:
        """Wait until a code cell's outputs hold this text."""
        self._when(HAS_OUTPUT, [cell, text])

    def watch(self) -> None:
        """Keep what the notebook shows from here on, for `wait_showed`."""
        self.page.evaluate(WATCH)

    def wait_showed(self, *words: str) -> None:
        """Wait until the notebook has shown these together, if only for a moment."""
        self._when(SHOWED, list(words))

    def source(self, cell: int) -> str:
        """Return the text of a cell as it stands."""
        script = "n => window.jupyterapp.shell.currentWidget.content.model.cells.get(n)"
        text: str = self.page.evaluate(f"{script}.sharedModel.getSource()", cell)
        return text

    def tab(self, cell: int) -> list[tuple[str, str]]:
        """Press Tab at the end of a cell; give what is proposed, text and kind."""
        self.page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(cell).click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.press("Tab")
        shown = self.page.locator(".jp-Completer:not(.lm-mod-hidden) .jp-Completer-item")
        _until(shown.count)
        parts = (".jp-Completer-match", ".jp-Completer-typeExtended")
        texts, kinds = (shown.locator(part).all_inner_texts() for part in parts)
        return list(zip(texts, kinds, strict=True))

    def reload(self) -> None:
        """Press the browser's Reload and wait until the page is back."""
        self.page.reload()
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", state="visible")
        # JupyterLab opens once more what its address names, when it has asked for it.
        self.page.evaluate("() => window.jupyterapp.restored.then(() => null)")
        self.page.wait_for_load_state("networkidle")

    def light(self) -> None:
        """Choose JupyterLab's light theme, where the dark one is chosen."""
        if self.page.evaluate("document.body.dataset.jpThemeLight") == "false":
            self.command("apputils:change-theme", theme="JupyterLab Light", wait=True)
            self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def dark(self) -> None:
        """Choose JupyterLab's dark theme."""
        self.command("apputils:change-theme", theme="JupyterLab Dark", wait=True)
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def screenshot(self, name: str) -> None:
        """Keep a picture in tests/screenshots."""
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")


class Desk:
    """One page of Chromium in which a JupyterLab or Notebook 7 opens notebooks, one at a time.

    To load JupyterLab takes nine seconds of a processor, and to open a notebook in it half a one.
    """

    def __init__(self, page: Page, address: str, root: Path, app: str = "lab") -> None:
        self.page, self.root, self.app = page, root, app
        self._address, self._loaded = address, False
        self._shared: str | None = None  # the id of a kernel that tests share

    @contextmanager
    def open(
        self,
        *cells: str,
        name: str,
        width: int = 1200,
        height: int = 900,
        shared: bool = False,
    ) -> Iterator[Notebook]:
        """Write a notebook of these cells, open it in place of the last, and wait for its kernel.

        A name is one test's alone: its kernel goes on. A `shared` one is JupyterLab's alone, was
        made for an earlier test, and is as new: to start one takes two seconds of a processor.
        """
        written = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={
                "kernelspec": {"name": "python3", "display_name": "python3", "language": "python"}
            },
        )
        nbformat.write(written, self.root / name)
        loaded, self._loaded = self._loaded, False  # where this fails the next one begins anew
        self.page.set_viewport_size({"width": width, "height": height})
        notebook = Notebook(self.page)
        if self.app == "notebook":
            self.page.goto(f"{self._address}/notebooks/{name}")
        else:
            if not loaded:
                self.page.goto(f"{self._address}/lab?reset")
                self.page.wait_for_function("window.jupyterapp?.restored.then(() => true)")
            self.page.evaluate(CLEAR)
            notebook.light()
            kernel = {"kernel": {"id": self._shared}} if shared and self._shared else {}
            notebook.command("docmanager:open", path=name, wait=True, **kernel)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", state="visible")
        _until_idle(self.page)
        if self.app == "notebook":  # whose last theme was kept, as JupyterLab's
            notebook.light()
        if shared:
            self._shared = self.page.evaluate(BEGIN)
        self._loaded = self.app == "lab"
        try:
            yield notebook
        except BaseException:
            self._loaded = False
            notebook.screenshot(f"failed-{Path(name).stem}")
            raise


@contextmanager
def desk(chromium: str, address: str, root: Path, app: str = "lab") -> Iterator[Desk]:
    """Open a page for the notebooks of a server."""
    with connected(chromium) as browser, page(browser) as browser_page:
        yield Desk(browser_page, address, root, app)


class Desks:
    """The pages that tests share: each is opened for the first that needs it."""

    def __init__(self, chromium: str, served: tuple[str, Path]) -> None:
        self._chromium, self._served = chromium, served
        self._open, self._desks = ExitStack(), dict[str, Desk]()
        self._browser: Browser | None = None

    def browser(self) -> Browser:
        """Return the connection that all pages share: a thread can have one."""
        if self._browser is None:
            self._browser = self._open.enter_context(connected(self._chromium))
        return self._browser

    def desk(self, app: str) -> Desk:
        """Return the page of JupyterLab (`lab`) or of Notebook 7 (`notebook`)."""
        if app not in self._desks:
            empty = self._open.enter_context(page(self.browser()))
            self._desks[app] = Desk(empty, *self._served, app)
        return self._desks[app]

    def close(self) -> None:
        """Close all pages, and leave asyncio to other tests."""
        self._open.close()
        self._desks.clear()
        self._browser = None


def _environment(home: Path) -> dict[str, str]:
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "HOME": "",
        "JUPYTER_PATH": "first",
        "JUPYTER_RUNTIME_DIR": "run",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "CT_MAGIC_STATE_DIR": "state",
        "CT_MAGIC_CONFIG_DIR": "ct_magic",
    }
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return os.environ | {k: str(home / v) for k, v in places.items()} | {"PYTHONPATH": path}


def _until_idle(page: Page) -> None:
    # There is a flap from idle to connecting and back when a kernel starts.
    _until(lambda: page.evaluate(STATUS) == "idle/connected")
    time.sleep(0.3)
    _until(lambda: page.evaluate(STATUS) == "idle/connected")


def _until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.1)  # a look at a page costs up to ten milliseconds of the processor


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=20) as response:  # noqa: S310 # our own server
            return bool(response.status == 200)
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])
