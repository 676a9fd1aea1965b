"""The command line. Results go to stdout, messages to stderr; exit codes are 0, 1, 2 and 130 as the README says."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from cyclopts import App, Parameter
from cyclopts.exceptions import CycloptsError

from cambist import VERSION, log
from cambist.commands.console import INTERRUPTED, UNUSABLE, Stop, explain, interruptible, print_line

COMMANDS = {
    "run": "run:run",
    "record": "record:record",
    "replay": "replay:replay",
    "import": "import_:import_",
    "sessions": "sessions:sessions",
    "verify": "verify:verify",
    "balance": "balance:balance",
    "positions": "positions:positions",
    "orders": "orders:orders",
    "history": "history:history",
    "depth": "depth:depth",
    "journal": "journal:journal",
    "market": "market:market",
    "seeds": "seeds:seeds",
    "pools": "pools:pools",
    "config": "config:show_config",
    "bench": "bench:bench",
    "doctor": "doctor:doctor",
    "new-feed": "new_feed:new_feed",
    "new-strategy": "new_strategy:new_strategy",
}
"""Every command: its file in `cambist.commands` and its function there."""
DEFAULT = "run"


def _command(name: str) -> Any:
    """Returns a command's function; its file is light, so that all can be listed."""
    file, _, function = COMMANDS[name].partition(":")
    return getattr(importlib.import_module(f"cambist.commands.{file}"), function)


def version() -> str:
    """Returns version and engine build."""
    from cambist.engine import build_info

    build = build_info()
    return f"cambist {VERSION}, engine {'rust, ' + build.profile if build.native else 'reference: ' + build.why}"


app = App(
    name="cambist",
    help="A live arbitrage dashboard: watch, replay, verify.",
    version=version,
    default_parameter=Parameter(negative=()),
    suppress_keyboard_interrupt=False,  # `main` answers it with its own exit code
)
app.default(_command(DEFAULT))
for name in COMMANDS:
    app.command(_command(name), name=name)


def main(argv: list[str] | None = None) -> int:
    """Runs a command; returns its exit code."""
    interruptible()
    try:
        with log.kept(lambda lost: print_line(f"cambist: {lost}")):
            return _run(argv)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(argv: list[str] | None) -> int:
    try:
        return int(app(argv, exit_on_error=False, print_error=False, result_action="return_value") or 0)
    except Stop as end:
        if end.message:
            print_line(f"cambist: {end.message}")
            log.emit("error", "cambist", end.message)
        return end.code
    except CycloptsError as error:
        print_line(f"cambist: {error}")
        return UNUSABLE
    except Exception as error:  # what can be explained is; the rest is raised again, and is in the log by then
        log.crash("cambist", error)
        explained = explain(error)
        if explained is None:
            raise
        print_line(f"cambist: {explained}")
        return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
