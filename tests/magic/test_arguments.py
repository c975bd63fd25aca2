"""The magics' line: what it may hold, and one message for what it may not."""

import pytest

from ct_magic.errors import UsageError
from ct_magic.magic import arguments


def test_a_cell_has_a_name_and_options() -> None:
    """The order does not matter, times are read with their unit."""
    told = arguments.of_cell("--timeout 30m pizza --dry-run --account prod", "App Launched")
    assert (told.name, told.timeout, told.dry_run, told.account) == ("pizza", 1800.0, True, "prod")
    assert told.text == "App Launched"


def test_a_line_is_a_query_after_its_options() -> None:
    """Quotes and dashes of the query are the query's own."""
    told = arguments.of_line('--account prod --refresh Charged where A = "--x" last 7 days')
    assert (told.account, told.refresh) == ("prod", True)
    assert told.text == 'Charged where A = "--x" last 7 days'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("my-df", "'my-df' cannot name a variable"),
        ("class", "'class' is a word of Python's own: take another"),
        ("df App", "the query goes on the lines below it"),
        ("App Launched last 7 days", "the query goes on the lines below it"),
        ("--help", "'%%ctcount?' shows the arguments"),
        ("-h", "'%%ctcount?' shows the arguments"),
        ("df --dryrun", "there is no --dryrun: did you mean --dry-run?"),
        ("df --timeout soon", "'soon' is no duration: write it like 90s, 30m or 2h"),
        ("df --timeout 0", "'0' is no duration"),
        ("df --timeout", "--timeout takes a value, as in --timeout 30m"),
        ('df --timeout ""', "'' is no duration"),
        ('df --account ""', "--account takes a value, as in --account prod"),
        ("df --timeout 5 minutes", "a time is one word: --timeout 5m, not 5 minutes"),
        ("--timeout 2 hours", "a time is one word: --timeout 2h, not 2 hours"),
        ("df -p", "there is no -p: the options are --account, "),
        ("df --max-counts 900", "it is a setting, '%config CountMagics.max_counts = ...'"),
        ("df --plot=yes", "--plot takes no value"),
        ("df # the first", "'#' is a word too many"),
        ("df --plot --background", "--plot draws in the cell that waits"),
        ('df "', "cannot be read"),
    ],
)
def test_a_wrong_line_says_what_is_right(line: str, said: str) -> None:
    """One message; nothing is sent."""
    with pytest.raises(UsageError) as caught:
        arguments.of_cell(line, "App Launched")
    assert said in str(caught.value)


def test_a_unit_on_its_own_is_no_part_of_the_query() -> None:
    """`--timeout 5 minutes App Launched` would ask for the event "minutes App Launched"."""
    with pytest.raises(UsageError, match="a time is one word: --timeout 5m"):
        arguments.of_line("--timeout 5 minutes App Launched")
    assert arguments.of_cell("--timeout 90 s", "App Launched").name == "s"
    assert arguments.of_cell("--timeout 30M", "App Launched").timeout == 1800.0


def test_an_option_behind_the_query_is_told_its_place() -> None:
    """Left in the query it would read as a comment of another language."""
    with pytest.raises(UsageError, match="options come before the query: '%ctcount --refresh"):
        arguments.of_line("App Launched last 7 days --refresh")
    assert arguments.of_line('A where B = " --refresh"').text == 'A where B = " --refresh"'


def test_a_passcode_set_like_a_variable_is_not_repeated() -> None:
    """`passcode=...` is no name; in a query it may be a property's."""
    with pytest.raises(UsageError, match="asks for it hidden") as caught:
        arguments.of_cell("passcode=hunter2", "App Launched")
    assert "hunter2" not in str(caught.value)
    assert arguments.of_line('Login where passcode="x"').text == 'Login where passcode="x"'


@pytest.mark.parametrize(
    "line", ["--passcode hunter2", "df --passcode=hunter2", "--pass hunter2 x"]
)
def test_a_passcode_on_the_line_is_refused_and_not_repeated(line: str) -> None:
    """A notebook saves its cells: the reason is given, the passcode is not."""
    for read in (lambda: arguments.of_cell(line, "x"), lambda: arguments.of_line(line)):
        with pytest.raises(UsageError, match="asks for it hidden") as caught:
            read()
        assert "hunter2" not in str(caught.value)
