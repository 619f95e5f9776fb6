# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What can go wrong on the way to Exchange, one class a remedy. PRIVATE to the collection.

The text of every error is what the user reads: what happened, where, and what to do about it. Error ids, categories
and fault codes decide which class it is; message texts never do, because Exchange speaks the server's language.
"""

from __future__ import annotations

from dataclasses import dataclass


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


class CmdletUnavailable(CmdletFailed):
    """The account does not see a cmdlet or one of its parameters: a management role is missing, or the version."""


def short_id(record: ErrorRecord) -> str:
    """FullyQualifiedErrorId without the marks that Exchange puts in front: server, request, time, failure category."""
    return record.error_id.rpartition("] ")[2]


def _told(cmdlet: str, record: ErrorRecord) -> str:
    ids = ", ".join(part for part in (record.exception, record.category, short_id(record)) if part)
    return f"{cmdlet} failed: {record.message.strip() or 'Exchange gave no text'} [{ids}]"


_ROLES = {
    "receiveconnector": ("Receive Connectors", "Organization Management, Server Management or Hygiene Management"),
    "adpermission": ("Active Directory Permissions", "Organization Management alone"),
    "exchangeserver": ("Exchange Servers", "Organization Management or Server Management"),
    "networkconnectioninfo": ("Exchange Servers", "Organization Management or Server Management"),
    "servercomponentstate": ("Exchange Servers", "Organization Management or Server Management"),
    "accepteddomain": ("Remote and Accepted Domains", "Organization Management"),
}
"""Noun of a cmdlet -> management role and the role groups that hold it by default (remote-powershell.md, part 3)."""


def role_of(cmdlet: str) -> str:
    """The management role that holds a cmdlet, empty when this collection does not know it."""
    return _ROLES.get(cmdlet.partition("-")[2].lower(), ("", ""))[0]


def is_unknown_command(record: ErrorRecord) -> bool:
    """Whether PowerShell says that it has no such command."""
    return short_id(record).startswith("CommandNotFoundException") or record.exception == "CommandNotFoundException"


def cmdlet_error(cmdlet: str, record: ErrorRecord, *, account: str = "", snap_in: str = "") -> CmdletFailed:
    """Return the most telling error for what a cmdlet wrote.

    Args:
        cmdlet: the cmdlet that was called.
        record: its error.
        account: who called it, for the sentence about missing roles.
        snap_in: what brought the cmdlet; a snap-in hides nothing from anybody.
    """
    unknown = is_unknown_command(record)
    if unknown or short_id(record).startswith("NamedParameterNotFound"):
        if snap_in:
            what = "does not exist" if unknown else "does not have that parameter"
            return CmdletUnavailable(cmdlet, record, _lacking(cmdlet, what, record))
        what = "is not visible" if unknown else "was given a parameter that is not visible"
        return CmdletUnavailable(cmdlet, record, _unavailable(cmdlet, account, what, record))
    if record.exception == "ManagementObjectNotFoundException" or record.category == "ObjectNotFound":
        return ObjectNotFound(cmdlet, record)
    return CmdletFailed(cmdlet, record)


def _lacking(cmdlet: str, what: str, record: ErrorRecord) -> str:
    return f"{cmdlet} {what} in this version of Exchange (Exchange says: {record.message.strip()})"


def _unavailable(cmdlet: str, account: str, what: str, record: ErrorRecord) -> str:
    role, holders = _ROLES.get(cmdlet.partition("-")[2].lower(), ("", ""))
    whose = f"the account {account}" if account else "this account"
    remedy = (
        f"give it the management role '{role}' (by default {holders} has it)"
        if role
        else f"find the role that holds it with `Get-ManagementRole -Cmdlet {cmdlet}`"
    )
    return (
        f"{cmdlet} {what} to {whose} on this server: {remedy}, or connect to a server whose Exchange version knows it "
        f"(Exchange says: {record.message.strip()})"
    )
