# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Select-Object on serialized objects: the one filter that Exchange's endpoint offers and clients use."""

from __future__ import annotations

import copy
import fnmatch
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from exchange_lab.interface import CmdletCall

_NUMBERS = ("first", "last", "skip")


class UnknownParameter(Exception):
    """A parameter that the lab's Select-Object has not."""


@dataclass(frozen=True)
class Selection:
    """The parameters of one Select-Object."""

    properties: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None
    skip: int = 0

    @classmethod
    def of(cls, call: CmdletCall) -> Selection:
        """Read the parameters; raises UnknownParameter."""
        numbers: dict[str, int] = {}
        properties = [name for argument in call.arguments for name in _names(argument)]
        for name, value in call.parameters.items():
            if name.casefold() == "property":
                properties.extend(_names(value))
            elif name.casefold() in _NUMBERS and isinstance(value, int | str):
                numbers[name.casefold()] = int(value)
            else:
                raise UnknownParameter(name)
        return cls(tuple(properties), numbers.get("first"), numbers.get("last"), numbers.get("skip", 0))

    def apply(self, objects: list[Element]) -> list[Element]:
        """Return the chosen objects with the chosen properties."""
        chosen = objects[self.skip :]
        if self.last is not None:
            chosen = objects[: len(objects) - self.skip][-self.last :] if self.last else []
        if self.first is not None:
            chosen = chosen[: self.first]
        return [_project(item, self.properties) for item in chosen] if self.properties else chosen


def _names(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _project(item: Element, patterns: Iterable[str]) -> Element:
    """Return a PSCustomObject with the properties that match, in the order asked for; a missing one is null."""
    definitions = {(part.tag, part.get("RefId")): part for part in item.iter() if part.tag in ("TN", "Obj")}
    types = item.findtext("TN/T") or "System.Object"
    projected = Element("Obj")
    names = SubElement(projected, "TN")
    for name in (f"Selected.{types}", "System.Management.Automation.PSCustomObject", "System.Object"):
        SubElement(names, "T").text = name
    members = SubElement(projected, "MS")
    present = list(_properties(item))
    for pattern in patterns:
        matching = [part for part in present if fnmatch.fnmatchcase(part.get("N", "").lower(), pattern.lower())]
        if not matching:
            SubElement(members, "Nil", N=pattern)
        members.extend(_inlined(part, definitions) for part in matching)
    for number, part in enumerate(part for part in projected.iter() if part.tag == "Obj"):
        part.set("RefId", str(number))
    for number, part in enumerate(part for part in projected.iter() if part.tag == "TN"):
        part.set("RefId", str(number))
    return projected


def _properties(item: Element) -> Iterator[Element]:
    return itertools.chain(item.iterfind("Props/*"), item.iterfind("MS/*"))


def _inlined(part: Element, definitions: dict[tuple[str, str | None], Element]) -> Element:
    """Return a copy that refers to nothing outside itself."""
    if part.tag in ("TNRef", "Ref"):
        kind = "TN" if part.tag == "TNRef" else "Obj"
        found = copy.copy(definitions[kind, part.get("RefId")])
        if part.get("N") is not None:
            found.set("N", part.get("N", ""))
        part = found
    result = Element(part.tag, part.attrib)
    result.text = part.text
    result.extend(_inlined(child, definitions) for child in part)
    return result
