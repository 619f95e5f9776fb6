# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Failures of cmdlets, in the two families a client can tell apart.

BindingFailure: PowerShell's own, before the cmdlet runs; it ends the pipeline. TaskFailure: Exchange's, written to the
error stream while the pipeline completes, as remote sessions show it. The texts are in `texts`; every category that no
source quotes is unverified.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from exchange_lab.cmdlets.texts import Text
from exchange_lab.interface import CmdletError

_AUTOMATION = "System.Management.Automation"
_DATA = "Microsoft.Exchange.Data"
_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks"
_CONFIGURATION = "Microsoft.Exchange.Configuration.Tasks"


class CmdletFailure(Exception):
    """Anything that stops a cmdlet."""

    def __init__(self, message: Text, category: str, exception: str, target: str = "") -> None:
        super().__init__(str(message))
        self.message, self.category, self.exception, self.target = message, category, exception, target


class BindingFailure(CmdletFailure):
    """A parameter binding error; `error_id` is the part of FullyQualifiedErrorId before the comma."""

    def __init__(self, message: Text, error_id: str, category: str, exception: str) -> None:
        super().__init__(message, category, f"{_AUTOMATION}.{exception}")
        self.error_id = error_id


@dataclass(frozen=True)
class Place:
    """Where an error happened: the server, whether over remote PowerShell of 2013 and later, the request, its time."""

    server: str
    culture: str
    tagged: bool
    request: str
    moment: str


class TaskFailure(CmdletFailure):
    """An error of an Exchange cmdlet; `exception` is the full .NET type name."""

    def __init__(self, message: Text, exception: str, category: str = "NotSpecified", target: str = "") -> None:
        super().__init__(message, category, exception, target)

    def error(self, place: Place, cmdlet: str, type_name: str) -> CmdletError:
        """The ErrorRecord. Its id starts with the place only in remote sessions of 2013 and later (unverified for the
        others), and is the same in every language."""
        short = self.exception.rpartition(".")[2]
        error_id = f"{crc32(f'{self.exception}{self.message}'.encode()):X},{type_name}"
        if place.tagged:
            tags = f"[Server={place.server.upper()},RequestId={place.request},TimeStamp={place.moment}]"
            error_id = f"{tags} [FailureCategory=Cmdlet-{short}] {error_id}"
        message = self.message.in_language(place.culture)
        return CmdletError(
            message, error_id, self.category, self.target, self.exception, terminating=False, activity=cmdlet
        )


# --- PowerShell ------------------------------------------------------------------------------------------------------


def unknown_command(name: str, culture: str) -> CmdletError:
    """The error for a cmdlet that does not exist, or that no role of the account holds."""
    return CmdletError(
        Text("unknown_command", {"name": name}).in_language(culture),
        "CommandNotFoundException",
        "ObjectNotFound",
        name,
        f"{_AUTOMATION}.CommandNotFoundException",
        terminating=True,
    )


def _unbindable(key: str, error_id: str, **arguments: object) -> BindingFailure:
    return BindingFailure(Text(key, arguments), error_id, "InvalidArgument", "ParameterBindingException")


def unknown_parameter(name: str) -> BindingFailure:
    return _unbindable("unknown_parameter", "NamedParameterNotFound", name=name)


def ambiguous_parameter(name: str, matches: list[str]) -> BindingFailure:
    possible = " ".join(f"-{match}" for match in matches)
    return _unbindable("ambiguous_parameter", "AmbiguousParameter", name=name, possible=possible)


def parameter_twice(name: str) -> BindingFailure:
    return _unbindable("parameter_twice", "ParameterAlreadyBound", name=name)


def surplus_argument(value: object) -> BindingFailure:
    return _unbindable("surplus_argument", "PositionalParameterNotFound", value=value)


def missing_parameters(names: list[str]) -> BindingFailure:
    return _unbindable("missing_parameters", "MissingMandatoryParameter", names=" ".join(names))


def ambiguous_set() -> BindingFailure:
    return _unbindable("ambiguous_set", "AmbiguousParameterSet")


def wrong_value(name: str, raw: object, type_name: str, reason: str) -> BindingFailure:
    shown = " ".join(str(item) for item in raw) if isinstance(raw, list) else "" if raw is None else raw
    return BindingFailure(
        Text("wrong_value", {"name": name, "shown": shown, "type_name": type_name, "reason": reason}),
        "ParameterArgumentTransformationError",
        "InvalidData",
        "ParameterBindingArgumentTransformationException",
    )


def _invalid_argument(key: str, what: str, name: str) -> BindingFailure:
    return BindingFailure(
        Text(key, {"name": name}),
        f"ParameterArgumentValidationError{what}NotAllowed",
        "InvalidData",
        "ParameterBindingValidationException",
    )


def empty_collection(name: str) -> BindingFailure:
    return _invalid_argument("empty_collection", "EmptyCollection", name)


def null_argument(name: str) -> BindingFailure:
    return _invalid_argument("null_argument", "Null", name)


def empty_text(name: str) -> BindingFailure:
    return _invalid_argument("empty_text", "EmptyString", name)


class HostMissing(BindingFailure):
    """A confirmation was wanted and the session has no host to ask."""

    def __init__(self, question: Text) -> None:
        super().__init__(
            Text("host_missing", {"question": question}),
            "HostFunctionNotImplemented",
            "NotImplemented",
            "Host.HostException",
        )


# --- Exchange --------------------------------------------------------------------------------------------------------


def not_found(identity: str, controller: str) -> TaskFailure:
    message = Text("not_found", {"identity": identity, "controller": controller})
    return TaskFailure(message, f"{_CONFIGURATION}.ManagementObjectNotFoundException")


def ambiguous(identity: str) -> TaskFailure:
    return TaskFailure(
        Text("ambiguous", {"identity": identity}), f"{_CONFIGURATION}.ManagementObjectAmbiguousException"
    )


def unknown_controller(name: str) -> TaskFailure:
    exception = "Microsoft.Exchange.Data.Directory.SuitabilityDirectoryException"
    return TaskFailure(Text("unknown_controller", {"name": name}), exception)


def already_exists(distinguished_name: str, controller: str) -> TaskFailure:
    return TaskFailure(
        Text("already_exists", {"name": distinguished_name, "controller": controller}),
        "Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException",
    )


def too_many_values(controller: str) -> TaskFailure:
    """One attribute would hold more values than the directory keeps; exception and category are unverified."""
    return TaskFailure(
        Text("too_many_values", {"controller": controller}), "Microsoft.Exchange.Data.Directory.ADOperationException"
    )


def invalid(key: str, **arguments: object) -> TaskFailure:
    """A rule of the object is broken."""
    return TaskFailure(Text(key, arguments), f"{_DATA}.DataValidationException", "InvalidData")


def out_of_range(name: str, value: object, minimum: object, maximum: object) -> TaskFailure:
    if maximum is None:
        return invalid("too_small", name=name, value=value, minimum=minimum)
    return invalid("out_of_range", name=name, value=value, minimum=minimum, maximum=maximum)


def wrong_server(key: str, server: str, executing: str = "") -> TaskFailure:
    """These cmdlets do not manage connectors of that server; exception and category are unverified."""
    return TaskFailure(
        Text(key, {"server": server, "executing": executing}),
        f"{_TASKS}.CannotManageServerException",
        "InvalidOperation",
        server,
    )


def out_of_scope(identity: str, kind: str, while_saving: bool) -> TaskFailure:
    """The object lies outside of the account's write scopes.

    Exchange has two exceptions for it, the directory's own and the one by which a cmdlet looks ahead; which of them the
    cmdlets of receive connectors write, and both categories, are unverified (switch write_scope_error).
    """
    if while_saving:
        exception = "Microsoft.Exchange.Data.Directory.ADScopeException"
        return TaskFailure(Text("out_of_scope", {"identity": identity}), exception)
    message = Text("out_of_config_scope", {"kind": kind, "identity": identity})
    return TaskFailure(message, f"{_CONFIGURATION}.IsOutofConfigWriteScopeException", "InvalidOperation", identity)


def role_conflict(identity: str) -> TaskFailure:
    exception = f"{_TASKS}.ReceiveConnectorRoleConflictException"
    return TaskFailure(Text("role_conflict", {"identity": identity}), exception, "InvalidOperation", identity)


def range_conflict(identity: str) -> TaskFailure:
    # The documents quote only the first sentence; the second one and the exception's name are unverified.
    exception = f"{_TASKS}.ConnectorMappingConflictException"
    return TaskFailure(Text("range_conflict", {"identity": identity}), exception, "InvalidOperation", identity)


def unknown_user(name: str) -> TaskFailure:
    return TaskFailure(Text("unknown_user", {"name": name}), f"{_CONFIGURATION}.ManagementObjectNotFoundException")


def unknown_right(name: str) -> TaskFailure:
    return TaskFailure(Text("unknown_right", {"name": name}), f"{_CONFIGURATION}.ManagementObjectNotFoundException")


def not_simulated(what: str) -> TaskFailure:
    """The lab's own limit, said as such: never taken for Exchange's answer."""
    return TaskFailure(Text("not_simulated", {"what": what}), "ExchangeLab.NotSimulatedException", "NotImplemented")
