# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kinds of parameter values: what a client may send for each .NET type, and how the value is rendered.

A conversion error is a ValueError whose text is the inner error that PowerShell prints after `Error:`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from exchange_lab.clixml import Complex, Value
from exchange_lab.values import addresses, directory, enums, scalars


class Rendered(Protocol):
    """A value that knows its own CLIXML."""

    def rendered(self) -> Complex: ...


def render(value: object) -> Value:
    """Render one property value: plain values as they are, Exchange's own types by themselves."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(
        value,
        addresses.IPBinding
        | addresses.IPRange
        | scalars.TimeSpan
        | scalars.Size
        | scalars.Unlimited
        | enums.EnumValue
        | directory.ObjectId
        | directory.Fqdn
        | directory.DomainCapabilities
        | directory.CertificateName,
    ):
        return value.rendered()
    raise TypeError(f"No rendering for {type(value).__name__}.")


@dataclass(frozen=True)
class Kind:
    """One scalar type.

    type_name: the .NET type that a conversion error names. parse: reads what was sent, ValueError when it cannot.
    nullable: whether $null clears the value; `empty` is what it becomes then.
    """

    type_name: str
    parse: Callable[[object], object]
    nullable: bool = False
    empty: object = None

    def convert(self, raw: object) -> object:
        if raw is None:
            if self.nullable:
                return self.empty
            raise ValueError("null is not allowed")
        return self.parse(raw)


@dataclass(frozen=True)
class ListChange:
    """`@{Add=...; Remove=...}` for a multi-valued parameter."""

    add: tuple[object, ...] = ()
    remove: tuple[object, ...] = ()


@dataclass(frozen=True)
class ListKind:
    """A MultiValuedProperty: one value, a list, null (empty), or a hashtable of Add and Remove."""

    type_name: str
    item: Kind

    def convert(self, raw: object) -> object:
        if raw is None:
            return ()
        if isinstance(raw, dict):
            return self._change({str(key).lower(): value for key, value in raw.items()})
        return self._items(raw)

    def _change(self, raw: dict[str, object]) -> ListChange:
        if not raw or not raw.keys() <= {"add", "remove"}:
            raise ValueError("a hashtable may only hold Add and Remove")
        return ListChange(self._items(raw.get("add", [])), self._items(raw.get("remove", [])))

    def _items(self, raw: object) -> tuple[object, ...]:
        entries = raw if isinstance(raw, list | tuple) else [raw]
        return tuple(self.item.convert(entry) for entry in entries)


AnyKind = Kind | ListKind


def _text(raw: object) -> str:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    raise ValueError(f'a value of type "{_net_type(raw)}" cannot be read as text')


def _net_type(raw: object) -> str:
    names = {
        bool: "System.Boolean",
        float: "System.Double",
        list: "System.Object[]",
        dict: "System.Collections.Hashtable",
    }
    return names.get(type(raw), "System.Object")


def _of_text(read: Callable[[str], object]) -> Callable[[object], object]:
    return lambda raw: read(_text(raw))


def _strict_text(read: Callable[[str], object]) -> Callable[[object], object]:
    """Only real text: a bare number sent for a time span would silently mean ticks (unverified, hence refused)."""

    def parse(raw: object) -> object:
        if not isinstance(raw, str):
            raise ValueError(f'a value of type "{_net_type(raw)}" cannot be read as text')
        return read(raw)

    return parse


def _boolean(raw: object) -> bool:
    if isinstance(raw, bool | int):
        return bool(raw)
    raise ValueError(
        'Cannot convert value "System.String" to type "System.Boolean". Boolean parameters accept only Boolean values '
        "and numbers, such as $True, $False, 1 or 0."
    )


def _switch(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    raise ValueError('Cannot convert to type "System.Management.Automation.SwitchParameter".')


def enum_kind(definition: enums.EnumType, none_alone: bool = False) -> Kind:
    """Names in any case, comma-separated or as a list, or a number; `none_alone`: None excludes every other name."""

    def parse(raw: object) -> object:
        if isinstance(raw, int) and not isinstance(raw, bool):
            return definition.numbered(raw)
        entries = raw if isinstance(raw, list | tuple) else [_text(raw)]
        if not entries or not all(isinstance(name, str) for name in entries):
            raise ValueError("a list of names is expected")
        names = [part.strip() for name in entries for part in str(name).split(",")]
        if none_alone and len(names) > 1 and "none" in {name.lower() for name in names}:
            raise ValueError("The value None cannot be combined with other values.")
        return definition.combine(names)

    return Kind(definition.type_name, parse)


BOOL = Kind("System.Boolean", _boolean)
SWITCH = Kind("System.Management.Automation.SwitchParameter", _switch)
STRING = Kind("System.String", _of_text(lambda text: text), nullable=True, empty="")
INT32 = Kind("System.Int32", _of_text(scalars.whole_number))
# Null is a value of its own for both: the cmdlets decide what it means.
NULLABLE_UINT32 = Kind("System.Nullable`1[System.UInt32]", _of_text(scalars.unsigned_number), nullable=True)
UNLIMITED_UINT32 = Kind(
    "System.Nullable`1[Microsoft.Exchange.Data.Unlimited`1[System.UInt32]]",
    _of_text(scalars.unlimited_unsigned),
    nullable=True,
)
UNLIMITED = Kind("Microsoft.Exchange.Data.Unlimited`1[System.Int32]", _of_text(scalars.unlimited))
TIMESPAN = Kind("Microsoft.Exchange.Data.EnhancedTimeSpan", _strict_text(scalars.timespan))
SIZE = Kind("Microsoft.Exchange.Data.ByteQuantifiedSize", _of_text(scalars.size))
FQDN = Kind("Microsoft.Exchange.Data.Fqdn", _of_text(directory.fqdn), nullable=True)
CERTIFICATE_NAME = Kind(
    "Microsoft.Exchange.Data.SmtpX509Identifier", _of_text(directory.certificate_name), nullable=True
)
IP_RANGE = Kind("Microsoft.Exchange.Data.IPRange", _of_text(addresses.parse_range))
IP_BINDING = Kind("Microsoft.Exchange.Data.IPBinding", _of_text(addresses.parse_binding))
DOMAIN_CAPABILITIES = Kind(
    "Microsoft.Exchange.Data.SmtpReceiveDomainCapabilities", _of_text(directory.domain_capabilities)
)
IP_RANGES = ListKind("Microsoft.Exchange.Data.MultiValuedProperty`1[Microsoft.Exchange.Data.IPRange]", IP_RANGE)
IP_BINDINGS = ListKind("Microsoft.Exchange.Data.MultiValuedProperty`1[Microsoft.Exchange.Data.IPBinding]", IP_BINDING)
CAPABILITY_LIST = ListKind(
    "Microsoft.Exchange.Data.MultiValuedProperty`1[Microsoft.Exchange.Data.SmtpReceiveDomainCapabilities]",
    DOMAIN_CAPABILITIES,
)
TEXT_LIST = ListKind("System.String[]", STRING)
