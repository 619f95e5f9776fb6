# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Get-Command: what the session's account may call. It is one of the few cmdlets of PowerShell itself that a
restricted session has; its output there is a selection of CommandInfo (which properties exactly is unverified)."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import cast

from exchange_lab.clixml import Complex, Value
from exchange_lab.cmdlets.binding import visible_parameters
from exchange_lab.cmdlets.definition import Cmdlet, Invocation, Parameter
from exchange_lab.cmdlets.texts import Text
from exchange_lab.interface import CmdletError
from exchange_lab.values import kinds
from exchange_lab.values.enums import EnumType

_COMMAND_TYPES = EnumType(
    "System.Management.Automation.CommandTypes",
    (("Alias", 1), ("Function", 2), ("Filter", 4), ("Cmdlet", 8), ("ExternalScript", 16), ("All", 511)),
    flags=True,
)
_TYPES = (
    "System.Management.Automation.CmdletInfo",
    "System.Management.Automation.CommandInfo",
    "System.Object",
)
_METADATA = "System.Management.Automation.ParameterMetadata"
_DICTIONARY = (
    f"System.Collections.Generic.Dictionary`2[[System.String],[{_METADATA}]]",
    "System.Object",
)


def get_command(known: Callable[[], tuple[Cmdlet, ...]]) -> Cmdlet:
    """Return the cmdlet; `known` lists every cmdlet of the lab."""

    def run_get_command(run: Invocation) -> None:
        cmdlets = sorted(
            (cmdlet for cmdlet in known() if cmdlet.name in run.view.cmdlets and cmdlet.exists(run.platform)),
            key=lambda cmdlet: cmdlet.name,
        )
        if "CommandType" in run.bound and "Cmdlet" not in str(run.bound["CommandType"]):
            cmdlets = []
        patterns = [str(name) for name in cast("tuple[object, ...]", run.bound.get("Name", ()))] or ["*"]
        for pattern in patterns:
            found = [cmdlet for cmdlet in cmdlets if fnmatchcase(cmdlet.name.lower(), pattern.lower())]
            for cmdlet in found:
                run.emit(_command(cmdlet, run))
            if not found and not set(pattern) & set("*?["):
                run.outcome.errors.append(_no_command(pattern, run.server.config.culture))

    return Cmdlet(
        "Get-Command",
        "Microsoft.PowerShell.Commands.GetCommandCommand",
        (
            Parameter("Name", kinds.TEXT_LIST, position=0),
            Parameter("CommandType", kinds.enum_kind(_COMMAND_TYPES)),
            Parameter("Module", kinds.TEXT_LIST),
            Parameter("TotalCount", kinds.INT32),
            Parameter("ListImported", kinds.SWITCH),
        ),
        run_get_command,
    )


def _command(cmdlet: Cmdlet, run: Invocation) -> Complex:
    properties: list[tuple[str, Value]] = [
        ("Name", cmdlet.name),
        ("CommandType", _COMMAND_TYPES.value("Cmdlet").rendered()),
        ("Namespace", ""),
        ("HelpUri", ""),
        ("ResolvedCommandName", None),
    ]
    if run.organization.config.switches.command_parameters == "shown":
        properties.append(("Parameters", _parameters(cmdlet, run)))
    return Complex(_TYPES, cmdlet.name, properties, serialized=False)


def _parameters(cmdlet: Cmdlet, run: Invocation) -> Complex:
    """Name -> description of every parameter that the account sees, as CommandMetadata of [MS-PSRP] has them; the
    descriptions themselves lie deeper than what is serialised and come as the name of their class (unverified)."""
    visible = visible_parameters(cmdlet, run.platform, run.view)
    return Complex(_DICTIONARY, entries=[(parameter.name, _METADATA) for parameter in visible], serialized=False)


def _no_command(name: str, culture: str) -> CmdletError:
    return CmdletError(
        Text("unknown_command", {"name": name}).in_language(culture),
        "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand",
        "ObjectNotFound",
        name,
        "System.Management.Automation.CommandNotFoundException",
        activity="Get-Command",
    )
