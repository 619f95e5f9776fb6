# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Build CLIXML: plain values and `Complex` objects to the elements that PowerShell remoting carries.

One `Builder` makes one message: it numbers RefId and the type name tables from zero, as each message on the wire does
(a file written by Export-Clixml shares them among all its objects instead).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID
from xml.etree.ElementTree import Element, SubElement


class Long(int):
    """An Int64."""


class Byte(int):
    """A Byte."""


@dataclass(frozen=True, eq=False)
class Complex:
    """One object with type names.

    types: the inheritance chain, most derived first. text: its ToString, None when it writes none. Exactly one of
    `number` (an enum), `items` (a list), `entries` (a dictionary) and `properties` is used. `members` are the note
    properties of `MS`; `serialized` adds the opaque SerializationData that Exchange adds to every value its clients may
    rehydrate.
    The same Python object met twice in one message is written once and then referred to, as PowerShell does.
    """

    types: tuple[str, ...]
    text: str | None = None
    properties: Sequence[tuple[str, Value]] = ()
    items: Sequence[Value] | None = None
    entries: Sequence[tuple[str, Value]] | None = None
    number: int | None = None
    members: Mapping[str, Value] = field(default_factory=dict)
    serialized: bool = True


Value = None | bool | int | float | str | bytes | UUID | datetime | Complex

# Opaque on purpose: a real one is a .NET payload that no client may open.
SERIALIZATION_DATA = b"\x00lab"

_SPECIAL = re.compile(r"_x(?=[0-9A-Fa-f]{4}_)|[\x00-\x1f\x7f\ufffe\uffff]")


def encode_text(text: str) -> str:
    """Escape what XML cannot hold the way CLIXML does: `_xHHHH_`."""
    if text.isprintable() and "_x" not in text:
        return text  # nearly every text, and a connector may hold thousands
    return _SPECIAL.sub(lambda match: "_x005F_x" if match[0] == "_x" else f"_x{ord(match[0]):04X}_", text)


def format_double(number: float) -> str:
    """Write a double as .NET Framework's round-trip format does: 15 digits when they suffice, else 17."""
    short = f"{number:.15g}"
    return (short if float(short) == number else f"{number:.17g}").replace("e", "E")


def format_time(moment: datetime) -> str:
    """Write a time as XML schema dateTime; UTC times end in Z, local ones in an offset."""
    text = moment.replace(tzinfo=None).isoformat()
    if moment.tzinfo is None:
        return text
    if moment.tzinfo is UTC:
        return text + "Z"
    offset = moment.strftime("%z")
    return f"{text}{offset[:3]}:{offset[3:]}"


def build(value: Value) -> Element:
    """Return the element of one message."""
    return Builder().element(value)


class Builder:
    """The numbering of one message."""

    def __init__(self) -> None:
        self._types: dict[tuple[str, ...], int] = {}
        self._references: dict[int, int] = {}
        self._kept: list[Complex] = []

    def element(self, value: Value, name: str | None = None) -> Element:
        """Return the element for a value; `name` becomes the N attribute of a property."""
        if isinstance(value, Complex):
            return self._object(value, name)
        tag, text = _primitive(value)
        element = Element(tag)
        if name is not None:
            element.set("N", encode_text(name))
        element.text = text
        return element

    def _object(self, value: Complex, name: str | None) -> Element:
        known = self._references.get(id(value))
        element = Element("Obj" if known is None else "Ref")
        if name is not None:
            element.set("N", encode_text(name))
        if known is not None:
            element.set("RefId", str(known))
            return element
        reference = len(self._references)
        self._references[id(value)] = reference
        self._kept.append(value)  # an id stays unique only while its object lives
        element.set("RefId", str(reference))
        self._type_names(element, value.types)
        if value.text is not None:
            SubElement(element, "ToString").text = encode_text(value.text)
        self._content(element, value)
        return element

    def _type_names(self, element: Element, types: tuple[str, ...]) -> None:
        known = self._types.get(types)
        if known is not None:
            SubElement(element, "TNRef", {"RefId": str(known)})
            return
        number = self._types[types] = len(self._types)
        names = SubElement(element, "TN", {"RefId": str(number)})
        for type_name in types:
            SubElement(names, "T").text = type_name

    def _content(self, element: Element, value: Complex) -> None:
        if value.number is not None:
            SubElement(element, "I32").text = str(value.number)
            return
        if value.items is not None:
            items = SubElement(element, "LST")
            items.extend(self.element(item) for item in value.items)
            return
        if value.entries is not None:
            dictionary = SubElement(element, "DCT")
            for key, item in value.entries:
                entry = SubElement(dictionary, "En")
                entry.extend((self.element(key, "Key"), self.element(item, "Value")))
            return
        if value.properties:
            properties = SubElement(element, "Props")
            properties.extend(self.element(item, name) for name, item in value.properties)
        members: dict[str, Value] = dict(value.members)
        if value.serialized:
            members["SerializationData"] = SERIALIZATION_DATA
        if members:
            notes = SubElement(element, "MS")
            notes.extend(self.element(item, name) for name, item in members.items())


def _primitive(value: Value) -> tuple[str, str | None]:
    if isinstance(value, str):
        return "S", encode_text(value)
    if value is None:
        return "Nil", None
    if isinstance(value, bool):
        return "B", "true" if value else "false"
    if isinstance(value, Long):
        return "I64", str(int(value))
    if isinstance(value, Byte):
        return "By", str(int(value))
    if isinstance(value, int):
        return "I32", str(value)
    if isinstance(value, float):
        return "Db", format_double(value)
    if isinstance(value, bytes):
        return "BA", b64encode(value).decode("ascii")
    if isinstance(value, UUID):
        return "G", str(value)
    if isinstance(value, datetime):
        return "DT", format_time(value)
    raise TypeError(f"CLIXML has no form for {type(value).__name__} in the lab.")
