# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`python -m exchange_lab`: start, stop and read a lab from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from exchange_lab import process
from exchange_lab.interface import LabError
from exchange_lab.journal import read


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="exchange_lab", description="A simulated Exchange organisation on loopback.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("up", "start a lab in the background; returns when every endpoint answers"),
        ("serve", "run a lab in the foreground until it is interrupted"),
    ):
        start = commands.add_parser(name, help=text)
        start.add_argument("file", type=Path, help="the lab file (YAML)")
        _add_state(start)
        start.add_argument("--fresh", action="store_true", help="forget what an earlier run in the directory left")
        if name == "serve":
            start.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    _add_state(commands.add_parser("down", help="stop the lab of a state directory"))
    journal = commands.add_parser("journal", help="print the journal, one JSON object a line")
    _add_state(journal)
    journal.add_argument("--writes", action="store_true", help="only cmdlets that may change something")
    return top


def _add_state(command: argparse.ArgumentParser) -> None:
    command.add_argument("--state", type=Path, required=True, metavar="DIR", help="the directory of the lab's files")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0, or 1 after one sentence on stderr."""
    chosen = parser().parse_args(arguments)
    ready_fd: int | None = getattr(chosen, "ready_fd", None)
    try:
        _run(chosen)
    except LabError as error:
        if ready_fd is not None:
            process.tell(ready_fd, str(error))
        print(f"exchange_lab: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    return 0


def _run(chosen: argparse.Namespace) -> None:
    if chosen.command == "up":
        pid = process.up(chosen.file, chosen.state, chosen.fresh)
        print(f"The lab answers (process {pid}); its endpoints are in {chosen.state / 'lab.json'}.")
    elif chosen.command == "serve":
        process.serve(chosen.file, chosen.state, chosen.fresh, chosen.ready_fd)
    elif chosen.command == "down":
        stopped = process.down(chosen.state)
        print("The lab is stopped." if stopped else f"No lab runs in {chosen.state}.")
    else:
        _print_journal(chosen.state, chosen.writes)


def _print_journal(state: Path, writes: bool) -> None:
    path = state / "journal.jsonl"
    if not path.exists():
        raise LabError(f"{path} does not exist; is {state} the state directory of a lab?")
    for entry in read(path):
        if not writes or entry.get("write"):
            print(json.dumps(entry, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
