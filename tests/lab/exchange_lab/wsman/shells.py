# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One shell: a runspace pool of one account, its pipelines, and who waits for what (MS-PSRP 3.2, MS-WSMV 3.1.4)."""

from __future__ import annotations

import struct
import threading
import time
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psrpcore import (
    CreatePipelineEvent,
    EndOfPipelineInputEvent,
    GetAvailableRunspacesEvent,
    GetCommandMetadataEvent,
    PipelineInputEvent,
    PSRPCoreError,
    PSRPEvent,
    PSRPPayload,
    ResetRunspaceStateEvent,
    ServerPipeline,
    ServerRunspacePool,
    SetMaxRunspacesEvent,
    SetMinRunspacesEvent,
    StreamType,
)
from psrpcore.types import add_note_property

from exchange_lab.settings import AccountConfig
from exchange_lab.wsman import records, wsman_faults
from exchange_lab.wsman.disturbances import ConnectionDropped
from exchange_lab.wsman.outbox import ObjectIds
from exchange_lab.wsman.pipelines import Pipeline, Target
from exchange_lab.wsman.runner import Runner

# How long a finished pipeline waits for the client's Signal, in seconds.
PIPELINE_EXPIRY = 60.0
_NOT_UNDERSTOOD = (PSRPCoreError, ET.ParseError, struct.error, ValueError, KeyError, AttributeError, TypeError)


class Pool(ServerRunspacePool):
    """psrpcore's pool, taking property names without regard to case as .NET does: pypsrp writes CI for ci."""

    def _process_SetMaxRunspaces(self, event: SetMaxRunspacesEvent) -> None:  # noqa: N802 - psrpcore's name
        _name_call_id(event)
        super()._process_SetMaxRunspaces(event)

    def _process_SetMinRunspaces(self, event: SetMinRunspacesEvent) -> None:  # noqa: N802 - psrpcore's name
        _name_call_id(event)
        super()._process_SetMinRunspaces(event)


def _name_call_id(event: PSRPEvent[Any, Any]) -> None:
    message = event._ps_object
    if not hasattr(message, "ci") and hasattr(message, "CI"):
        add_note_property(message, "ci", message.CI)


class Shell:
    """One shell. Every method may be called from any thread.

    idle_timeout: seconds without a request after which it is gone.
    """

    def __init__(self, shell_id: str, account: AccountConfig, runner: Runner, idle_timeout: float) -> None:
        self.id = shell_id
        self.account = account
        self.idle_timeout = idle_timeout
        self.closed = False
        self._runner = runner
        self._condition = threading.Condition()
        self._pool = Pool()
        self._ids = ObjectIds()
        self._target = Target(self._ids)
        self._pipelines: dict[uuid.UUID, Pipeline] = {}
        self._busy_runspaces = 0
        self._drop_next = False
        self._requests = 0
        self._last_request = time.monotonic()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Mark the time that one request is served: the shell is not idle meanwhile."""
        with self._condition:
            self._requests += 1
            self._forget_finished()
        try:
            yield
        finally:
            with self._condition:
                self._requests -= 1
                self._last_request = time.monotonic()

    def expired(self) -> bool:
        """Whether the shell has been idle for too long."""
        with self._condition:
            return not self._requests and time.monotonic() - self._last_request > self.idle_timeout

    def open(self, creation: bytes) -> None:
        """Take the client's first messages; raises WSManFault when they are no PSRP."""
        self._feed(creation, None)

    def command(self, pipeline_id: uuid.UUID, fragment: bytes) -> None:
        """Begin a pipeline with its first fragment; raises WSManFault."""
        with self._condition:
            if pipeline_id in self._pipelines:
                raise wsman_faults.plugin_failure(f"The command {pipeline_id} exists already.")
            psrp = ServerPipeline(self._pool, pipeline_id)
            pipeline = Pipeline(psrp, self._ids, self._runner, self._changed, self._turn, self._drop)
            self._pipelines[pipeline_id] = pipeline
            self._feed(fragment, pipeline_id)

    def send(self, pipeline_id: uuid.UUID | None, data: bytes) -> None:
        """Take more data for the pool or a pipeline; raises WSManFault."""
        with self._condition:
            self._find(pipeline_id)
            self._feed(data, pipeline_id)

    def receive(self, pipeline_id: uuid.UUID | None, size: int, seconds: float) -> tuple[bytes, bool]:
        """Return (fragments of at most `size` bytes, whether the pipeline has ended and all is said).

        Waits for the first of: data, the end of the pipeline, a newer Receive, the end of the shell, `seconds`.
        Raises WSManFault for the last three, ConnectionDropped when a test wants that.
        """
        deadline = time.monotonic() + seconds
        with self._condition:
            target = self._find(pipeline_id)
            receiver = target.new_receiver()
            self._condition.notify_all()
            while True:
                self._raise_if_over()
                if target.superseded(receiver):
                    raise wsman_faults.operation_timed_out()
                if target.outbox or target.done:
                    data = target.outbox.take(size)
                    return data, target.done and not target.outbox
                left = deadline - time.monotonic()
                if left <= 0:
                    raise wsman_faults.operation_timed_out()
                self._condition.wait(left)

    def signal(self, pipeline_id: uuid.UUID, terminate: bool) -> None:
        """Stop a pipeline; with `terminate` forget it too. Raises WSManFault when there is none."""
        with self._condition:
            pipeline = self._pipelines.get(pipeline_id)
            if pipeline is None:
                raise wsman_faults.invalid_selectors()
            pipeline.stop()
            if terminate:
                self._remove(pipeline_id)
            self._condition.notify_all()

    def close(self) -> list[Pipeline]:
        """End the shell: pipelines are stopped, whoever waits is told. Returns the pipelines, to wait for."""
        with self._condition:
            self.closed = True
            pipelines = list(self._pipelines.values())
            for pipeline_id in list(self._pipelines):
                self._remove(pipeline_id)
            self._condition.notify_all()
            return pipelines

    def _raise_if_over(self) -> None:
        if self.closed:
            raise wsman_faults.aborted()
        if self._drop_next:
            self._drop_next = False
            raise ConnectionDropped

    def _find(self, pipeline_id: uuid.UUID | None) -> Target:
        if pipeline_id is None:
            return self._target
        try:
            return self._pipelines[pipeline_id]
        except KeyError:
            raise wsman_faults.invalid_selectors() from None

    def _remove(self, pipeline_id: uuid.UUID) -> None:
        self._pipelines.pop(pipeline_id).abandon()

    def _forget_finished(self) -> None:
        now = time.monotonic()
        for pipeline_id, pipeline in list(self._pipelines.items()):
            if pipeline.finished_at is not None and now - pipeline.finished_at > PIPELINE_EXPIRY:
                self._remove(pipeline_id)

    def _feed(self, data: bytes, pipeline_id: uuid.UUID | None) -> None:
        with self._condition:
            try:
                self._pool.receive_data(PSRPPayload(data, StreamType.default, pipeline_id))
                while (event := self._pool.next_event()) is not None:
                    self._collect()
                    self._handle(event)
            except _NOT_UNDERSTOOD as error:
                raise wsman_faults.plugin_failure(str(error)) from error
            self._collect()
            self._condition.notify_all()

    def _handle(self, event: PSRPEvent[Any, Any]) -> None:
        pipeline = self._pipelines.get(event.pipeline_id) if event.pipeline_id else None
        if isinstance(event, SetMaxRunspacesEvent | SetMinRunspacesEvent | ResetRunspaceStateEvent):
            self._pool.runspace_availability_response(event.ci, True)
        elif isinstance(event, GetAvailableRunspacesEvent):
            self._pool.runspace_availability_response(event.ci, max(self._runspaces - self._busy_runspaces, 0))
        elif pipeline is None:
            return
        elif isinstance(event, CreatePipelineEvent):
            pipeline.create(event.pipeline)
        elif isinstance(event, GetCommandMetadataEvent):
            pipeline.refuse(records.beyond_the_lab("command metadata"))
        elif isinstance(event, PipelineInputEvent):
            pipeline.add_input()
        elif isinstance(event, EndOfPipelineInputEvent):
            pipeline.begin()

    def _collect(self) -> None:
        """Queue what psrpcore has prepared for the pool."""
        while (payload := self._pool.data_to_send()) is not None:
            self._target.outbox.add_payload(payload)

    @property
    def _runspaces(self) -> int:
        return max(self._pool.max_runspaces, 1)

    def _drop(self) -> None:
        with self._condition:
            self._drop_next = True
            self._condition.notify_all()

    @contextmanager
    def _changed(self) -> Iterator[None]:
        with self._condition:
            self._collect()
            yield
            self._condition.notify_all()

    @contextmanager
    def _turn(self, cancelled: threading.Event) -> Iterator[None]:
        with self._condition:
            while self._busy_runspaces >= self._runspaces and not cancelled.is_set():
                self._condition.wait()
            self._busy_runspaces += 1
        try:
            yield
        finally:
            with self._condition:
                self._busy_runspaces -= 1
                self._condition.notify_all()
