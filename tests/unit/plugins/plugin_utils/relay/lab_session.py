# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A session with the lab without a wire between: what the cmdlets put out is decoded as it is from a server."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.clixml import decode_object
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import ErrorRecord
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.session import Response
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command
from exchange_lab.backend import ExchangeBackend
from exchange_lab.interface import CallContext, CmdletCall
from exchange_lab.wsman.depth import one_level_deep


class NoJournal:
    """A journal that keeps nothing."""

    def record(self, kind: str, fields: Any) -> int:
        return 0


class LabSession:
    """A Session of the collection on one server of the lab."""

    account = "administrator"
    endpoint = "the lab"

    def __init__(self, backend: ExchangeBackend, server: str) -> None:
        self._backend = backend
        self._context = CallContext(server, self.account, "test")
        self.snap_in = backend.organization.config.servers[server].snap_in or ""

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> LabSession:
        return self

    def __exit__(self, *_args: object) -> None:
        """Nothing to close."""

    def call(self, cmdlet: str, **parameters: object) -> list[str]:
        """Run a cmdlet and return the messages of its errors."""
        outcome = self._backend.execute(self._context, CmdletCall(cmdlet, parameters, ()))
        return [error.message for error in outcome.errors]

    def invoke(self, command: Command) -> Response:
        """Run a command of the collection."""
        outcome = self._backend.execute(self._context, CmdletCall(command.cmdlet, dict(command.parameters), ()))
        sent = [one_level_deep(element) if self.snap_in else element for element in outcome.output]
        texts = [ElementTree.tostring(element, encoding="unicode") for element in sent]
        errors = [ErrorRecord(error.message, error.error_id) for error in outcome.errors]
        return Response([decode_object(text) for text in texts], errors, list(outcome.warnings))
