# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A session with a server that has no Exchange endpoint: Edge Transport, and Exchange 2007. PRIVATE to the collection.

The plain endpoint of Windows would run any script. It gets none: the snap-in is loaded by a structured command, and
what follows is the same commands that Exchange's own endpoint takes (remote-powershell.md part 2).
"""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command

from .errors import ErrorRecord, SessionLost, SnapInUnavailable, is_unknown_command, short_id
from .session import Response

if TYPE_CHECKING:
    from .session import Session

SNAP_IN_2007 = "Microsoft.Exchange.Management.PowerShell.Admin"
SNAP_INS = (
    ("Exchange 2007", SNAP_IN_2007),
    ("Edge Transport of Exchange 2010", "Microsoft.Exchange.Management.PowerShell.E2010"),
    ("Edge Transport of Exchange 2013 and later", "Microsoft.Exchange.Management.PowerShell.SnapIn"),
)
"""Which server has which snap-in."""

_EXCHANGE = "microsoft.exchange.management."


class SnapInSession:
    """A session whose cmdlets a snap-in brings.

    Args:
        inner: session with the plain endpoint, not yet open.
        snap_in: name of the snap-in.
    """

    def __init__(self, inner: Session, snap_in: str) -> None:
        self._inner = inner
        self._snap_in = snap_in
        self._warnings: list[str] = []

    @property
    def account(self) -> str:
        return self._inner.account

    @property
    def endpoint(self) -> str:
        return self._inner.endpoint

    @property
    def snap_in(self) -> str:
        return self._snap_in

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Open the inner session and load the snap-in.

        Raises:
            SnapInUnavailable: the server does not have it, or cannot load it.
        """
        self._inner.open()
        try:
            self._load()
        except SessionLost as lost:
            self._inner.close()
            # Nothing of Exchange has run, so this is a session that could not be had, and not a lost one.
            raise SnapInUnavailable(f"The snap-in {self._snap_in} was not loaded: {lost}") from lost
        except BaseException:
            self._inner.close()
            raise

    def invoke(self, command: Command) -> Response:
        """Run one command. What was warned of while the snap-in was loaded comes with the first answer."""
        response = self._inner.invoke(command)
        warnings, self._warnings = self._warnings, []
        return replace(response, warnings=[*warnings, *response.warnings]) if warnings else response

    def close(self) -> None:
        """End the session; never raises."""
        self._inner.close()

    def _load(self) -> None:
        response = self._inner.invoke(Command.of("Add-PSSnapin", Name=self._snap_in))
        self._warnings = list(response.warnings)
        if not response.errors:
            return
        record = response.errors[0]
        if is_unknown_command(record):
            raise SnapInUnavailable(
                f"The session configuration at {self.endpoint} knows no Add-PSSnapin: it must be "
                f"Microsoft.PowerShell, that of Windows PowerShell, so check ansible_exchange_configuration_name "
                f"({_said(record)})"
            )
        # PowerShell 2 calls a snap-in that is loaded already an error, with the id of one that is not there.
        if self._is_loaded():
            self._warnings.append(f"The snap-in {self._snap_in} was loaded already at {self.endpoint}.")
            return
        raise SnapInUnavailable(self._explain(record))

    def _is_loaded(self) -> bool:
        response = self._inner.invoke(Command.of("Get-PSSnapin", Name=self._snap_in))
        return bool(response.objects) and not response.errors

    def _explain(self, record: ErrorRecord) -> str:
        registered = self._registered()
        if self._snap_in.casefold() in {name.casefold() for name in registered}:
            return f"The snap-in {self._snap_in} cannot be loaded at {self.endpoint}: {_said(record)}"
        if registered:
            remedy = f"set ansible_exchange_snap_in to {' or '.join(_fitting(registered))}, which is registered there"
        else:
            names = "; ".join(f"{server}: {name}" for server, name in SNAP_INS)
            remedy = (
                f"none of Exchange is registered there, so check that ansible_exchange_host is an Exchange server; "
                f"their names are, {names}"
            )
        return f"There is no snap-in {self._snap_in} at {self.endpoint}: {remedy} ({_said(record)})"

    def _registered(self) -> list[str]:
        """Names of the server's Exchange snap-ins, loaded or not; none when it does not tell."""
        response = self._inner.invoke(Command.of("Get-PSSnapin", Registered=True))
        names = (str(plain.get("Name") or "") for plain in response.objects)
        return sorted(name for name in names if name.casefold().startswith(_EXCHANGE))


def _fitting(registered: list[str]) -> list[str]:
    """The newest of the snap-ins for administration; a server has others too, for setup and support."""
    there = {name.casefold() for name in registered}
    known = [name for _server, name in SNAP_INS if name.casefold() in there]
    return known[-1:] or registered


def _said(record: ErrorRecord) -> str:
    return f"PowerShell says: {' '.join(record.message.split()).rstrip('.')} [{short_id(record)}]"
