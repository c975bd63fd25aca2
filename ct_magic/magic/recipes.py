"""Questions that analysts have a word for, and the cell that answers each: `%ct help retention`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """A question's words, a cell that answers it, and what its numbers say and do not say."""

    words: tuple[str, ...]
    title: str
    cell: str
    says: str


RECIPES = (
    Recipe(
        ("retention", "cohort", "cohorts", "triangle"),
        "Retention: of those who came first in a week, how many were back weeks later",
        "%%ctcount retention --plot\nApp Installed last 12 weeks\n"
        "  share did App Launched after 0..11 weeks\n  by first week",
        "A row for each week and number of weeks after it; 'share' is the part of the week's own\n"
        "people. Weeks that are not over are 'not yet'. 'First' means first in these 12 weeks;\n"
        "for first ever add: where session.first_time = true.",
    ),
    Recipe(
        ("funnel", "conversion", "steps"),
        "Funnel: how many of those who did one thing did the next ones, too",
        "%%ctcount funnel --plot\nApp Installed last 30 days\n"
        "  share did Product Viewed\n  share did Charged",
        "Each step is counted inside the steps before it. The order in time is not known: whoever\n"
        "did all of them in these days counts, in any order.",
    ),
    Recipe(
        ("a/b", "ab", "experiment", "compare", "significance"),
        "A/B: whether one group does it more often than another, and how sure that is",
        "%%ctcount test --plot\ntest: App Launched last 28 days\n  share did Charged\n"
        '  by profile.Group in ("control", "treated")',
        "ct_magic.compare(test) puts each value beside the first: the difference of their shares,\n"
        "its 95 % interval, and how often chance alone makes one as large. It is the new\n"
        "version's only where chance chose the groups.",
    ),
    Recipe(
        ("segment", "segments", "audience"),
        "Segment: people described by several things that they did or did not do",
        "%%ctcount loyal\nloyal: App Launched last 7 days\n"
        "  did Charged where Amount > 100 last 90 days\n  did not App Uninstalled last 90 days",
        "A segment is written where it is counted: clauses below an event describe its people.\n"
        "A variable stands for a value, a date or an event's name, never for a whole query. To\n"
        "count it for each value, put 'by profile.Plan in (...)' at its end.",
    ),
    Recipe(
        ("overlap", "intersection", "both"),
        "Overlap: how many are in both of two groups",
        "%%ctcount overlap\nviewed: Product Viewed last 30 days\n"
        "charged: Charged last 30 days\nboth: Product Viewed last 30 days\n  did Charged",
        "'did' without a period takes the statement's. Those in either group are the first two\n"
        "rows minus the third.",
    ),
    Recipe(
        ("schedule", "cron", "daily", "unattended", "papermill"),
        "Schedule: the same notebook every morning",
        "papermill report.ipynb report-today.ipynb      # from cron or another scheduler",
        "Put CLEVERTAP_ACCOUNT_ID, CLEVERTAP_PASSCODE and CLEVERTAP_REGION in its environment\n"
        "and let CT_MAGIC_STATE_DIR name a folder that stays: days that are over come from the\n"
        "journal, and after a failure only what is missing is asked. A cell whose counts did not\n"
        "arrive fails, and with it the run.",
    ),
    Recipe(
        ("watch", "monitor", "live", "alert"),
        "Watch: how today compares, each time the cell is run",
        "%%ctcount today --refresh\nCharged today by hour",
        "--refresh asks anew; without it days that are over come from the journal. Counts of\n"
        "today grow until the day is over. For an alert let a scheduled notebook fail:\n"
        "assert today['count'].sum() > 0. See also %ct help schedule.",
    ),
)

_MORE = "More questions, each with its picture: notebooks/recipes.ipynb beside the source."


def find_recipe(text: str) -> str | None:
    """Return the recipe for a word as text, or None where there is none."""
    word = text.strip().lower()
    recipe = next((recipe for recipe in RECIPES if word in recipe.words), None)
    return None if recipe is None else text_of(recipe)


def text_of(recipe: Recipe) -> str:
    """Return a recipe as `%ct help` prints it."""
    cell = "\n".join(f"    {line}" for line in recipe.cell.split("\n"))
    return f"{recipe.title}\n\n{cell}\n\n{recipe.says}\n\n{_MORE}\n"
