# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From what Exchange returns to meaning, for every kind of property. PRIVATE to the collection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import Property

from .errors import UndecodableValue
from .named_values import CertificateName, TlsCapability, read_exchange_accepted_domain, read_tls_capabilities
from .quantities import UNLIMITED, Caseless, Size, Timespan, find_word, whole_number
from .ranges import Binding, IPRange, read_exchange_binding, read_exchange_range, shown

# Shown beside permission groups when rights differ from the presets; cannot be written, says nothing that the rights
# themselves do not say.
_CUSTOM = "custom"
_NONE = "none"


def parse_exchange(row: Property, plain: object) -> Any:
    """A value that Exchange returned as its canonical form.

    Args:
        row: the property's row of the table.
        plain: decoded value: None, bool, int, text, or a list of texts.

    Raises:
        UndecodableValue: the value is of another type or form than this version knows. A null where a list, a
            number or a word must be is such a value, never an empty one.
    """
    try:
        return _EXCHANGE_PARSERS[row.kind](row, plain)
    except ValueError as error:
        raise UndecodableValue(
            f"Exchange returned {shown(plain)} for property {row.exchange}, which {error}; nothing is changed on the "
            "strength of a value that is not understood."
        ) from None


def _exchange_text(plain: object) -> str:
    if not isinstance(plain, str):
        raise ValueError("is not text")
    return plain


def _exchange_string(row: Property, plain: object) -> str:
    text = "" if plain is None else _exchange_text(plain)
    return Caseless(text) if row.option == "name" or row.kind == "fqdn" else text


def _exchange_bool(_row: Property, plain: object) -> bool:
    if not isinstance(plain, bool):
        raise ValueError("is neither true nor false")
    return plain


def _exchange_int(_row: Property, plain: object) -> int:
    return whole_number(plain)


def _exchange_unlimited(_row: Property, plain: object) -> int | str:
    if isinstance(plain, str) and plain.strip().casefold() == UNLIMITED:
        return UNLIMITED
    return whole_number(plain)


def _exchange_timespan(_row: Property, plain: object) -> Timespan:
    return Timespan.read(_exchange_text(plain))


def _exchange_size(_row: Property, plain: object) -> Size:
    return Size.read_exchange(_exchange_text(plain))


def _exchange_enum(row: Property, plain: object) -> str:
    return find_word(row.choices, _exchange_text(plain))


def _exchange_flags(row: Property, plain: object) -> frozenset[str]:
    words = plain if isinstance(plain, list) else _exchange_text(plain).split(",")
    texts = [_exchange_text(word).strip() for word in words]
    if not all(texts):
        raise ValueError("has an empty word")
    if row.whole and [text.casefold() for text in texts] == [row.whole.casefold()]:
        return frozenset(row.choices)
    nothing = {_NONE, _CUSTOM} if row.option == "permission_groups" else {_NONE}
    return frozenset(find_word(row.choices, text) for text in texts if text.casefold() not in nothing)


def _exchange_ranges(_row: Property, plain: object) -> frozenset[IPRange]:
    return frozenset(read_exchange_range(entry) for entry in _exchange_list(plain))


def _exchange_bindings(_row: Property, plain: object) -> frozenset[Binding]:
    return frozenset(read_exchange_binding(entry) for entry in _exchange_list(plain))


def _exchange_list(plain: object) -> list[Any]:
    if not isinstance(plain, list):
        raise ValueError("is not a list")
    return plain


def _exchange_accepted_domain(_row: Property, plain: object) -> Caseless:
    return Caseless("") if plain is None else read_exchange_accepted_domain(_exchange_text(plain))


def _exchange_certificate(_row: Property, plain: object) -> CertificateName:
    return CertificateName.read("" if plain is None else _exchange_text(plain))


def _exchange_tls_capabilities(row: Property, plain: object) -> frozenset[TlsCapability]:
    texts = [_exchange_text(entry) for entry in _exchange_list(plain)]
    return frozenset(found for text in texts for found in read_tls_capabilities(text, row.choices))


_EXCHANGE_PARSERS: dict[str, Callable[[Property, object], Any]] = {
    "string": _exchange_string,
    "fqdn": _exchange_string,
    "banner": _exchange_string,
    "bool": _exchange_bool,
    "int": _exchange_int,
    "unlimited": _exchange_unlimited,
    "timespan": _exchange_timespan,
    "size": _exchange_size,
    "enum": _exchange_enum,
    "flags": _exchange_flags,
    "ip_ranges": _exchange_ranges,
    "bindings": _exchange_bindings,
    "accepted_domain": _exchange_accepted_domain,
    "certificate": _exchange_certificate,
    "tls_capabilities": _exchange_tls_capabilities,
}
