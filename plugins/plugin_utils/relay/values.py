# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From text to meaning and back, for every kind of property. PRIVATE to the collection.

A *canonical* value is what the core compares: two canonical values are equal exactly when Exchange would behave the
same (with the one exception of sizes that are no whole KB, see Size). By kind:

- string, banner: str, "" for none; the string of property Name is a Caseless
- fqdn: Caseless
- bool: bool
- int: int
- unlimited: int, or the text "unlimited"
- timespan: Timespan
- size: Size
- enum: str in Exchange's spelling
- flags: frozenset of str in Exchange's spelling
- ip_ranges: frozenset of IPRange
- bindings: frozenset of Binding
- accepted_domain: Caseless
- certificate: CertificateName
- tls_capabilities: frozenset of TlsCapability

A list option may also be a ListChange. None never gets here: it means "not managed" and the caller leaves it out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import LIST_KINDS, Property
from ansible_collections.mailrelay.exchange.plugins.module_utils._words import unseen

from .commands import Value
from .errors import InputError
from .exchange_values import parse_exchange
from .named_values import CertificateName, read_accepted_domain, read_tls_capabilities, tls_capability_texts
from .quantities import UNLIMITED, Caseless, Size, Timespan, find_word, whole_number
from .ranges import Binding, IPRange, parse_binding, parse_range, shown, split_entries

__all__ = [
    "UNLIMITED",
    "ListChange",
    "apply_list_change",
    "parse_exchange",
    "parse_option",
    "to_option",
    "to_parameter",
]

_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
_BANNER = re.compile(r"220 .*")
_TRUE = frozenset(("yes", "on", "true", "1", "y", "t"))
_FALSE = frozenset(("no", "off", "false", "0", "n", "f"))
_ENTRY_ENDS = re.compile(r"[;\r\n]")
_CHANGE_KEYS = ("add", "remove", "set")


@dataclass(frozen=True)
class ListChange:
    """Entries (canonical) to add to and to remove from a list whose other entries stay as they are."""

    add: frozenset[Any] = frozenset()
    remove: frozenset[Any] = frozenset()

    def applied_to(self, current: frozenset[Any]) -> frozenset[Any]:
        """The whole list after this change."""
        return (current - self.remove) | self.add


def apply_list_change(current: frozenset[Any], change: frozenset[Any] | ListChange) -> frozenset[Any]:
    """The whole list after a parsed list option: a set replaces, a ListChange changes."""
    return change.applied_to(current) if isinstance(change, ListChange) else change


def parse_option(row: Property, raw: object) -> Any:
    """A declared value as its canonical form.

    Args:
        row: the property's row of the table.
        raw: what was declared; for list kinds a text, a list, or a mapping of add, remove and set. A list and a set
            give the whole list, add and remove give a ListChange.

    Raises:
        InputError: one sentence with the option, the value and what would be right.
    """
    if row.kind in LIST_KINDS:
        return _parse_list_option(row, raw)
    try:
        return _PARSERS[row.kind](row, raw)
    except ValueError as error:
        raise InputError(f"{row.option}: {shown(raw)} {error}.") from None


def to_parameter(row: Property, canonical: Any) -> Value:
    """A canonical value as the value of the cmdlet's parameter."""
    if row.kind in ("ip_ranges", "bindings"):
        return tuple(entry.parameter for entry in sorted(canonical))
    if row.kind == "flags":
        words = _flag_words(row, canonical)
        if row.whole and len(words) == len(row.choices):
            return row.whole
        if len(words) > 1:
            return words
        return words[0] if words else "None"
    if row.kind == "tls_capabilities":
        return tls_capability_texts(canonical) or None
    if row.kind in ("timespan", "size"):
        return str(canonical)
    if row.kind in ("string", "banner", "fqdn", "accepted_domain", "certificate"):
        # An empty text cannot be bound to a parameter of type Fqdn; null clears all of them.
        return str(canonical) or None
    if row.kind == "unlimited":
        return "Unlimited" if canonical == UNLIMITED else int(canonical)
    return canonical  # type: ignore[no-any-return]


def to_option(row: Property, canonical: Any) -> Any:
    """A canonical value as plain data that parse_option reads back to the same canonical value."""
    if row.kind in ("ip_ranges", "bindings"):
        return [entry.parameter for entry in sorted(canonical)]
    if row.kind == "flags":
        return list(_flag_words(row, canonical))
    if row.kind == "tls_capabilities":
        return list(tls_capability_texts(canonical))
    # A number that could also be "unlimited" stays a number for those who compare it.
    return canonical if isinstance(canonical, int) else str(canonical)


def _flag_words(row: Property, canonical: frozenset[str]) -> tuple[str, ...]:
    return tuple(word for word in row.choices if word in canonical)


# -- declared values ------------------------------------------------------------------------------------------------


def _parse_list_option(row: Property, raw: object) -> frozenset[Any] | ListChange:
    if not isinstance(raw, Mapping):
        return _parse_list(row, raw, row.option)
    unknown = sorted(shown(key) for key in raw if key not in _CHANGE_KEYS)
    if unknown:
        raise InputError(
            f"{row.option}: {', '.join(unknown)} is not known here; the mapping takes add, remove and set."
        )
    given = {key: raw[key] for key in _CHANGE_KEYS if raw.get(key) is not None}
    if not given:
        raise InputError(f"{row.option}: the mapping is empty; give add, remove or set, or leave the option out.")
    lists = {key: _parse_list(row, value, f"{row.option}.{key}") for key, value in given.items()}
    if "set" in lists:
        if len(lists) > 1:
            raise InputError(f"{row.option}: set gives the whole list; take out add and remove, or take out set.")
        return lists["set"]
    change = ListChange(lists.get("add", frozenset()), lists.get("remove", frozenset()))
    both = sorted(str(entry) for entry in change.add & change.remove)
    if both:
        raise InputError(f"{row.option}: {', '.join(both[:5])} is in add and in remove; decide for one of them.")
    return change


def _parse_list(row: Property, raw: object, where: str) -> frozenset[Any]:
    if row.kind == "ip_ranges":
        return _one_scope_each([parse_range(entry, where) for entry in split_entries(raw, where)], where)
    if row.kind == "bindings":
        bindings = [parse_binding(entry, where) for entry in split_entries(raw, where, "write address:port")]
        return _one_scope_each(bindings, where)
    if row.kind == "tls_capabilities":
        return _parse_tls_capabilities(row, raw, where)
    entries = split_entries(raw, where, f"write words out of {', '.join(row.choices)}")
    if row.whole and any(entry.casefold() == row.whole.casefold() for entry in entries):
        if len(entries) > 1:
            raise InputError(f"{where}: {row.whole} stands for all the words; take the others out.")
        return frozenset(row.choices)
    found = frozenset(_declared_flag(row, entry, where) for entry in entries if entry.casefold() != "none")
    if found and len(entries) > sum(entry.casefold() != "none" for entry in entries):
        raise InputError(f"{where}: None stands for an empty list and goes with no other word; take one of them out.")
    return found


def _one_scope_each(entries: list[Any], where: str) -> frozenset[Any]:
    """The entries as a set. Scope ids are not compared, so two entries that differ only in theirs would become one."""
    scopes: dict[IPRange | Binding, str] = {}
    for entry in entries:
        if entry.scope and scopes.setdefault(entry, entry.scope) != entry.scope:
            raise InputError(
                f"{where}: {entry} is given with the scope ids {scopes[entry]} and {entry.scope}, and Exchange's list "
                "cannot be compared by them; keep one, or none."
            )
    return frozenset(entries)


def _parse_tls_capabilities(row: Property, raw: object, where: str) -> frozenset[Any]:
    """Entries of a list each as it is, because they have commas inside; a text with line breaks or semicolons."""
    right = "write domain:capability"
    if isinstance(raw, str):
        texts = [part.strip() for part in _ENTRY_ENDS.split(raw) if part.strip()]
    elif isinstance(raw, (list, tuple)):
        texts = list(raw)
    else:
        raise InputError(f"{where}: {shown(raw)} is neither text nor a list; {right}, one or several.")
    found: set[Any] = set()
    for text in texts:
        try:
            found.update(read_tls_capabilities(_declared_text(text), row.choices))
        except ValueError as error:
            raise InputError(f"{where}: {shown(text)} {error}.") from None
    return frozenset(found)


def _declared_flag(row: Property, entry: str, where: str) -> str:
    if row.option == "permission_groups" and entry.casefold() == "custom":
        raise InputError(
            f"{where}: Custom is only shown by Exchange and cannot be set; declare the extra rights as grants instead."
        )
    try:
        return find_word(row.choices, entry)
    except ValueError as error:
        raise InputError(f"{where}: {shown(entry)} {error}.") from None


def _declared_text(raw: object, invisible: bool = True) -> str:
    """A text without what Exchange or its tools cannot take; `invisible`: signs without width are let through."""
    if not isinstance(raw, str):
        raise ValueError("is not text; put it in quotes")
    trouble = unseen(raw, not invisible)
    if trouble:
        raise ValueError(f"{trouble}; take it out")
    return str(raw)


def _parse_string(row: Property, raw: object) -> str:
    # Nobody finds a connector again whose name looks like another's.
    text = _declared_text(raw, invisible=row.option != "name")
    if row.minimum is not None and len(text.strip()) < row.minimum:
        raise ValueError("is empty; give a name")
    # Exchange counts the 16-bit units of a text; a sign beyond the first 65536 has two.
    length = len(text.encode("utf-16-le")) // 2
    if row.maximum is not None and length > row.maximum:
        raise ValueError(f"has {length} characters; {row.maximum} is the most Exchange takes")
    if row.option != "name":
        return text
    if text != text.strip():
        raise ValueError("starts or ends with a blank; take it off")
    return Caseless(text)


def _parse_fqdn(_row: Property, raw: object) -> Caseless:
    text = _declared_text(raw).strip()
    labels = text[:-1].split(".") if text.endswith(".") else text.split(".")
    if text and (len(text) > 255 or not all(_LABEL.fullmatch(label) for label in labels)):
        raise ValueError("is not a DNS name; write one such as smtp.contoso.com")
    return Caseless(".".join(labels))


def _parse_banner(_row: Property, raw: object) -> str:
    text = _declared_text(raw)
    if text and not _BANNER.fullmatch(text):
        raise ValueError("does not start with '220 ', as every SMTP greeting has to; write it in front")
    return text


def _parse_bool(_row: Property, raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().casefold() if isinstance(raw, (str, int)) else ""
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError("is neither true nor false")


def _parse_int(row: Property, raw: object) -> int:
    try:
        number = whole_number(raw)
    except ValueError:
        raise ValueError(f"is not a whole number from {row.minimum} to {row.maximum}") from None
    if not _within(row, number):
        raise ValueError(f"is not between {row.minimum} and {row.maximum}")
    return number


def _parse_unlimited(row: Property, raw: object) -> int | str:
    if isinstance(raw, str) and raw.strip().casefold() == UNLIMITED:
        return UNLIMITED
    try:
        number = whole_number(raw)
    except ValueError:
        raise ValueError(f"is neither a whole number from {row.minimum} to {row.maximum} nor unlimited") from None
    if not _within(row, number):
        raise ValueError(f"is neither between {row.minimum} and {row.maximum} nor unlimited")
    return number


def _parse_timespan(row: Property, raw: object) -> Timespan:
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        # YAML 1.1 reads an unquoted 1:00:00 as the number 3600.
        raise ValueError("is a bare number, not a duration in quotes; write hh:mm:ss, such as '00:30:00'")
    if not isinstance(raw, str):
        raise ValueError("is not a duration in quotes; write hh:mm:ss, such as '00:30:00'")
    found = Timespan.read(raw)
    low, high = Timespan.of_seconds(row.minimum or 0), Timespan.of_seconds(row.maximum or 0)
    if not low <= found <= high:
        raise ValueError(f"is not between {low} and {high}")
    return found


def _parse_size(row: Property, raw: object) -> Size:
    if isinstance(raw, bool) or not isinstance(raw, (str, int)):
        raise ValueError("is not a size; write a whole number with KB, MB or GB, such as 36MB")
    found = Size.read(str(raw))
    if not _within(row, found.bytes):
        raise ValueError(f"is not between {row.minimum} and {row.maximum} bytes")
    return found


def _parse_enum(row: Property, raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"is not one of {', '.join(row.choices)}, in quotes")
    return find_word(row.choices, raw)


def _parse_accepted_domain(_row: Property, raw: object) -> Caseless:
    return read_accepted_domain(_declared_text(raw))


def _parse_certificate(_row: Property, raw: object) -> CertificateName:
    return CertificateName.read(_declared_text(raw))


def _within(row: Property, number: int) -> bool:
    return (row.minimum is None or number >= row.minimum) and (row.maximum is None or number <= row.maximum)


_PARSERS: dict[str, Callable[[Property, object], Any]] = {
    "string": _parse_string,
    "fqdn": _parse_fqdn,
    "banner": _parse_banner,
    "bool": _parse_bool,
    "int": _parse_int,
    "unlimited": _parse_unlimited,
    "timespan": _parse_timespan,
    "size": _parse_size,
    "enum": _parse_enum,
    "accepted_domain": _parse_accepted_domain,
    "certificate": _parse_certificate,
}
