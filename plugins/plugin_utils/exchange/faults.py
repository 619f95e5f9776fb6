# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From what went wrong on the wire to one of our errors, with its remedy. PRIVATE to the collection.

Fault codes, HTTP statuses, exception classes and Exchange's `[FailureCategory=...]` mark decide. Codes are those of
wsmerror.h; remote-powershell.md part 6 and throttling.md part 4 say which of them Exchange is known to send.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from xml.etree.ElementTree import ParseError

from . import _pypsrp
from .errors import (
    AccessDenied,
    AuthenticationFailed,
    ConnectFailed,
    ExchangeError,
    SessionLost,
    ShellQuotaExceeded,
)
from .session import ConnectionOptions

OPERATION_TIMED_OUT = 2150858793
_SHELL_NOT_FOUND = frozenset((2150858843, 2150858880))
_RESOURCE_NOT_FOUND = frozenset((2150858811, 2150858752))
_ACCESS_DENIED = frozenset((5, 2147942405, 2150858819))
_QUOTA = frozenset((*range(2150859173, 2150859177), 2150859179, *range(2150859236, 2150859241), 2150858815))

_CATEGORY = re.compile(r"\[FailureCategory=([A-Za-z]+)-([A-Za-z]+)\]")
_TOO_MANY_SESSIONS = re.compile(r"\bMax(?:Tenant)?Concurrency\b")


def is_operation_timeout(error: BaseException) -> bool:
    """Whether the server only says that nothing has happened yet."""
    return isinstance(error, _pypsrp.exceptions.WSManFaultError) and error.code in (OPERATION_TIMED_OUT, "w:TimedOut")


def failure_category(error: BaseException) -> tuple[str, str]:
    """The two parts of Exchange's mark, for example ("WSMan", "InvalidShellID"); empty when there is none."""
    if isinstance(error, _pypsrp.exceptions.WSManFaultError):
        for text in (error.provider_fault, error.reason):
            match = _CATEGORY.search(text or "")
            if match:
                return match[1], match[2]
    return "", ""


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and everything that led to it, whichever way the libraries chained it."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]


def opening_error(error: BaseException, options: ConnectionOptions, answers: _pypsrp.Answers) -> ExchangeError:
    """Return the error for a session that could not be opened."""
    if isinstance(error, ExchangeError):
        return error
    if isinstance(error, _pypsrp.exceptions.WSManFaultError) and error.code is not None:
        return _opening_fault(error, options)
    if isinstance(error, _pypsrp.requests.RequestException):
        return _network_error(error, options)
    if answers.status == 401 or isinstance(error, _pypsrp.exceptions.AuthenticationError):
        return _not_authenticated(options, answers)
    if answers.status >= 400:
        return _http_error(answers.status, options)
    if isinstance(error, _pypsrp.exceptions.InvalidPSRPOperation):
        return ConnectFailed(f"{options.endpoint} refused to open a session: {_short(error)}")
    if isinstance(error, ParseError | KeyError | _pypsrp.exceptions.WinRMError):
        why = f"HTTP {answers.status} without authentication" if isinstance(error, KeyError) else _short(error)
        what = "the remote PowerShell of Windows" if options.snap_in else "Exchange's remote PowerShell"
        return ConnectFailed(
            f"What answers at {options.endpoint} is not {what} ({why}): check ansible_exchange_host, "
            f"ansible_exchange_port ({_ports(options)}) and ansible_exchange_path."
        )
    if isinstance(error, OSError):  # a file of the TLS library, for example
        return ConnectFailed(f"No connection to {options.endpoint} can be made ({_short(error)}).")
    return _no_credentials(error, options)


def _opening_fault(fault: BaseException, options: ConnectionOptions) -> ExchangeError:
    code, text = fault.code, _fault_text(fault)  # type: ignore[attr-defined]
    if code in _QUOTA or code == "w:QuotaLimit" or _TOO_MANY_SESSIONS.search(text):
        limit = "Windows allows" if options.snap_in else "Exchange allows (18 by default)"
        return ShellQuotaExceeded(
            f"The account {_whose(options)} has as many remote PowerShell sessions open at {options.endpoint} as "
            f"{limit}, and none closed within {options.quota_timeout} seconds: run fewer hosts "
            f"at once (serial), spread the endpoints, or use an account of its own ({text})"
        )
    if code in _RESOURCE_NOT_FOUND or code == "w:InvalidResourceURI":
        return _wrong_way_round(options)
    if failure_category(fault)[0] == "AuthZ" or code in _ACCESS_DENIED or code == "w:AccessDenied":
        return _denied(options, text)
    if is_operation_timeout(fault):
        return ConnectFailed(
            f"{options.endpoint} did not finish opening a session within {options.command_timeout} seconds: see "
            f"whether the server is busy, or raise ansible_exchange_command_timeout."
        )
    return ConnectFailed(f"{options.endpoint} refused to open a session: {text}")


def _wrong_way_round(options: ConnectionOptions) -> ExchangeError:
    """The configuration of one kind of endpoint was asked for at the other kind (fault 2150858811)."""
    unknown = f"{options.endpoint} does not know the session configuration {options.configuration}"
    if options.snap_in:
        return ConnectFailed(
            f"{unknown} that ansible_exchange_snap_in asks for: take ansible_exchange_snap_in away if this is a "
            f"Mailbox, Client Access or Hub Transport server of Exchange 2010 or later, else let "
            f"ansible_exchange_port and ansible_exchange_path be those of WinRM ({_ports(options)}, wsman)."
        )
    return ConnectFailed(
        f"{unknown}: Exchange serves it at path PowerShell on port 80 or 443, not at /wsman on 5985 or 5986; "
        f"{_NO_ENDPOINT}."
    )


def _denied(options: ConnectionOptions, text: str) -> ExchangeError:
    if options.snap_in:
        return AccessDenied(
            f"{options.endpoint} accepts the account {_whose(options)} but gives it no PowerShell session: it must be "
            f"a local Administrator of the server, and of local accounts Windows lets in only the built-in "
            f"Administrator unless LocalAccountTokenFilterPolicy is 1 ({text or 'Windows gave no reason'})"
        )
    return AccessDenied(
        f"{options.endpoint} accepts the account {_whose(options)} but gives it no remote PowerShell session: check "
        f"`Get-User {_whose(options)} | Format-List RemotePowerShellEnabled` and that it holds a management role "
        f"({text or 'Exchange gave no reason'})"
    )


def _http_error(status: int, options: ConnectionOptions) -> ExchangeError:
    if status == 403:
        return _denied(options, "HTTP 403")
    if status == 404 and options.snap_in:
        return ConnectFailed(
            f"There is nothing at {options.endpoint} (HTTP 404): with ansible_exchange_snap_in the path is wsman and "
            f"the port {_ports(options)}; check ansible_exchange_path and ansible_exchange_port."
        )
    if status == 404:
        return ConnectFailed(
            f"There is nothing at {options.endpoint} (HTTP 404): Exchange's path is PowerShell, its ports are 80 and "
            f"443; check ansible_exchange_path and ansible_exchange_port; {_NO_ENDPOINT}."
        )
    if options.snap_in:
        return ConnectFailed(f"{options.endpoint} answers with HTTP {status}: check the service WinRM on the server.")
    return ConnectFailed(
        f"{options.endpoint} answers with HTTP {status}: check the application pools "
        f"MSExchangePowerShellFrontEndAppPool and MSExchangePowerShellAppPool on the server."
    )


def _network_error(error: BaseException, options: ConnectionOptions) -> ExchangeError:
    found = list(causes(error))
    if any(isinstance(cause, ssl.SSLError | _pypsrp.requests.exceptions.SSLError) for cause in found):
        reason = next((_short(cause) for cause in found if isinstance(cause, ssl.SSLError)), _short(error))
        return ConnectFailed(
            f"No TLS connection to {options.endpoint} ({reason}): name the authority of its certificate in "
            f"ansible_exchange_ca_cert, connect to a name that is in the certificate, or set "
            f"ansible_exchange_cert_validation: ignore."
        )
    if any(isinstance(cause, socket.gaierror) for cause in found):
        return ConnectFailed(
            f"The name {options.host} cannot be resolved on the control node: set ansible_host or "
            f"ansible_exchange_host to the server's FQDN."
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in found):
        return _refuses_connections(options)
    if any(isinstance(cause, _pypsrp.requests.Timeout | TimeoutError) for cause in found):
        return ConnectFailed(
            f"{options.endpoint} did not answer in time: check the network and firewalls, or raise "
            f"ansible_exchange_connection_timeout ({options.connection_timeout}) or "
            f"ansible_exchange_read_timeout ({options.read_timeout})."
        )
    return ConnectFailed(f"No connection to {options.endpoint} ({_short(found[-1])}).")


def _refuses_connections(options: ConnectionOptions) -> ExchangeError:
    if options.snap_in:
        return ConnectFailed(
            f"{options.endpoint} refuses connections: check that WinRM listens there (`winrm enumerate "
            f"winrm/config/listener` on the server) and ansible_exchange_port (5985 for http, 5986 for https)."
        )
    return ConnectFailed(
        f"{options.endpoint} refuses connections: check that the host is an Exchange server, that IIS runs, and "
        f"ansible_exchange_port (80 for http, 443 for https, never 5985); {_NO_ENDPOINT}."
    )


_NO_ENDPOINT = "an Edge Transport or Exchange 2007 server has no such endpoint and needs ansible_exchange_snap_in"
_KERBEROS_ONLY = (
    "Exchange takes only Kerberos unless its PowerShell virtual directory has Windows authentication turned on"
)
_HINTS = {
    "kerberos": "connect to the server's own FQDN (the ticket is for {spn}), not to a short name, an alias or a load "
    "balancer, and compare the clocks",
    "negotiate": _KERBEROS_ONLY,
    "ntlm": _KERBEROS_ONLY,
    "basic": "Basic is usually off; it is turned on with `Set-PowerShellVirtualDirectory -BasicAuthentication $true`, "
    "for https only",
}
_OUTSIDE = (
    "; an Edge Transport server outside of a domain takes no Kerberos but a local account with "
    "ansible_exchange_auth: ntlm"
)
_LOCAL_ACCOUNT = r"a local account is written SERVER\name"
_SNAP_IN_HINTS = {
    "kerberos": "an Edge Transport server outside of a domain takes a local account with ansible_exchange_auth: ntlm; "
    "elsewhere connect to the server's own FQDN (the ticket is for {spn}) and compare the clocks",
    "negotiate": _LOCAL_ACCOUNT,
    "ntlm": _LOCAL_ACCOUNT,
    "basic": "Basic is usually off; it is turned on with `Set-Item WSMan:\\localhost\\Service\\Auth\\Basic $true`, "
    "for https and local accounts only",
}


def _not_authenticated(options: ConnectionOptions, answers: _pypsrp.Answers) -> ExchangeError:
    offered = ", ".join(answers.offered) or "no method at all"
    hints = _SNAP_IN_HINTS if options.snap_in else _HINTS
    hint = hints[options.auth].format(spn=_spn(options))
    return AuthenticationFailed(
        f"{options.endpoint} did not accept the account {_whose(options)} with ansible_exchange_auth: {options.auth} "
        f"(it offers {offered}): check user and password; {hint}."
    )


def _no_credentials(error: BaseException, options: ConnectionOptions) -> ExchangeError:
    """The security library failed before the server was asked."""
    if options.auth in ("kerberos", "negotiate") and any(isinstance(cause, ImportError) for cause in causes(error)):
        return AuthenticationFailed(
            f"Kerberos cannot be used on the control node ({_short(error)}): install pypsrp[kerberos] and the system "
            f"packages of meta/ee-bindep.txt (MIT Kerberos and its headers)."
        )
    if options.auth in ("kerberos", "negotiate"):
        return AuthenticationFailed(
            f"No Kerberos ticket for {_spn(options)} could be had {_source(options)} ({_security_text(error)}): "
            f"connect to the server's own FQDN, or name it in ansible_exchange_kerberos_hostname; write the user as "
            f"name@REALM with the realm in capitals; check the password, krb5.conf, DNS and the clock"
            f"{_OUTSIDE if options.snap_in else ''}."
        )
    return AuthenticationFailed(
        f"The account {_whose(options)} cannot log on to {options.endpoint} with ansible_exchange_auth: {options.auth} "
        f"({_short(error)}): check user and password, and whether the server offers that method."
    )


def running_error(
    error: BaseException, options: ConnectionOptions, answers: _pypsrp.Answers, *, cmdlet: str, sent: bool
) -> SessionLost:
    """Return the error for a session that broke while a command was under way.

    Args:
        error: what happened.
        options: where.
        answers: what the server answered last.
        cmdlet: the command that was being run.
        sent: whether the request that carries the command had left.
    """
    if isinstance(error, SessionLost):
        return error
    never_ran = not sent and (isinstance(error, _pypsrp.NewConnectionDisabled) or _is_shell_gone(error))
    what = "was not run" if never_ran else "may or may not have run; read before you repeat it"
    why = _reason(error, answers)
    return SessionLost(
        f"The session with {options.endpoint} was lost during {cmdlet} ({why}): the command {what}.",
        may_have_run=not never_ran,
    )


def _is_shell_gone(error: BaseException) -> bool:
    if failure_category(error) == ("WSMan", "InvalidShellID"):
        return True
    return isinstance(error, _pypsrp.exceptions.WSManFaultError) and error.code in _SHELL_NOT_FOUND


def _reason(error: BaseException, answers: _pypsrp.Answers) -> str:
    if isinstance(error, _pypsrp.NewConnectionDisabled):
        return "the server closed the connection"
    if _is_shell_gone(error):
        return "the server no longer knows the session: it was idle too long, or another server took the connection"
    if isinstance(error, _pypsrp.exceptions.WSManFaultError) and error.code is not None:
        return _fault_text(error)
    if isinstance(error, _pypsrp.exceptions.WinRMError) and answers.status >= 400:
        return f"HTTP {answers.status}"
    if isinstance(error, _pypsrp.requests.Timeout):
        return "no answer in time"
    if isinstance(error, _pypsrp.requests.RequestException):
        return _short(list(causes(error))[-1])
    return _short(error)


def _fault_text(fault: BaseException) -> str:
    text = " ".join((fault.provider_fault or fault.reason or "").split())  # type: ignore[attr-defined]
    return f"{text or 'no reason given'} [{fault.code}]"  # type: ignore[attr-defined]


def _source(options: ConnectionOptions) -> str:
    if options.username and options.password:
        return f"with the password of {options.username}"
    who = f"for {options.username} " if options.username else ""
    return f"{who}from the ticket cache of the user who runs Ansible (kinit)"


def _security_text(error: BaseException) -> str:
    """The part of a GSS-API text that says something: `Major (n): ..., Minor (n): <this>, Context: ...`."""
    text = _short(error)
    return re.sub(r", Context: .*$", "", re.split(r"Minor \(\d+\): ", text)[-1])


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return (text[:300] + "..." if len(text) > 300 else text) or type(error).__name__


def _ports(options: ConnectionOptions) -> str:
    return "5985 or 5986" if options.snap_in else "80 or 443, never 5985"


def _whose(options: ConnectionOptions) -> str:
    return options.username or "of the Kerberos ticket"


def _spn(options: ConnectionOptions) -> str:
    return f"{options.negotiate_service}/{options.negotiate_hostname or options.host}"
