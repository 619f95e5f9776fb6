# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a pipeline may hold in no-language mode: commands with parameters, never script text.

A real endpoint runs any pipeline of visible commands. The lab takes one cmdlet, followed by nothing, by Out-Default
or by Select-Object (-Property, -First, -Last, -Skip); it refuses the rest in its own name. So it does with the scripts
that the plain endpoint of WinRM would run, which has the full language.
"""

from __future__ import annotations

from dataclasses import dataclass

from psrpcore import Command, PowerShell
from psrpcore.types import PipelineResultTypes

from exchange_lab.interface import CmdletCall, CmdletError
from exchange_lab.wsman import records
from exchange_lab.wsman.psrp_values import plain
from exchange_lab.wsman.select_object import Selection, UnknownParameter

OUT_DEFAULT = "out-default"
SELECT_OBJECT = ("select-object", "select")


class Refused(Exception):
    """A pipeline that is not run."""

    def __init__(self, error: CmdletError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True)
class Statement:
    """One cmdlet, and what Select-Object picks from its output."""

    call: CmdletCall
    selections: tuple[Selection, ...] = ()


def statements(pipeline: PowerShell, full_language: bool = False) -> list[Statement]:
    """Return the statements of a pipeline. full_language: a real endpoint would run scripts.

    Raises Refused when the language mode, or the lab, does not allow it.
    """
    found: list[list[Command]] = [[]]
    for command in pipeline.commands:
        if command.is_script:
            script = str(command.command_text)
            raise Refused(records.beyond_the_lab("script text") if full_language else records.no_language(script))
        found[-1].append(command)
        if command.end_of_statement:
            found.append([])
    return [_statement(commands) for commands in found if commands]


def _statement(commands: list[Command]) -> Statement:
    if any(_merges(command) for command in commands):
        raise Refused(records.beyond_the_lab("streams merged into the output"))
    first, *rest = [cmdlet_call(command) for command in commands]
    if rest and rest[-1].name.casefold() == OUT_DEFAULT:
        rest.pop()
    for call in rest:
        if call.name.casefold() not in SELECT_OBJECT:
            raise Refused(
                records.beyond_the_lab(
                    f"{call.name} behind another command: one cmdlet, then Select-Object or Out-Default"
                )
            )
    try:
        return Statement(first, tuple(Selection.of(call) for call in rest))
    except UnknownParameter as error:
        command = "Microsoft.PowerShell.Commands.SelectObjectCommand"
        raise Refused(records.unknown_parameter("Select-Object", str(error), command)) from error


def _merges(command: Command) -> bool:
    streams = (command.merge_error, command.merge_warning, command.merge_verbose, command.merge_debug)
    return any(stream not in (None, PipelineResultTypes.none) for stream in streams)


def cmdlet_call(command: Command) -> CmdletCall:
    """Return one command with plain values. A name as typed at a prompt (-Name:) loses its dash and colon."""
    named: dict[str, object] = {}
    positional: list[object] = []
    for name, value in command.parameters:
        if name:
            named[str(name).removeprefix("-").removesuffix(":")] = plain(value)
        else:
            positional.append(plain(value))
    return CmdletCall(str(command.command_text), named, tuple(positional))
