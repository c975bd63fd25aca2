"""The wheel in an environment of its own: base dependencies, a kernel, and nothing else of ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from importlib.util import find_spec
from pathlib import Path

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from packaging.requirements import Requirement

from ct_magic.sandbox import Sandbox

# What `jupyter labextension` runs; JupyterLab is imported once for two commands.
LABEXTENSION = """
import os, sys
sys.modules["rfc3987_syntax"] = None  # see conftest.py
from importlib.metadata import entry_points
(script,) = entry_points(group="console_scripts", name="jupyter-labextension")
main = script.load()
for words in (["list"], ["disable", "--level=user", "ct-magic"]):
    if not os.fork():
        raise SystemExit(main(words))
    assert os.wait()[1] == 0
"""
COUNT = "%%ctcount --dry-run\nCharged where Amount > 5 2026-10"


def pip(python: Path, *arguments: str | Path) -> str:
    """Run our pip for another python, as `pip --python` does with a second process."""
    spec = find_spec("pip")
    assert spec is not None
    assert spec.origin is not None
    command = [python, Path(spec.origin).with_name("__pip-runner__.py"), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(folder: Path) -> Path:
    """Make a venv; give its python."""
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin" / "python"


def files(folder: Path) -> set[Path]:
    # Folders are pip's own affair: it leaves those of share/jupyter, which are everybody's.
    return {path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture(autouse=True)
def installed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is imported is what was installed, wherever the developer's own copy is found."""
    monkeypatch.delenv("PYTHONPATH", raising=False)


@pytest.fixture(scope="module")
def python(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The python of a venv with the wheel, what it needs, and a kernel.

    What it needs is linked as it is installed here, which takes a tenth of the time.
    """
    interpreter = environment(tmp_path_factory.mktemp("installed") / "venv")
    how = ["--quiet", "--no-compile", "--no-deps", "--no-index"]
    pip(interpreter, "install", *how, *dist.glob("*.whl"))
    (ours,) = packages(interpreter).glob("ct_magic-*.dist-info")
    base = [text for text in Distribution.at(ours).requires or () if "extra ==" not in text]
    linked(packages(interpreter), ["ipykernel", *base])
    return interpreter


def packages(python: Path) -> Path:
    (folder,) = (python.parent.parent / "lib").glob("python*/site-packages")
    return folder


def linked(folder: Path, wanted: Iterable[str]) -> None:
    """Put these packages, and all that they need themselves, where a venv finds its own."""
    requirements, known = [Requirement(text) for text in wanted], set()
    while requirements:
        requirement = requirements.pop()
        package = distribution(requirement.name)
        assert requirement.specifier.contains(package.version, prereleases=True)
        for top in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(package.locate_file(top))
        for extra in {"", *requirement.extras} - {e for name, e in known if name == package.name}:
            known.add((package.name, extra))
            inner = [Requirement(text) for text in package.requires or ()]
            requirements += [
                one for one in inner if not one.marker or one.marker.evaluate({"extra": extra})
            ]


def startup(python: Path) -> Path:
    return python.parent.parent / "etc" / "ipython" / "startup"


def ipython(python: Path, code: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run code in the environment's terminal IPython, as a user with this home would."""
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [python, "-m", "IPython", "--colors=NoColor", "-c", code],
        check=False,
        capture_output=True,
        text=True,
        input="a-passcode\n",
        start_new_session=True,  # no terminal: what asks there must take the line above
        env=os.environ | {"IPYTHONDIR": str(home), "HOME": str(home)},
        cwd=home,
    )


def startup_file(home: Path, text: str) -> None:
    folder = home / "profile_default" / "startup"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "00-mine.py").write_text(text, encoding="utf-8")


@pytest.fixture
def kernel(python: Path, account: Sandbox, state: Path) -> Iterator[BlockingKernelClient]:
    """A client of the environment's own kernel."""
    spec = {"argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    (state / "kernels" / "installed").mkdir(parents=True)
    spec_json = json.dumps(spec | {"display_name": "installed", "language": "python"})
    (state / "kernels" / "installed" / "kernel.json").write_text(spec_json, encoding="utf-8")
    specs = KernelSpecManager(kernel_dirs=[str(state / "kernels")], ensure_native_kernel=False)
    manager = KernelManager(kernel_name="installed", kernel_spec_manager=specs)
    manager.start_kernel(env=os.environ | {"IPYTHONDIR": str(state)}, cwd=str(state))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=90)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def printed(client: BlockingKernelClient, code: str) -> str:
    texts: list[str] = []

    def hear(message: dict[str, dict[str, str]]) -> None:
        texts.append(message["content"].get("text", ""))

    reply = client.execute_interactive(code, timeout=90, output_hook=hear)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(texts)


def test_a_cell_counts_without_load_ext(kernel: BlockingKernelClient, python: Path) -> None:
    """A new kernel has imported nothing of ours, answers Tab, and counts over real HTTP."""
    heavy = "import sys; print({'ct_magic', 'pandas', 'requests', 'lark'} & set(sys.modules))"
    assert printed(kernel, heavy) == "set()\n"
    code = "%%ctcount\nCharged wh"
    reply = kernel.complete(code, len(code), reply=True, timeout=90)["content"]
    assert reply["matches"] == ["where"]
    printed(kernel, "%config CountMagics.poll_interval = 0.01")
    printed(kernel, "%%ctcount found\nCharged 2026-10")
    output = printed(kernel, "import ct_magic; print(found['count'][0], ct_magic.__file__)")
    count, path = output.strip().split(maxsplit=1)
    assert int(count) > 0
    assert Path(path).is_relative_to(python.parent.parent)


def test_the_users_own_configuration_is_obeyed(python: Path, tmp_path: Path) -> None:
    """Their configuration, their startup file and another package's all run beside ours."""
    home = tmp_path / "home"
    startup_file(home, "mine = 1")
    config = home / "profile_default" / "ipython_config.py"
    config.write_text(
        "c.InteractiveShellApp.exec_lines = ['theirs = 2']\nc.CountMagics.max_counts = 3"
    )
    other = startup(python) / "20-other.py"
    other.write_text("others = 3")
    code = "print(mine + theirs + others)\n%ctcount --dry-run Charged 2026-10 by week"
    done = ipython(python, code, home)
    other.unlink()
    assert done.stdout.startswith("6\n")
    assert "5 counts, and the limit is 3" in done.stdout


def test_an_older_startup_file_that_raises_leaves_the_line_to_type(
    python: Path, tmp_path: Path
) -> None:
    """IPython runs no further file then; `%load_ext ct_magic` does what ours would have done."""
    before = python.parent.parent.parent / "earlier"
    startup_file(before, "1 / 0")
    done = ipython(python, COUNT, before)
    assert "ZeroDivisionError" in done.stdout + done.stderr
    assert "`%%ctcount` not found" in done.stdout + done.stderr
    loaded = ipython(python, f"%load_ext ct_magic\nget_ipython().run_cell({COUNT!r})", before)
    assert '"Charged"' in loaded.stdout


def test_each_missing_extra_is_one_line_that_says_what_to_install(
    python: Path, account: Sandbox, tmp_path: Path
) -> None:
    """No traceback of an import inside; a picture in a notebook needs none."""
    quick = "%config CountMagics.poll_interval = 0.05"
    cells = [quick, "%ct use sandbox", "%ctcount --plot Charged 2026-10", "%ct login"]
    requests = len(account.log)
    done = ipython(python, f"for c in {cells}: get_ipython().run_cell(c)", tmp_path / "home")
    lines = [line for line in done.stdout.splitlines() if "extra" in line]
    assert lines == [
        "MissingExtraError: the sandbox needs the extra 'sandbox': pip install 'ct-magic[sandbox]'",
        "kept for account default for this session; "
        "keeping it for good needs the extra 'keyring': pip install 'ct-magic[keyring]'",
    ]
    assert "Traceback" not in done.stdout + done.stderr
    assert len(account.log) > requests
    alone = subprocess.run(
        [python, "-m", "ct_magic.sandbox"], check=False, capture_output=True, text=True
    )
    assert alone.returncode == 1
    assert alone.stderr == (
        "ct_magic.sandbox: the sandbox needs the extra 'sandbox': pip install 'ct-magic[sandbox]'\n"
    )


def test_what_it_needs_is_there_and_agrees(python: Path) -> None:
    """The base dependencies are all that the package imports, and pip finds no quarrel."""
    assert "No broken requirements" in pip(python, "check")


def test_uninstalling_leaves_nothing(dist: Path, tmp_path: Path) -> None:
    """From the sdist, which brings the same files as the wheel; others' files stay."""
    held: dict[str, set[Path]] = {}
    for kind in ("*.whl", "*.tar.gz"):
        folder = tmp_path / kind[-3:]
        python = environment(folder)
        linked(packages(python), ["hatchling"])  # what builds from the sdist, and nothing else
        startup(python).mkdir(parents=True)
        (startup(python) / "20-other.py").write_text("others = 3")
        before = files(folder)
        how = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
        pip(python, "install", *how, *dist.glob(kind))
        held[kind] = {path for path in files(folder) - before if path.suffix != ".json"}
        pip(python, "uninstall", "--yes", "ct-magic")
        assert files(folder) == before
    assert held["*.whl"] == held["*.tar.gz"]
    assert any(path.name == "10-ct_magic.py" for path in held["*.whl"])


def test_a_startup_file_that_was_forgotten_is_silent(
    python: Path, dist: Path, tmp_path: Path
) -> None:
    """The package's folder was deleted by hand: IPython starts, and says nothing of us."""
    half = environment(tmp_path / "half")
    startup(half).mkdir(parents=True)
    shutil.copy(startup(python) / "10-ct_magic.py", startup(half))
    for entry in packages(python).iterdir():
        if not entry.name.startswith("ct_magic"):
            (packages(half) / entry.name).symlink_to(entry)
    done = ipython(half, "print('started')", tmp_path / "home")
    assert done.stdout.splitlines() == ["started"]
    assert done.stderr == ""


def test_jupyterlab_lists_the_labextension_and_can_disable_it(python: Path, tmp_path: Path) -> None:
    """`jupyter labextension` finds it in an environment, and switches it off."""
    env = os.environ | {
        "JUPYTER_PATH": str(python.parent.parent / "share" / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(tmp_path),
    }
    command = [sys.executable, "-c", LABEXTENSION]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    said = (done.stdout + done.stderr).split("\n")
    listed = next(line for line in said if "ct-magic v" in line)
    assert "enabled" in listed
    assert "OK" in listed
    page_config = json.loads((tmp_path / "labconfig" / "page_config.json").read_text("utf-8"))
    assert page_config["disabledExtensions"] == {"ct-magic": True}
