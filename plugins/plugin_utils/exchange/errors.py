# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What can go wrong on the way to Exchange, one class a remedy. PRIVATE to the collection.

The text of every error is what the user reads: what happened, where, and what to do about it. Error ids, categories
and fault codes decide which class it is; message texts never do, because Exchange speaks the server's language.
"""

from __future__ import annotations

from dataclasses import dataclass

from .management_roles import noun_of, remedy


@dataclass(frozen=True)
class ErrorRecord:
    """One error that a cmdlet wrote, as plain data.

    Attributes:
        message: the text, in the server's language.
        error_id: FullyQualifiedErrorId.
        category: name of the CategoryInfo category, for example ``InvalidArgument``.
        target: text of the object the error is about, empty when there is none.
        exception: short .NET name of the exception, for example ``ManagementObjectNotFoundException``.
    """

    message: str
    error_id: str = ""
    category: str = "NotSpecified"
    target: str = ""
    exception: str = ""

    def __str__(self) -> str:
        return self.message


class ExchangeError(Exception):
    """Something between here and Exchange failed; the text is one sentence for the user."""


class MissingLibrary(ExchangeError):
    """A Python library of the control node is not installed."""

    def __init__(self, library: str, cause: object) -> None:
        super().__init__(
            f"The Python library {library} cannot be imported on the control node ({cause}): install what "
            f"meta/ee-requirements.txt of the collection names, for example `pip install '{library}'`, for the "
            f"Python that runs Ansible."
        )


class InvalidOption(ExchangeError):
    """An option of the connection has a value that cannot work."""


class Unreachable(ExchangeError):
    """No session could be opened; the host counts as unreachable."""


class ConnectFailed(Unreachable):
    """The endpoint cannot be reached, or what answers there is not Exchange's remote PowerShell."""


class AuthenticationFailed(Unreachable):
    """The server or the Kerberos realm did not accept who we say we are."""


class AccessDenied(Unreachable):
    """The account is who it says it is, but may not open a remote PowerShell session."""


class SnapInUnavailable(Unreachable):
    """The snap-in that brings Exchange's cmdlets is not there, or cannot be loaded."""


class ShellQuotaExceeded(ExchangeError):
    """The account has as many sessions open on this server as Exchange allows, and none closed in time."""


class SessionLost(ExchangeError):
    """An open session broke. It cannot be used again, and what a write did must be read before it is repeated.

    Attributes:
        may_have_run: False when the command certainly never reached Exchange.
    """

    def __init__(self, message: str, *, may_have_run: bool = True) -> None:
        super().__init__(message)
        self.may_have_run = may_have_run


class CommandTimeout(SessionLost):
    """A command did not end within its time limit; it was told to stop and its session was discarded."""


class CmdletFailed(ExchangeError):
    """A cmdlet answered with an error; the session lives on.

    Attributes:
        cmdlet: its name.
        record: the first error it wrote.
    """

    def __init__(self, cmdlet: str, record: ErrorRecord, message: str | None = None) -> None:
        self.cmdlet = cmdlet
        self.record = record
        super().__init__(message or _told(cmdlet, record))


class ObjectNotFound(CmdletFailed):
    """The object a cmdlet was pointed at does not exist, or not yet on the domain controller that was asked."""


class ObjectExists(CmdletFailed):
    """The object that a cmdlet was to create, or its new name, is there already."""


class CmdletUnavailable(CmdletFailed):
    """The account does not see a cmdlet or one of its parameters: a management role is missing, or the version."""


class OutOfScope(CmdletFailed):
    """The object belongs to a server, or to the organisation, that no write scope of the account holds."""


def short_id(record: ErrorRecord) -> str:
    """FullyQualifiedErrorId without the marks that Exchange puts in front: server, request, time, failure category."""
    return record.error_id.rpartition("] ")[2]


def _told(cmdlet: str, record: ErrorRecord) -> str:
    ids = ", ".join(part for part in (record.exception, record.category, short_id(record)) if part)
    return f"{cmdlet} failed: {record.message.strip() or 'Exchange gave no text'} [{ids}]"


def is_unknown_command(record: ErrorRecord) -> bool:
    """Whether PowerShell says that it has no such command."""
    return short_id(record).startswith("CommandNotFoundException") or record.exception == "CommandNotFoundException"


def is_unknown_principal(error: CmdletFailed) -> bool:
    """Whether Exchange said that it knows nobody of the name, or takes no principal in that form.

    Everything else, for example a directory that does not answer, says nothing about the principal. That an unknown one
    is a ManagementObjectNotFoundException is derived from other cmdlets; that a text which the parameter User cannot
    take is of category InvalidArgument is unverified.
    """
    if isinstance(error, (CmdletUnavailable, OutOfScope)):
        return False
    return isinstance(error, ObjectNotFound) or error.record.category == "InvalidArgument"


_SCOPE_EXCEPTIONS = ("ADScopeException", "IsOutofConfigWriteScopeException")
"""What Exchange throws for an object outside of the write scopes: the directory while it saves, a cmdlet that looks
ahead. The names are those of Exchange's public exception types; which one these cmdlets write is unverified."""


def is_out_of_scope(record: ErrorRecord) -> bool:
    """Whether Exchange refused to write an object outside of the account's write scopes."""
    return record.exception in _SCOPE_EXCEPTIONS or _failure_category(record) in _SCOPE_EXCEPTIONS


_EXISTS_EXCEPTION = "ADObjectAlreadyExistsException"


def _already_exists(record: ErrorRecord) -> bool:
    return _EXISTS_EXCEPTION in (record.exception, _failure_category(record))


def _failure_category(record: ErrorRecord) -> str:
    """The exception that Exchange's own mark in front of the error id names, empty without one."""
    return record.error_id.partition("[FailureCategory=Cmdlet-")[2].partition("]")[0]


def cmdlet_error(
    cmdlet: str, record: ErrorRecord, *, account: str = "", snap_in: str = "", server: str = ""
) -> CmdletFailed:
    """Return the most telling error for what a cmdlet wrote.

    Args:
        cmdlet: the cmdlet that was called.
        record: its error.
        account: who called it, for the sentence about missing roles.
        snap_in: what brought the cmdlet; a snap-in hides nothing from anybody.
        server: the server in question, for the sentence; empty while none is known.
    """
    unknown = is_unknown_command(record)
    if unknown or short_id(record).startswith("NamedParameterNotFound"):
        if snap_in:
            what = "does not exist" if unknown else "does not have that parameter"
            return CmdletUnavailable(cmdlet, record, _lacking(cmdlet, what, record))
        what = "is not visible" if unknown else "was given a parameter that is not visible"
        return CmdletUnavailable(cmdlet, record, _unavailable(cmdlet, what, record, account, server))
    if is_out_of_scope(record):
        return OutOfScope(cmdlet, record, _out_of_scope(cmdlet, account, server, record))
    if _already_exists(record):
        return ObjectExists(cmdlet, record)
    if record.exception == "ManagementObjectNotFoundException" or record.category == "ObjectNotFound":
        return ObjectNotFound(cmdlet, record)
    return CmdletFailed(cmdlet, record)


def _lacking(cmdlet: str, what: str, record: ErrorRecord) -> str:
    return f"{cmdlet} {what} in this version of Exchange (Exchange says: {record.message.strip()})"


_RELAY_NOUNS = frozenset(("receiveconnector", "adpermission"))
"""What the cmdlets of a relay are about: every version has them, and what they change belongs to one server."""


def _unavailable(cmdlet: str, what: str, record: ErrorRecord, account: str, server: str) -> str:
    everywhere = is_unknown_command(record) and noun_of(cmdlet) in _RELAY_NOUNS
    elsewhere = "" if everywhere else ", or connect to a server whose Exchange version knows it"
    return (
        f"{cmdlet} {what} to {_whose(account)} on {server or 'this server'}: {remedy([cmdlet])}{elsewhere} "
        f"(Exchange says: {record.message.strip()})"
    )


def _out_of_scope(cmdlet: str, account: str, server: str, record: ErrorRecord) -> str:
    said = f"(Exchange says: {record.message.strip()})"
    if noun_of(cmdlet) not in _RELAY_NOUNS:
        return (
            f"{cmdlet} was refused, because what it changes belongs to the whole organization, which is outside of the "
            f"write scope of {_whose(account)}: use an account of a role group without a configuration write scope "
            f"{said}."
        )
    where = server or "the server"
    return (
        f"{cmdlet} was refused, because {where} is outside of the write scope of {_whose(account)}: add {where} to the "
        f"configuration write scope of its role group, or use an account whose write scope holds it {said}."
    )


def _whose(account: str) -> str:
    return f"the account {account}" if account else "this account"
