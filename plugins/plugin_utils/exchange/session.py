# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a session with Exchange can do, whatever carries it. PRIVATE to the collection.

Everything above this file knows only `Session`; how the commands travel is the business of what implements it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from .errors import ErrorRecord, InvalidOption

if TYPE_CHECKING:
    from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command

    from .clixml import Plain

AUTHENTICATION_METHODS = ("kerberos", "negotiate", "ntlm", "basic")
MESSAGE_ENCRYPTION = ("auto", "always", "never")
SCHEMES = ("http", "https")

# A name that Add-PSSnapin takes for one snap-in; it would also take a pattern, and load whatever fits.
# Anything but what would end the host's part of a URL.
_HOST = re.compile(r"[^\s/?#@\\]+")
_SNAP_IN = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")


@dataclass(frozen=True)
class EndpointKind:
    """Where an endpoint is unless an option says otherwise (remote-powershell.md parts 1 and 2).

    Attributes:
        ports: scheme -> TCP port.
        path: path of its URL.
        configuration_name: session configuration.
    """

    ports: Mapping[str, int]
    path: str
    configuration_name: str


EXCHANGE_ENDPOINT = EndpointKind(MappingProxyType({"http": 80, "https": 443}), "PowerShell", "Microsoft.Exchange")
"""Exchange's own endpoint: 2010 and later, not on Edge Transport servers."""
WINRM_ENDPOINT = EndpointKind(MappingProxyType({"http": 5985, "https": 5986}), "wsman", "Microsoft.PowerShell")
"""The plain endpoint of Windows, where a snap-in brings the cmdlets: Exchange 2007 and Edge Transport servers."""


@dataclass(frozen=True)
class Response:
    """What one command returned.

    Attributes:
        objects: output objects, each as property name -> plain value.
        errors: what it wrote to the error stream, and the error that ended it.
        warnings: texts of the warning stream.
    """

    objects: list[dict[str, Plain]] = field(default_factory=list)
    errors: list[ErrorRecord] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Session(Protocol):
    """One conversation with one Exchange server. Not for use by several threads."""

    @property
    def account(self) -> str:
        """Who the session runs as, for messages; empty for the holder of the current Kerberos ticket."""

    @property
    def endpoint(self) -> str:
        """What the session talks to, for messages."""

    @property
    def snap_in(self) -> str:
        """The snap-in that brings the cmdlets, empty where Exchange's own endpoint does.

        With a snap-in nothing is hidden by management roles, and what answers is the server itself.
        """

    def open(self) -> None:
        """Connect and authenticate.

        Raises:
            Unreachable: no session can be had.
            ShellQuotaExceeded: the account has too many sessions and none closed in time.
            MissingLibrary: a Python library is not installed.
        """

    def invoke(self, command: Command) -> Response:
        """Run one command and return everything it wrote.

        Raises:
            SessionLost: the session broke; what the command did is unknown unless `may_have_run` is False.
            CommandTimeout: the command did not end in time.
            UndecodableValue: the answer holds something that cannot be read.
        """

    def close(self) -> None:
        """End the session so that the server forgets it. Never raises; may be called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True)
class ConnectionOptions:
    """How to reach one remote PowerShell endpoint. Times are whole seconds.

    Attributes:
        host: name or address to connect to; for Kerberos the server's own FQDN.
        port: TCP port, None for the usual one of the scheme and the kind of endpoint.
        scheme: `http` or `https`.
        path: path of the URL, None for the usual one.
        configuration_name: session configuration, None for the usual one.
        auth: one of AUTHENTICATION_METHODS.
        username: None takes the Kerberos ticket of the user who runs Ansible.
        message_encryption: `auto` encrypts on http whenever the authentication method can.
        cert_validation: whether the certificate of https is checked.
        ca_cert: file or directory of trusted authorities instead of the system's.
        connection_timeout: for the TCP connection.
        operation_timeout: how long the server may hold one request open when it has nothing to say.
        read_timeout: how long an HTTP answer may take; more than `operation_timeout`.
        command_timeout: how long one cmdlet may run.
        quota_timeout: how long to wait for a free session when the account has as many as Exchange allows.
        negotiate_service: service part of the Kerberos principal.
        negotiate_hostname: host part of it when that is not `host`.
        negotiate_delegate: whether the server gets a Kerberos ticket with which it can act in the account's name.
        snap_in: name of the snap-in to load at the plain endpoint of Windows; None for Exchange's own endpoint.
    """

    host: str
    port: int | None = None
    scheme: str = "http"
    path: str | None = None
    configuration_name: str | None = None
    auth: str = "kerberos"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    message_encryption: str = "auto"
    cert_validation: bool = True
    ca_cert: str | None = None
    connection_timeout: int = 30
    operation_timeout: int = 20
    read_timeout: int = 30
    command_timeout: int = 300
    quota_timeout: int = 120
    negotiate_service: str = "HTTP"
    negotiate_hostname: str | None = None
    negotiate_delegate: bool = False
    snap_in: str | None = None

    def __post_init__(self) -> None:
        if not self.host:
            raise InvalidOption("There is no host to connect to: set ansible_host or ansible_exchange_host.")
        if not _HOST.fullmatch(self.host):
            raise InvalidOption(
                f"ansible_exchange_host (or ansible_host): {self.host!r} is not a host; write a name or an address "
                f"only, such as ex1.contoso.com."
            )
        if self.port is not None and not 0 < self.port < 65536:
            raise InvalidOption(f"ansible_exchange_port must be a port from 1 to 65535, not {self.port}.")
        _one_of("ansible_exchange_scheme", self.scheme, SCHEMES)
        _one_of("ansible_exchange_auth", self.auth, AUTHENTICATION_METHODS)
        _one_of("ansible_exchange_message_encryption", self.message_encryption, MESSAGE_ENCRYPTION)
        if self.snap_in is not None and not _SNAP_IN.fullmatch(self.snap_in):
            raise InvalidOption(
                f"ansible_exchange_snap_in must be the name of one snap-in such as "
                f"Microsoft.Exchange.Management.PowerShell.SnapIn, not {self.snap_in!r}."
            )
        for name in ("connection_timeout", "operation_timeout", "read_timeout", "command_timeout"):
            if getattr(self, name) < 1:
                raise InvalidOption(f"ansible_exchange_{name} must be at least 1 second, not {getattr(self, name)}.")
        if self.read_timeout <= self.operation_timeout:
            raise InvalidOption(
                f"ansible_exchange_read_timeout ({self.read_timeout}) must be greater than "
                f"ansible_exchange_operation_timeout ({self.operation_timeout}), because the server may hold a request "
                f"that long before it answers."
            )
        if self.auth in ("basic", "ntlm") and not (self.username and self.password):
            raise InvalidOption(f"ansible_exchange_auth: {self.auth} needs a user name and a password.")
        if self.auth == "basic":
            self._check_basic()

    def _check_basic(self) -> None:
        if self.message_encryption == "always":
            raise InvalidOption(
                "Messages cannot be encrypted with ansible_exchange_auth: basic; use ansible_exchange_scheme: https, "
                "or another method of authentication."
            )
        if self.scheme == "http" and self.message_encryption != "never":
            raise InvalidOption(
                "ansible_exchange_auth: basic over http sends the password in clear text: use "
                "ansible_exchange_scheme: https, or accept it with ansible_exchange_message_encryption: never."
            )

    @property
    def kind(self) -> EndpointKind:
        """Which kind of endpoint is asked: a snap-in can be loaded at the plain one of Windows only."""
        return WINRM_ENDPOINT if self.snap_in else EXCHANGE_ENDPOINT

    @property
    def tcp_port(self) -> int:
        """The port, given or usual."""
        return self.port or self.kind.ports[self.scheme]

    @property
    def url_path(self) -> str:
        """The path, given or usual, without slashes around it."""
        return (self.path or self.kind.path).strip("/")

    @property
    def configuration(self) -> str:
        """The session configuration, given or usual."""
        return self.configuration_name or self.kind.configuration_name

    @property
    def endpoint(self) -> str:
        """URL of the endpoint."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.tcp_port}/{self.url_path}"

    @property
    def account(self) -> str:
        """User name for messages."""
        return self.username or ""


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidOption(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
