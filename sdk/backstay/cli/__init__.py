"""The command line: `backstay demo | doctor | classify | explain | sandbox`. Needs the extra `cli`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; without its libraries say how to get them."""
    try:
        from backstay.cli.app import app
    except ModuleNotFoundError as missing:
        if missing.name not in {"typer", "rich"}:
            raise
        sys.stderr.write(f'{missing.name} is missing: pip install "backstay[cli]"\n')
        raise SystemExit(2) from None
    app()
