# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what a plan changes, as data and as a difference that people read.

Full lists are not among it: a connector with ten thousand sources must fit into the result of a task.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import LIST_KINDS, PROPERTIES, Property

from .model import AccessEntry
from .moves import Create, Grant, Move, Revoke, Write
from .pictures import Picture
from .principal_words import word_for
from .principals import told_users
from .values import to_option
from .world import World

MAX_LISTED = 50
_ABSENT: Mapping[str, Any] = {}


def changes_of(before: World, after: World, moves: Sequence[Move]) -> list[dict[str, object]]:
    """Every property of every connector that differs, in the order in which the connectors are first changed.

    A connector goes by its name after the plan, one that is removed by the name it had. A list property has what was
    added and removed, at most MAX_LISTED entries each, and the counts.
    """
    found: list[dict[str, object]] = []
    own: dict[str, list[Move]] = {}
    for move in moves:
        own.setdefault(move.name, []).append(move)
    for first_name, its_moves in own.items():
        old, new = before.get(first_name), after.get(first_name)
        name = first_name if new is None else new.name
        if old is None or new is None:
            found.append(_change(name, "state", _state(old), _state(new)))
        found += _value_changes(name, old, new, its_moves)
        found += _permission_changes(name, old, new, before, after, its_moves)
    return found


def _state(picture: Picture | None) -> str:
    return "absent" if picture is None else "present"


def _change(connector: str, name: str, before: object, after: object) -> dict[str, object]:
    return {"connector": connector, "property": name, "before": before, "after": after}


def _list_change(connector: str, name: str, old: Sequence[str], new: Sequence[str]) -> dict[str, object]:
    was, is_now = set(old), set(new)
    return {
        "connector": connector,
        "property": name,
        "added": _listed([entry for entry in new if entry not in was]),
        "removed": _listed([entry for entry in old if entry not in is_now]),
        "count_before": len(was),
        "count_after": len(is_now),
    }


def _listed(entries: Sequence[str]) -> list[str]:
    if len(entries) <= MAX_LISTED:
        return list(entries)
    return [*entries[:MAX_LISTED], f"... {len(entries) - MAX_LISTED} more"]


def _value_changes(
    name: str, old: Picture | None, new: Picture | None, moves: Sequence[Move]
) -> Iterator[dict[str, object]]:
    old_values = _ABSENT if old is None else old.values
    new_values = _ABSENT if new is None else new.values
    written = {option for move in moves if isinstance(move, (Create, Write)) for option in move.values}
    if any(isinstance(move, (Grant, Revoke)) for move in moves):
        written.add("permission_groups")  # which Exchange computes from the access list
    for row in PROPERTIES:
        if new is None and row.option != "remote_ip_ranges":
            continue
        if row.option not in written and new is not None:
            continue
        was, is_now = old_values.get(row.option), new_values.get(row.option)
        if was == is_now and old is not None:
            continue
        if row.kind in LIST_KINDS:
            yield _list_change(name, row.option, _texts(row, was), _texts(row, is_now))
        else:
            yield _change(name, row.option, _plain(row, was), _plain(row, is_now))


def _plain(row: Property, value: Any) -> object:
    return None if value is None else to_option(row, value)


def _texts(row: Property, value: Any) -> list[str]:
    return [] if value is None else [str(entry) for entry in to_option(row, value)]


def _permission_changes(
    name: str, old: Picture | None, new: Picture | None, before: World, after: World, moves: Sequence[Move]
) -> Iterator[dict[str, object]]:
    if new is None or not any(isinstance(move, (Grant, Revoke)) for move in moves):
        return
    users = told_users(before, before.facts.version)
    was = _entry_texts(before.manual_entries(old), before.anonymous, users) if old is not None else []
    is_now = _entry_texts(after.manual_entries(new), before.anonymous, users)
    if was != is_now:
        yield _list_change(name, "permissions", was, is_now)


def _entry_texts(entries: Sequence[AccessEntry], anonymous: str, users: str) -> list[str]:
    """Rights for people; principals whose names are others in every language by the words for them."""
    return sorted(
        f"{word_for(entry.principal, anonymous, users)}: {'deny ' if entry.deny else ''}{entry.right}"
        for entry in entries
    )


def diff_of(changes: Sequence[Mapping[str, object]], subject: str = "connector") -> dict[str, str]:
    """What differs, before and after, as text in the shape of YAML; both empty when nothing does.

    subject: the key that says what a change is about.
    """
    sides: dict[str, list[str]] = {"before": [], "after": []}
    for side, lines in sides.items():
        named = None
        for change in changes:
            body = list(_lines(change, side))
            if body and change[subject] != named:
                named = change[subject]
                lines.append(f"{named}:")
            lines += [f"  {line}" for line in body]
    return {side: "".join(f"{line}\n" for line in lines) for side, lines in sides.items()}


def _lines(change: Mapping[str, object], side: str) -> Iterator[str]:
    name = change["property"]
    if "count_before" not in change:
        value = change[side]
        if value is not None and not (name == "state" and value == "absent"):
            yield f"{name}: {_scalar(value)}"
        return
    entries = change["removed" if side == "before" else "added"]
    if isinstance(entries, list) and entries:
        yield f"{name}:"
        yield from (f"  - {entry}" for entry in entries)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if value != "" else "''"
