# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the cmdlets of a pipeline against the organisation, with the trouble that a test asked for."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from exchange_lab.interface import Backend, CallContext, CmdletError, Outcome
from exchange_lab.wsman import records
from exchange_lab.wsman.disturbances import Disturbances
from exchange_lab.wsman.language import OUT_DEFAULT, Statement


@dataclass(frozen=True)
class Result:
    """What a statement wrote. dropped: the client's connection breaks before it learns of it."""

    output: list[Element]
    errors: list[CmdletError]
    warnings: list[str]
    dropped: bool = False


class Cancelled(Exception):
    """The client stopped the pipeline before the cmdlet was run."""


class DroppedBefore(Exception):
    """The connection breaks before the cmdlet is run."""


class Runner:
    """Runs cmdlets for one session. full_language: scripts would be run too."""

    def __init__(
        self, backend: Backend, context: CallContext, disturbances: Disturbances, full_language: bool = False
    ) -> None:
        self.full_language = full_language
        self._backend = backend
        self._context = context
        self._disturbances = disturbances

    def run(self, statement: Statement, has_input: bool, cancelled: threading.Event) -> Result:
        """Run one statement.

        Raises Cancelled when the client stopped waiting before the cmdlet began (a cmdlet that has begun is carried
        out), DroppedBefore when the connection shall break instead.
        """
        call = statement.call
        if call.name.casefold() == OUT_DEFAULT:
            return Result([], [], [])
        delay = self._disturbances.delay_of(call.name)
        if delay:
            cancelled.wait(delay)
        if cancelled.is_set():
            raise Cancelled
        if self._disturbances.drops_before(call.name):
            raise DroppedBefore
        if has_input:
            return Result([], [records.no_pipeline_input(call.name)], [])
        outcome = self._execute(statement)
        output = outcome.output
        for selection in statement.selections:
            output = selection.apply(output)
        return Result(output, outcome.errors, outcome.warnings, self._disturbances.drops_after(call.name))

    def _execute(self, statement: Statement) -> Outcome:
        try:
            return self._backend.execute(self._context, statement.call)
        except Exception as error:  # a defect of the lab must reach whoever runs the test, not hang the client
            return Outcome(errors=[records.internal_error(statement.call.name, error)])
