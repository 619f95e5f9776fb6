# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One pipeline of a runspace pool: its worker thread, and the messages in which its results reach the client."""

from __future__ import annotations

import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import AbstractContextManager

from psrpcore import PowerShell, ServerPipeline
from psrpcore._payload import create_message
from psrpcore.types import PipelineState, PSInvocationState, PSRPMessageType

from exchange_lab.interface import CmdletError
from exchange_lab.wsman import records
from exchange_lab.wsman.language import Refused, Statement, statements
from exchange_lab.wsman.outbox import ObjectIds, Outbox
from exchange_lab.wsman.runner import Cancelled, DroppedBefore, Result, Runner


class Target:
    """What a client can receive for: the runspace pool or a pipeline. The shell's lock guards it."""

    def __init__(self, ids: ObjectIds) -> None:
        self.outbox = Outbox(ids)
        self.done = False
        self._newest = 0

    def new_receiver(self) -> int:
        """Return the number of a receiver that takes the place of every earlier one."""
        self._newest += 1
        return self._newest

    def superseded(self, receiver: int) -> bool:
        """Whether a later Receive has taken this one's place."""
        return receiver != self._newest


class Pipeline(Target):
    """One pipeline.

    changed: entered to change anything here; on leaving it wakes those who wait. turn: entered by the worker while it
    runs, so that a pool runs no more pipelines at once than it has runspaces. drop: breaks the client's connection.
    """

    def __init__(
        self,
        psrp: ServerPipeline,
        ids: ObjectIds,
        runner: Runner,
        changed: Callable[[], AbstractContextManager[object]],
        turn: Callable[[threading.Event], AbstractContextManager[object]],
        drop: Callable[[], None],
    ) -> None:
        super().__init__(ids)
        self._psrp = psrp
        self._runner = runner
        self._changed = changed
        self._turn = turn
        self._drop = drop
        self._statements: list[Statement] = []
        self._has_input = False
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None
        self.finished_at: float | None = None

    def create(self, definition: PowerShell) -> None:
        """Take the client's commands; they are run at once, or when the announced input has ended."""
        self._psrp.state = PSInvocationState.Running
        try:
            self._statements = statements(definition, self._runner.full_language)
        except Refused as refused:
            self._finish(refused.error)
            return
        if definition.no_input:
            self.begin()

    def refuse(self, error: CmdletError) -> None:
        """End as failed without having run."""
        self._psrp.state = PSInvocationState.Running
        self._finish(error)

    def add_input(self) -> None:
        """Note that an object was sent into the pipeline."""
        self._has_input = True

    def begin(self) -> None:
        """Start the worker."""
        if self._thread is None and self.finished_at is None:
            self._thread = threading.Thread(target=self._work, name="exchange-lab-pipeline", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop as the client asked: what has not begun is not run, what has begun ends unseen."""
        self._cancelled.set()
        if self.finished_at is None:
            self._psrp.state = PSInvocationState.Running
            self._psrp.stop()
            self._close()

    def abandon(self) -> None:
        """Forget the client: nothing more is sent."""
        self._cancelled.set()
        if self.finished_at is None:
            self._psrp.state = PSInvocationState.Stopped
            self._close()
        self._psrp.close()

    def join(self, seconds: float) -> None:
        """Wait for the worker."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _work(self) -> None:
        try:
            with self._turn(self._cancelled):
                for statement in self._statements:
                    result = self._runner.run(statement, self._has_input, self._cancelled)
                    if not self._report(result):
                        return
            with self._changed():
                self._finish(None)
        except Cancelled:
            return
        except DroppedBefore:
            self._drop()

    def _report(self, result: Result) -> bool:
        """Send what a statement wrote; return whether the pipeline goes on."""
        messages = [self._output(ET.tostring(item, encoding="unicode").encode()) for item in result.output]
        with self._changed():
            if self.finished_at is not None:
                return False
            if result.dropped:
                self._drop()
            for warning in result.warnings:
                self._psrp.write_warning(warning)
            for error in result.errors:
                if not error.terminating:
                    record = records.error_record(error)
                    self._psrp.prepare_message(record, message_type=PSRPMessageType.ErrorRecord)
            self._flush()
            for message in messages:
                self.outbox.add(message)
            fatal = next((error for error in result.errors if error.terminating), None)
            if fatal is not None:
                self._finish(fatal)
            return fatal is None

    def _output(self, data: bytes) -> bytes:
        pool = self._psrp.runspace_pool.runspace_pool_id
        return create_message(False, PSRPMessageType.PipelineOutput, data, pool, self._psrp.pipeline_id)

    def _finish(self, error: CmdletError | None) -> None:
        if self.finished_at is not None:
            return
        if error is None:
            self._psrp.complete()
        else:
            # psrpcore has no way to fail a pipeline: the state message is sent by hand.
            state = PipelineState(PipelineState=int(PSInvocationState.Failed))
            state.ExceptionAsErrorRecord = records.error_record(error)
            self._psrp.prepare_message(state)
            self._psrp.state = PSInvocationState.Failed
        self._close()

    def _close(self) -> None:
        self._flush()
        self.done = True
        self.finished_at = time.monotonic()

    def _flush(self) -> None:
        """Queue what psrpcore has prepared so far, ahead of what follows."""
        while (payload := self._psrp.runspace_pool.data_to_send()) is not None:
            # The shell empties the pool before it hands control to a pipeline: all of it is this pipeline's.
            self.outbox.add_payload(payload)
