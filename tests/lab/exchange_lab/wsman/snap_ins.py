# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A session with the plain endpoint: Exchange's cmdlets exist once their snap-in is loaded.

Of PowerShell's own commands it has Add-PSSnapin and Get-PSSnapin. Error ids and texts are PowerShell's, and so is that
version 2, which Exchange 2007 and 2010 run in, takes a snap-in that is loaded already for an error with the id of one
that does not exist, where later versions say nothing. They are English whatever the server's culture.

Exchange 2007 asks Active Directory in the caller's own name, one hop further on than the caller's logon reaches unless
it was delegated (derived in remote-powershell.md part 2; the text is Windows' own, how Exchange wraps it is
unverified). An Edge Transport server has its directory beside it, and later versions act with an account of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from xml.etree.ElementTree import Element

from exchange_lab.clixml import Complex, Value, build
from exchange_lab.interface import Backend, CallContext, CmdletCall, CmdletError, JournalWriter, Outcome
from exchange_lab.settings import ServerConfig
from exchange_lab.versions import at_least
from exchange_lab.wsman import records
from exchange_lab.wsman.depth import one_level_deep

_ADD, _GET, _GET_COMMAND = "Add-PSSnapin", "Get-PSSnapin", "Get-Command"
_CLASSES = {
    _ADD: "Microsoft.PowerShell.Commands.AddPSSnapinCommand",
    _GET: "Microsoft.PowerShell.Commands.GetPSSnapinCommand",
    _GET_COMMAND: "Microsoft.PowerShell.Commands.GetCommandCommand",
}
_PARAMETERS = {_ADD: ("Name", "PassThru"), _GET: ("Name", "Registered")}
# What every runspace has; Get-PSSnapin -Registered leaves them out.
_BUILT_IN = ("Microsoft.PowerShell.Core",)
_WRITING_VERBS = ("New-", "Set-", "Remove-", "Add-AD")
_WILDCARDS = frozenset("*?[")
_TYPES = ("System.Management.Automation.PSSnapInInfo", "System.Object")


class SnapInSession:
    """The backend as one session with the plain endpoint of a server sees it."""

    def __init__(
        self, backend: Backend, server: ServerConfig, journal: JournalWriter | None, delegated: bool = False
    ) -> None:
        self._backend = backend
        self._journal = journal
        self._registered = server.snap_in or ""
        self._calls_loaded_an_error = not at_least(server.version, "2013")
        self._reaches_directory = delegated or server.edge
        self._loaded = False

    def session_refusal(self, context: CallContext) -> str | None:
        """Why the account gets no session, None when it does."""
        return self._backend.session_refusal(context)

    def execute(self, context: CallContext, call: CmdletCall) -> Outcome:
        """Run one command: PowerShell's own here, Exchange's in the organisation."""
        own = next((name for name in _PARAMETERS if name.casefold() == call.name.casefold()), None)
        if own is not None:
            outcome = self._run(own, call)
        elif self._loaded and call.name.casefold() != _GET_COMMAND.casefold() and not self._reaches_directory:
            outcome = Outcome(errors=[_no_second_hop(call.name)])
        elif self._loaded:
            outcome = self._backend.execute(context, call)
            return Outcome([one_level_deep(item) for item in outcome.output], outcome.errors, outcome.warnings)
        elif call.name.casefold() == _GET_COMMAND.casefold():
            outcome = Outcome(errors=[_no_command(name) for name in _names(call.parameters, call.arguments)])
        else:
            outcome = Outcome(errors=[records.unknown_command(call.name)])
        self._record(context, own or call.name, call, outcome)
        return outcome

    def _run(self, command: str, call: CmdletCall) -> Outcome:
        parameters = dict(_bound(command, call))
        unknown = next((name for name in parameters if name not in _PARAMETERS[command]), None)
        if unknown is not None:
            return Outcome(errors=[records.unknown_parameter(command, unknown, _CLASSES[command])])
        names = _names(parameters, call.arguments)
        if command == _GET:
            return self._get(names, bool(parameters.get("Registered")))
        if not names:
            return Outcome(errors=[_missing_name()])
        return self._add(names, bool(parameters.get("PassThru")))

    def _add(self, names: list[str], pass_thru: bool) -> Outcome:
        outcome = Outcome()
        for name in names:
            if not _matches(name, self._registered):
                if not _WILDCARDS & set(name):
                    text = f"The Windows PowerShell snap-in '{name}' is not installed on this computer."
                    outcome.errors.append(_refusal(_ADD, "AddPSSnapInRead", name, text))
                continue
            if self._loaded and self._calls_loaded_an_error:
                text = (
                    f"Cannot add Windows PowerShell snap-in {name} because it is already added. Verify the name of the "
                    f"snap-in and try again."
                )
                outcome.errors.append(_refusal(_ADD, "AddPSSnapInRead", name, text))
                continue
            self._loaded = True
            if pass_thru:
                outcome.output.append(_snap_in(self._registered))
        return outcome

    def _get(self, names: list[str], registered: bool) -> Outcome:
        outcome = Outcome()
        there = [self._registered] if registered or self._loaded else []
        known = there if registered else [*_BUILT_IN, *there]
        for name in names or ["*"]:
            found = [one for one in known if _matches(name, one)]
            outcome.output += map(_snap_in, found)
            if not found and name != "*":
                text = (
                    f"No Windows PowerShell snap-ins matching the pattern '{name}' were found. Check the pattern and "
                    f"then try the command again."
                )
                outcome.errors.append(_refusal(_GET, "NoPSSnapInsFound", name, text))
        return outcome

    def _record(self, context: CallContext, name: str, call: CmdletCall, outcome: Outcome) -> None:
        if self._journal is None:
            return
        self._journal.record(
            "cmdlet",
            {
                "server": context.server,
                "user": context.user,
                "connection": context.connection,
                "cmdlet": name,
                "parameters": dict(call.parameters),
                "what_if": False,
                "write": name.startswith(_WRITING_VERBS),
                "changed": False,
                "errors": [{"id": error.error_id, "message": error.message} for error in outcome.errors],
                "warnings": outcome.warnings,
            },
        )


def _bound(command: str, call: CmdletCall) -> Iterator[tuple[str, object]]:
    """Parameters under their real names; one that fits none keeps its own."""
    for name, value in call.parameters.items():
        fitting = [known for known in _PARAMETERS[command] if known.casefold().startswith(name.casefold())]
        yield (fitting[0] if len(fitting) == 1 else name), value


def _names(parameters: Mapping[str, object], arguments: tuple[object, ...]) -> list[str]:
    """The texts of -Name, by name or by position."""
    given = next((value for name, value in parameters.items() if name.casefold() == "name"), None)
    if given is None and arguments:
        given = arguments[0]
    if given is None:
        return []
    return [str(item) for item in given] if isinstance(given, list) else [str(given)]


def _matches(pattern: str, name: str) -> bool:
    return bool(name) and fnmatchcase(name.casefold(), pattern.casefold())


def _snap_in(name: str) -> Element:
    properties: list[tuple[str, Value]] = [
        ("Name", name),
        ("IsDefault", name in _BUILT_IN),
        ("AssemblyName", None),
        ("Description", ""),
        ("Vendor", "Microsoft"),
        ("LogPipelineExecutionDetails", False),
    ]
    return build(Complex(_TYPES, name, properties, serialized=False))


def _refusal(command: str, error_id: str, target: str, text: str) -> CmdletError:
    return CmdletError(
        message=text,
        error_id=f"{error_id},{_CLASSES[command]}",
        category="InvalidArgument",
        target=target,
        exception_type="System.Management.Automation.PSArgumentException",
        activity=command,
    )


def _no_second_hop(cmdlet: str) -> CmdletError:
    return CmdletError(
        message=(
            "Active Directory operation failed. The supplied credential is invalid. A specified logon session does not "
            "exist. It may already have been terminated."
        ),
        error_id=f"SecondHop,{cmdlet}",
        category="NotSpecified",
        target="",
        exception_type="Microsoft.Exchange.Data.Directory.ADOperationException",
        activity=cmdlet,
    )


def _missing_name() -> CmdletError:
    return CmdletError(
        message="Cannot process command because of one or more missing mandatory parameters: Name.",
        error_id=f"MissingMandatoryParameter,{_CLASSES[_ADD]}",
        category="InvalidArgument",
        target="",
        exception_type="System.Management.Automation.ParameterBindingException",
        terminating=True,
        activity=_ADD,
    )


def _no_command(name: str) -> CmdletError:
    unknown = records.unknown_command(name)
    return CmdletError(
        message=unknown.message,
        error_id=f"CommandNotFoundException,{_CLASSES[_GET_COMMAND]}",
        category=unknown.category,
        target=name,
        exception_type=unknown.exception_type,
        activity=_GET_COMMAND,
    )
