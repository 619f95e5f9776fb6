# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Callback that writes every task result as one JSON line, beside whatever is printed on the screen."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: recorder
type: notification
short_description: Writes task results as JSON lines
description:
  - Appends one JSON object a task result, and one with the recap, to the file that E(MAILRELAY_RECORD) names.
options: {}
"""


class CallbackModule(CallbackBase):
    """Records results in the order in which they arrive."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "recorder"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, line: dict[str, Any]) -> None:
        with Path(os.environ["MAILRELAY_RECORD"]).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, default=str) + "\n")

    def _record(self, status: str, result: Any) -> None:
        # ansible-core 2.19 made the three attributes public and warns when the old names are used.
        task = result.task if hasattr(result, "task") else result._task
        host = result.host if hasattr(result, "host") else result._host
        values = result.result if hasattr(result, "result") else result._result
        self._write(
            {
                "status": status,
                "host": host.get_name(),
                "task": task.get_name(),
                "name": task.name,
                "action": task.action,
                "result": values,
            }
        )

    def v2_runner_on_ok(self, result: Any) -> None:
        self._record("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._record("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._record("unreachable", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._record("skipped", result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._write({"stats": {host: stats.summarize(host) for host in stats.processed}})
