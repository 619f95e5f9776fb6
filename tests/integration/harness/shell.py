# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read Exchange Management Shell lines the way PowerShell would, to compare what was shown with what was run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .journal import CmdletLine

# Marks a command that is run only while its effect is not there yet.
CONDITION = re.compile(r"\s+# if still (missing|present)$")

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<parameter>-[A-Za-z]\w*)(?P<colon>:)?
      | (?P<constant>\$\w+)
      | (?P<comma>,)
      | (?P<word>[^\s,'$-][^\s,]*|-?\d[^\s,]*)
    )""",
    re.VERBOSE,
)
_CONSTANTS = {"$true": True, "$false": False, "$null": None}

Call = tuple[str, dict[str, Any]]


def parse(line: str) -> Call:
    """Cmdlet and named parameters of one line; a switch without a value is True."""
    position = 0
    tokens: list[tuple[str, Any]] = []
    line = line.strip()
    while position < len(line):
        match = _TOKEN.match(line, position)
        if match is None:
            raise ValueError(f"PowerShell would not read this line after column {position}: {line}")
        position = match.end()
        if match["text"] is not None:
            tokens.append(("value", match["text"][1:-1].replace("''", "'")))
        elif match["parameter"] is not None:
            tokens.append(("parameter", match["parameter"][1:]))
        elif match["constant"] is not None:
            tokens.append(("value", _CONSTANTS[match["constant"].lower()]))
        elif match["comma"] is not None:
            tokens.append(("comma", None))
        else:
            word = match["word"]
            tokens.append(("value", int(word) if re.fullmatch(r"-?\d+", word) else word))
    cmdlet = str(tokens[0][1])
    parameters: dict[str, Any] = {}
    index = 1
    while index < len(tokens):
        kind, name = tokens[index]
        if kind != "parameter":
            raise ValueError(f"a value without a parameter in: {line}")
        values: list[Any] = []
        index += 1
        while index < len(tokens) and tokens[index][0] == "value":
            values.append(tokens[index][1])
            index += 1
            if index < len(tokens) and tokens[index][0] == "comma":
                index += 1
            else:
                break
        parameters[name] = True if not values else values[0] if len(values) == 1 else values
    return cmdlet, parameters


def _comparable(value: Any) -> Any:
    """One shape for what PowerShell would bind alike: one-element lists, numbers as text."""
    if isinstance(value, (list, tuple)):
        return [_comparable(item) for item in value] if len(value) != 1 else _comparable(value[0])
    return value if isinstance(value, bool) or value is None else str(value)


def _same(shown: Call, run: CmdletLine) -> bool:
    ours = {name.lower(): _comparable(value) for name, value in shown[1].items()}
    theirs = {name.lower(): _comparable(value) for name, value in run.parameters.items()}
    return shown[0].lower() == run.cmdlet.lower() and ours == theirs


def assert_shown_is_run(commands: Sequence[str], writes: Sequence[CmdletLine]) -> None:
    """Every write was shown, in this order, and every command shown was run; a conditional one may be left out."""
    pending = list(writes)
    for command in commands:
        conditional = CONDITION.search(command) is not None
        call = parse(CONDITION.sub("", command))
        if pending and _same(call, pending[0]):
            pending.pop(0)
        elif not conditional:
            found = f"{pending[0].cmdlet} {dict(pending[0].parameters)}" if pending else "nothing more"
            raise AssertionError(f"shown but not run at this point:\n  {command}\nrun instead:\n  {found}")
    assert not pending, "run but never shown: " + "; ".join(f"{one.cmdlet} {dict(one.parameters)}" for one in pending)
