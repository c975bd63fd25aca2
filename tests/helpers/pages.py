"""The pages that are read: README and the folders' own, and their fenced blocks."""

import re
from pathlib import Path

from ct_magic.query.help import Topic

ROOT = Path(__file__).parents[2]
FOLDERS = ("ct_magic", "notebooks", "tests")
PATHS = [
    ROOT / "README.md",
    *sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("README.md")),
]
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PATHS}


def blocks(page: str, kind: str) -> list[str]:
    """Return the fenced blocks of a kind, in their order."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL)


def examples(topic: Topic) -> list[str]:
    """Return the cells of a topic of the help, as they are typed."""
    paragraphs = (part for part in topic.text.split("\n\n") if part.startswith("    "))
    return [re.sub("^    ", "", part, flags=re.MULTILINE) for part in paragraphs]
