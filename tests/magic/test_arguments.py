"""The magics' line: what it may hold, and one message for what it may not."""

import pytest

from ct_magic.errors import UsageError
from ct_magic.magic import arguments


def test_a_cell_has_a_name_and_options() -> None:
    """The order does not matter, times are read with their unit."""
    invocation = arguments.of_cell("--timeout 30m pizza --dry-run --account prod", "App Launched")
    assert (invocation.name, invocation.timeout, invocation.account) == ("pizza", 1800.0, "prod")
    assert invocation.dry_run == "some"
    assert invocation.text == "App Launched"


def test_a_line_is_a_query_after_its_options() -> None:
    """Quotes and dashes of the query are the query's own."""
    invocation = arguments.of_line('--account prod --refresh Charged where A = "--x" last 7 days')
    assert (invocation.account, invocation.refresh) == ("prod", True)
    assert invocation.text == 'Charged where A = "--x" last 7 days'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("my-df", "'my-df' cannot name a variable"),
        ("class", "'class' is a word of Python's own: take another"),
        ("None", "'None' is a word of Python's own"),
        ("__builtins__", "'__builtins__' is a word of Python's own"),
        ("__name__ --plan", "'__name__' is a word of Python's own"),
        ("get_ipython", "'get_ipython' is a word of Python's own"),
        ("df App", "the query goes on the lines below it"),
        ("App Launched last 7 days", "the query goes on the lines below it"),
        ("--help", "'%%ctcount?' shows the arguments"),
        ("-h", "'%%ctcount?' shows the arguments"),
        ("df --dryrun", "there is no --dryrun: did you mean --dry-run?"),
        ("df --timeout soon", "'soon' is no duration: write it like 90s, 30m or 2h"),
        ("df --timeout 0", "'0' is no duration"),
        ("df --timeout", "--timeout takes a value, as in --timeout 30m"),
        ('df --timeout ""', "--timeout takes a value, as in --timeout 30m"),
        ("df --timeout 30 m", "a time is one word: --timeout 30m, not 30 m"),
        ("df --timeout 30\tm", "a time is one word: --timeout 30m, not 30 m"),
        ("df --timeout 1 h 30 m", "a time is one word: --timeout 90m, not 1 h 30 m"),
        ("--timeout 2 weeks", "'2 weeks' is no duration: write it like 90s, 30m or 2h"),
        ("df --timeout 500 ms", "'500 ms' is no duration"),
        ("df --timeout=90 s", "a time is one word: --timeout 90s, not 90 s"),
        ("df --timeout 1h 30m", "a time is one word: --timeout 90m, not 1h 30m"),
        ("df --plot --plot", "--plot is there twice"),
        ('df --account "my prod', "the quote behind --account is not closed"),
        ("df --dry-run=some", "--dry-run takes all, or no value"),
        ('df --account ""', "--account takes a value, as in --account prod"),
        ("df --timeout 5 minutes", "a time is one word: --timeout 5m, not 5 minutes"),
        ("--timeout 2 hours", "a time is one word: --timeout 2h, not 2 hours"),
        ("df -p", "there is no -p: the options are --account, "),
        ("df --max-counts 900", "it is a setting, '%config CountMagics.max_counts = ...'"),
        ("df --plot=yes", "--plot takes no value"),
        ("df --plot --background", "--plot draws in the cell that waits"),
        ('df "', "unexpected"),
        ("df --plan App", "unexpected 'App' behind the variable 'df'"),
    ],
)
def test_a_wrong_line_says_what_is_right(line: str, message: str) -> None:
    """One message; nothing is sent."""
    with pytest.raises(UsageError) as caught:
        arguments.of_cell(line, "App Launched")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        '--account  "my prod"  --timeout\t30m --refresh Charged',
        "--account='my prod' --timeout=30m  --refresh\tCharged",
        '--account "my prod"\u00a0--timeout 30m --refresh   Charged',
        '--refresh --timeout  30m\t--account="my prod" Charged',
    ],
)
def test_both_forms_read_their_options_alike(line: str) -> None:
    """Several spaces, tabs, no-break spaces, an equals sign and quotes change nothing."""
    typed = arguments.of_line(line)
    above = arguments.of_cell(line, "App Launched")
    assert typed.text == above.name == "Charged"
    for invocation in (typed, above):
        assert (invocation.account, invocation.timeout, invocation.refresh) == (
            "my prod",
            1800.0,
            True,
        )


@pytest.mark.parametrize(
    "line", ["df # a note", "\u00a0df\u00a0", "df --refresh # --plot", "df\t# x"]
)
def test_a_note_and_odd_spaces_are_no_part_of_the_name(line: str) -> None:
    """People comment their cells, and paste lines from web pages."""
    invocation = arguments.of_cell(line, "App Launched")
    assert (invocation.name, invocation.plot) == ("df", False)


def test_what_looks_like_an_option_in_a_comment_or_a_text_is_none() -> None:
    """`# see --plot` says something to people, `"--refresh"` is a value."""
    for text in ("Charged today # see --plot", "Charged where A = 'it\\'s --plot'"):
        assert arguments.of_line(text).text == text
    with pytest.raises(UsageError, match="options come before the query: '%ctcount --timeout"):
        arguments.of_line("Charged today --timeout=5m # later")


@pytest.mark.parametrize(
    ("line", "dry_run"),
    [("--dry-run x", "some"), ("--dry-run all x", "all"), ("--dry-run=all x", "all")],
)
def test_a_dry_run_may_say_all(line: str, dry_run: str) -> None:
    """Only the word `all` is its value: another one is the variable, or the query."""
    assert arguments.of_cell(line, "App Launched").dry_run == dry_run
    assert arguments.of_line(line).text == "x"


def test_a_unit_on_its_own_is_no_part_of_the_query() -> None:
    """`--timeout 5 minutes App Launched` would ask for the event "minutes App Launched"."""
    with pytest.raises(UsageError, match="a time is one word: --timeout 5m"):
        arguments.of_line("--timeout 5 minutes App Launched")
    assert arguments.of_cell("--timeout 90s s", "App Launched").name == "s"
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
