# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Objects as a plain session sends them: live ones, which PowerShell writes one level deep (MS-PSRP 2.2.5).

Exchange's own endpoint sends its values whole and adds SerializationData; a snap-in's objects have neither. A value
inside keeps its primitive type; a list, however it is wrapped, stays a list of texts; anything else, enumerations
included, is the text that PowerShell shows for it, or the name of its type when it has no text of its own.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

_LISTS = ("LST", "IE", "QUE", "STK")
_MEMBERS = ("Props", "MS")
_DROPPED = "SerializationData"


def one_level_deep(item: Element) -> Element:
    """Return what a plain session sends for one output object. A primitive value stays as it is."""
    if item.tag != "Obj":
        return item
    return _Flattener(item).top()


class _Flattener:
    """Flattens one message; the tables of types and objects are the message's own."""

    def __init__(self, item: Element) -> None:
        self._item = item
        self._objects = {part.get("RefId"): part for part in item.iter("Obj")}
        self._types = {part.get("RefId"): part for part in item.iter("TN")}
        self._next = 0

    def top(self) -> Element:
        result = self._object(self._type_names(self._item), None)
        shown = self._item.find("ToString")
        if shown is not None:
            SubElement(result, "ToString").text = shown.text
        for group in _MEMBERS:
            kept = [member for member in self._item.iterfind(f"{group}/*") if member.get("N") != _DROPPED]
            if kept:
                SubElement(result, group).extend(self._value(member, member.get("N")) for member in kept)
        return result

    def _value(self, value: Element, name: str | None) -> Element:
        target = self._objects[value.get("RefId")] if value.tag == "Ref" else value
        if target.tag != "Obj":
            return _named(target.tag, name, target.text)
        contents = next((child for child in target if child.tag in _LISTS), None)
        if contents is None:
            return self._text(target, name)
        result = self._object(self._type_names(target), name)
        SubElement(result, contents.tag).extend(self._value(entry, None) for entry in contents)
        return result

    def _text(self, target: Element, name: str | None) -> Element:
        shown = target.findtext("ToString")
        if shown is None:
            names = self._type_names(target)
            shown = names[0] if names else "System.Object"
        return _named("S", name, shown)

    def _object(self, types: list[str], name: str | None) -> Element:
        """An object's head: its number and its type names, written out every time instead of referred to."""
        number, self._next = str(self._next), self._next + 1
        result = _named("Obj", name, None)
        result.set("RefId", number)
        if types:
            names = SubElement(result, "TN", RefId=number)
            for type_name in types:
                SubElement(names, "T").text = type_name
        return result

    def _type_names(self, target: Element) -> list[str]:
        for child in target:
            if child.tag == "TN":
                return [name.text or "" for name in child]
            if child.tag == "TNRef":
                return [name.text or "" for name in self._types[child.get("RefId")]]
        return []


def _named(tag: str, name: str | None, text: str | None) -> Element:
    element = Element(tag) if name is None else Element(tag, N=name)
    element.text = text
    return element
