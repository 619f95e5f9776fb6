# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A concurrent administrator: edits of a connector that happen between the cmdlets of somebody else.

In the lab file, among the `faults` of a server: `edit_before: {cmdlet: Set-ReceiveConnector, connector: Relay,
add: [10.9.9.9], remove: [], set: {Comment: mine}}` or `edit_after` with the same keys; `count: 3` waits for the third
call of the cmdlet at that server's endpoint. Each edit happens once. It is an ordinary Set-ReceiveConnector that keeps
every rule; the journal shows it as a line of kind `edit`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exchange_lab.interface import CmdletCall
from exchange_lab.section import Section
from exchange_lab.settings import Edit

KEYS = ("edit_before", "edit_after")


def read_edits(faults: Section) -> tuple[Edit, ...]:
    """Read the edits among a server's faults; each key holds one edit or a list of them."""
    edits = []
    for key in KEYS:
        if not faults.has(key):
            continue
        sections = [faults.section(key)] if faults.is_mapping(key) else faults.sections(key)
        for section in sections:
            edit = Edit(
                moment=key.removeprefix("edit_"),
                cmdlet=section.text("cmdlet"),
                connector=section.text("connector"),
                add=section.strings("add", ()),
                remove=section.strings("remove", ()),
                set=section.mapping("set"),
                count=section.integer("count", 1, 1, 1_000_000),
            )
            if not (edit.add or edit.remove or edit.set):
                raise section.error(None, "name ranges to add or to remove, or parameters to set")
            section.done()
            edits.append(edit)
    return tuple(edits)


@dataclass
class _Pending:
    edit: Edit
    calls_left: int = field(init=False)

    def __post_init__(self) -> None:
        self.calls_left = self.edit.count


class PendingEdits:
    """The edits of one server that have not happened yet; the organisation's lock guards them."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._pending = [_Pending(edit) for edit in edits]

    def due(self, moment: str, cmdlet: str) -> list[Edit]:
        """Count one call of a cmdlet and return the edits whose turn it is, which are then used up."""
        due = []
        for pending in [
            item for item in self._pending if (item.edit.moment, item.edit.cmdlet.lower()) == (moment, cmdlet.lower())
        ]:
            pending.calls_left -= 1
            if not pending.calls_left:
                self._pending.remove(pending)
                due.append(pending.edit)
        return due


def as_call(server: str, edit: Edit) -> CmdletCall:
    """The cmdlet that the other administrator runs; a bare connector name means one of the endpoint's server."""
    identity = edit.connector if "\\" in edit.connector else f"{server}\\{edit.connector}"
    change = {name: list(ranges) for name, ranges in (("Add", edit.add), ("Remove", edit.remove)) if ranges}
    ranges = {"RemoteIPRanges": change} if change else {}
    return CmdletCall("Set-ReceiveConnector", {"Identity": identity, **ranges, **edit.set})
