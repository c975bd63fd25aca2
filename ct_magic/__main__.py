"""`python -m ct_magic check [ACCOUNT]`: what an account's answers say of the service."""

from __future__ import annotations

import argparse
import sys

from ct_magic.common.words import encodable
from ct_magic.errors import CtMagicError

HOLDS, DOES_NOT, NOT_ASKED = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, ask, print the table; return the exit code."""
    from ct_magic.counting.account_check import check

    parser = argparse.ArgumentParser(prog="python -m ct_magic", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    about = (
        "ask an account some small counts whose answers must agree; "
        "exit 0 where all of it holds, 1 where some does not, 2 where it could not be asked"
    )
    check_command = commands.add_parser("check", help=about, description=about)
    one_in_use = "the one in use, unless named"
    check_command.add_argument("account", nargs="?", metavar="ACCOUNT", help=one_in_use)
    chosen = parser.parse_args(arguments)
    try:
        result = check(chosen.account, say=lambda line: print(line, file=sys.stderr, flush=True))
    except CtMagicError as error:
        print(f"ct_magic: {error}", file=sys.stderr)
        return NOT_ASKED
    print(encodable(str(result), sys.stdout))
    return HOLDS if result.holds else DOES_NOT


if __name__ == "__main__":
    sys.exit(main())
