# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Errors of the core. PRIVATE to the collection.

Every message is one sentence that says what is wrong, where, and what would be right; the action base shows it
to the user as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class RelayError(Exception):
    """The core cannot go on; the text is one sentence for the user. Nothing was written because of it."""


class InputError(RelayError):
    """A declared value is wrong: the sentence names the option, the value and what would be right."""


class UndecodableValue(RelayError):
    """Exchange returned a value this version does not understand.

    It is never taken for "empty": a list read as empty would plan the removal of everything in it.
    """


class PlanRefused(RelayError):
    """A plan has steps and findings that forbid them.

    Args:
        findings: the unaccepted findings, each with ``id`` and ``message`` attributes.
    """

    def __init__(self, findings: Sequence[Any]) -> None:
        self.findings: tuple[Any, ...] = tuple(findings)
        told = " ".join(f"[{finding.id}] {finding.message}" for finding in self.findings)
        ids = ", ".join(sorted({str(finding.id) for finding in self.findings}))
        super().__init__(
            f"Nothing was written, because the plan is not safe: {told} "
            f"Mend the declaration, or accept with a reason: accept_findings with {ids}."
        )
