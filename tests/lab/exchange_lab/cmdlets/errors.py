# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Failures of cmdlets, in the two families a client can tell apart.

BindingFailure: PowerShell's own, before the cmdlet runs; it ends the pipeline. TaskFailure: Exchange's, written to the
error stream while the pipeline completes, as remote sessions show it. Texts quoted in the documents are used as they
are; the wording of every other text, and every category that no source quotes, is unverified.
"""

from __future__ import annotations

from zlib import crc32

from exchange_lab.interface import CmdletError

_AUTOMATION = "System.Management.Automation"
_DATA = "Microsoft.Exchange.Data"
_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks"


class CmdletFailure(Exception):
    """Anything that stops a cmdlet."""


class BindingFailure(CmdletFailure):
    """A parameter binding error; `error_id` is the part of FullyQualifiedErrorId before the comma."""

    def __init__(self, message: str, error_id: str, category: str, exception: str, target: str = "") -> None:
        super().__init__(message)
        self.message, self.error_id, self.category, self.target = message, error_id, category, target
        self.exception = f"{_AUTOMATION}.{exception}"


class TaskFailure(CmdletFailure):
    """An error of an Exchange cmdlet; `exception` is the full .NET type name."""

    def __init__(self, message: str, exception: str, category: str = "NotSpecified", target: str = "") -> None:
        super().__init__(message)
        self.message, self.exception, self.category, self.target = message, exception, category, target

    def error(self, server: str, request: str, moment: str, cmdlet: str, type_name: str) -> CmdletError:
        """The ErrorRecord; the shape of its id is that of remote sessions of 2013 and later."""
        short = self.exception.rpartition(".")[2]
        number = crc32(f"{self.exception}{self.message}".encode())
        error_id = (
            f"[Server={server.upper()},RequestId={request},TimeStamp={moment}] "
            f"[FailureCategory=Cmdlet-{short}] {number:X},{type_name}"
        )
        return CmdletError(
            self.message, error_id, self.category, self.target, self.exception, terminating=False, activity=cmdlet
        )


# --- PowerShell ------------------------------------------------------------------------------------------------------


def unknown_command(name: str) -> CmdletError:
    """The error for a cmdlet that does not exist, or that no role of the account holds."""
    message = (
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    )
    return CmdletError(
        message,
        "CommandNotFoundException",
        "ObjectNotFound",
        name,
        f"{_AUTOMATION}.CommandNotFoundException",
        terminating=True,
    )


def unknown_parameter(name: str) -> BindingFailure:
    return BindingFailure(
        f"A parameter cannot be found that matches parameter name '{name}'.",
        "NamedParameterNotFound",
        "InvalidArgument",
        "ParameterBindingException",
    )


def ambiguous_parameter(name: str, matches: list[str]) -> BindingFailure:
    possible = " ".join(f"-{match}" for match in matches)
    return BindingFailure(
        f"Parameter cannot be processed because the parameter name '{name}' is ambiguous. Possible matches include: "
        f"{possible}.",
        "AmbiguousParameter",
        "InvalidArgument",
        "ParameterBindingException",
    )


def parameter_twice(name: str) -> BindingFailure:
    return BindingFailure(
        f"Cannot bind parameter because parameter '{name}' is specified more than once. To provide multiple values to "
        'parameters that can accept multiple values, use the array syntax. For example, "-parameter value1,value2".',
        "ParameterAlreadyBound",
        "InvalidArgument",
        "ParameterBindingException",
    )


def surplus_argument(value: object) -> BindingFailure:
    return BindingFailure(
        f"A positional parameter cannot be found that accepts argument '{value}'.",
        "PositionalParameterNotFound",
        "InvalidArgument",
        "ParameterBindingException",
    )


def missing_parameters(names: list[str]) -> BindingFailure:
    return BindingFailure(
        f"Cannot process command because of one or more missing mandatory parameters: {' '.join(names)}.",
        "MissingMandatoryParameter",
        "InvalidArgument",
        "ParameterBindingException",
    )


def wrong_value(name: str, raw: object, type_name: str, reason: str) -> BindingFailure:
    shown = " ".join(str(item) for item in raw) if isinstance(raw, list) else "" if raw is None else raw
    return BindingFailure(
        f"Cannot process argument transformation on parameter '{name}'. Cannot convert value \"{shown}\" to type "
        f'"{type_name}". Error: "{reason}"',
        "ParameterArgumentTransformationError",
        "InvalidData",
        "ParameterBindingArgumentTransformationException",
    )


def empty_collection(name: str) -> BindingFailure:
    return BindingFailure(
        f"Cannot bind argument to parameter '{name}' because it is an empty collection.",
        "ParameterArgumentValidationErrorEmptyCollectionNotAllowed",
        "InvalidData",
        "ParameterBindingValidationException",
    )


def null_argument(name: str) -> BindingFailure:
    return BindingFailure(
        f"Cannot bind argument to parameter '{name}' because it is null.",
        "ParameterArgumentValidationErrorNullNotAllowed",
        "InvalidData",
        "ParameterBindingValidationException",
    )


def empty_text(name: str) -> BindingFailure:
    return BindingFailure(
        f"Cannot bind argument to parameter '{name}' because it is an empty string.",
        "ParameterArgumentValidationErrorEmptyStringNotAllowed",
        "InvalidData",
        "ParameterBindingValidationException",
    )


def ambiguous_set() -> BindingFailure:
    return BindingFailure(
        "Parameter set cannot be resolved using the specified named parameters.",
        "AmbiguousParameterSet",
        "InvalidArgument",
        "ParameterBindingException",
    )


class HostMissing(BindingFailure):
    """A confirmation was wanted and the session has no host to ask."""

    def __init__(self, question: str) -> None:
        super().__init__(
            "A command that prompts the user failed because the host program or the command type does not support "
            "user interaction. The host was attempting to request confirmation with the following message: "
            f"{question}",
            "HostFunctionNotImplemented",
            "NotImplemented",
            "Host.HostException",
        )


# --- Exchange --------------------------------------------------------------------------------------------------------


def not_found(identity: str, controller: str) -> TaskFailure:
    return TaskFailure(
        f"The operation couldn't be performed because object '{identity}' couldn't be found on '{controller}'.",
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
    )


def ambiguous(identity: str) -> TaskFailure:
    return TaskFailure(
        f"The operation couldn't be performed because '{identity}' matches multiple entries.",
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException",
    )


def unknown_controller(name: str) -> TaskFailure:
    return TaskFailure(
        f"An Active Directory error 0x51 occurred when trying to check the suitability of server '{name}'. Error: "
        "'Active directory response: The LDAP server is unavailable.'",
        "Microsoft.Exchange.Data.Directory.SuitabilityDirectoryException",
    )


def already_exists(distinguished_name: str, controller: str) -> TaskFailure:
    return TaskFailure(
        f"Active Directory operation failed on {controller}. The object '{distinguished_name}' already exists.",
        "Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException",
    )


def invalid(message: str, exception: str = f"{_DATA}.DataValidationException", target: str = "") -> TaskFailure:
    """A rule of the object is broken."""
    return TaskFailure(message, exception, "InvalidData", target)


def out_of_range(name: str, value: object, minimum: object, maximum: object) -> TaskFailure:
    limits = f"at least '{minimum}'" if maximum is None else f"from '{minimum}' to '{maximum}'"
    return invalid(
        f"Property validation failed. Property = {name} Error = The value '{value}' is out of range; valid values are "
        f"{limits}."
    )


def too_long(name: str, length: int, maximum: int) -> TaskFailure:
    return invalid(
        f"Property validation failed. Property = {name} Error = The length of the property is too long. The maximum "
        f"length is {maximum} and the length of the value provided is {length}."
    )


def role_conflict(identity: str) -> TaskFailure:
    return TaskFailure(
        "The values that you specified for the Bindings and RemoteIPRanges parameters conflict with the settings on "
        f'Receive connector "{identity}". Receive connectors assigned to different Transport roles on a single server '
        "must listen on unique local IP address & port bindings.",
        f"{_TASKS}.ReceiveConnectorRoleConflictException",
        "InvalidOperation",
        identity,
    )


def range_conflict(identity: str) -> TaskFailure:
    # The documents quote only the first sentence; the second one and the exception's name are unverified.
    return TaskFailure(
        "The values that you specified for the Bindings and RemoteIPRanges parameters conflict with the settings on "
        f'Receive connector "{identity}". Please specify values that do not conflict.',
        f"{_TASKS}.ConnectorMappingConflictException",
        "InvalidOperation",
        identity,
    )


def unknown_user(name: str) -> TaskFailure:
    return TaskFailure(
        f'User or Group "{name}" wasn\'t found. Make sure you typed it correctly.',
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
    )


def unknown_right(name: str) -> TaskFailure:
    return TaskFailure(
        f"The extended right \"{name}\" wasn't found. Please make sure you've typed it correctly.",
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
    )


def not_simulated(what: str) -> TaskFailure:
    """The lab's own limit, said as such: never taken for Exchange's answer."""
    return TaskFailure(f"The lab does not simulate {what}.", "ExchangeLab.NotSimulatedException", "NotImplemented")
