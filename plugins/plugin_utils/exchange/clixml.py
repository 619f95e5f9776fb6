# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CLIXML, the way PowerShell writes objects, to plain data. PRIVATE to the collection.

Written after [MS-PSRP] 2.2.5 (serialisation) and the captures of real Exchange objects. The rules:

* a list stays a list, whatever it is wrapped in; a type that is a list but carries none is an error;
* a nested object becomes the text PowerShell shows for it (its ToString), because that is what administrators know:
  enumerations, identities, sizes, `Unlimited`, time spans, bindings, ranges;
* `SerializationData` is a .NET payload that must never be opened; it is dropped;
* what this file does not know raises UndecodableValue. Nothing is ever read as "empty" by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar
from xml.etree import ElementTree

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import UndecodableValue

from .errors import ErrorRecord

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
"""What one value of Exchange becomes."""

_Entry = TypeVar("_Entry")

_LISTS = frozenset(("LST", "IE", "QUE", "STK"))
_CONTAINERS = _LISTS | {"DCT"}
_MEMBERS = frozenset(("Props", "MS"))
_DROPPED = frozenset(("SerializationData",))

# Type names of things that are lists: losing such a value would look like "no entries".
_LIST_TYPE = re.compile(r"MultiValuedProperty|^System\.Collections\.|^System\.Array$|\[\]$")

_ESCAPE = re.compile(r"_[xX]([0-9A-Fa-f]{4})_")
_DURATION = re.compile(
    r"(?P<sign>-?)P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?"
    r"(?:(?P<seconds>\d+)(?:\.(?P<fraction>\d{1,7}))?S)?)?"
)

_ERROR_CATEGORIES = (
    "NotSpecified",
    "OpenError",
    "CloseError",
    "DeviceError",
    "DeadlockDetected",
    "InvalidArgument",
    "InvalidData",
    "InvalidOperation",
    "InvalidResult",
    "InvalidType",
    "MetadataError",
    "NotImplemented",
    "NotInstalled",
    "ObjectNotFound",
    "OperationStopped",
    "OperationTimeout",
    "SyntaxError",
    "ParserError",
    "PermissionDenied",
    "ResourceBusy",
    "ResourceExists",
    "ResourceUnavailable",
    "ReadError",
    "WriteError",
    "FromStdErr",
    "SecurityError",
    "ProtocolError",
    "ConnectionError",
    "AuthenticationError",
    "LimitsExceeded",
    "QuotaExceeded",
    "NotEnabled",
)
"""System.Management.Automation.ErrorCategory by number."""


def unescape(text: str | None) -> str:
    """Undo CLIXML's `_xHHHH_` escapes; pairs of surrogates become the one character they stand for."""
    if not text or "_" not in text:
        return text or ""
    decoded = _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text)
    return decoded.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _boolean(text: str) -> bool:
    value = {"true": True, "false": False}.get(text.strip().lower())
    if value is None:
        raise UndecodableValue(f"Exchange returned {text!r} where true or false belongs")
    return value


def _duration(text: str) -> str:
    """An xs:duration as .NET shows a time span: `[-][d.]hh:mm:ss[.fffffff]`."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or text.strip().endswith(("P", "T")):
        raise UndecodableValue(f"Exchange returned {text!r} where a time span belongs")
    days, hours, minutes, seconds = (int(match[name] or 0) for name in ("days", "hours", "minutes", "seconds"))
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    days, rest = divmod(total, 86400)
    shown = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    fraction = (match["fraction"] or "").ljust(7, "0")
    return match["sign"] + (f"{days}." if days else "") + shown + (f".{fraction}" if fraction.strip("0") else "")


def _real(text: str) -> float | str:
    """A floating point number; NaN and the infinities stay text, because JSON has no word for them."""
    value = float(text)
    return value if value - value == 0 else text


_PRIMITIVES: Mapping[str, Callable[[str], Plain]] = MappingProxyType(
    {
        "S": unescape,
        "ToString": unescape,
        "URI": unescape,
        "XD": unescape,
        "SBK": unescape,
        "Version": str,
        "G": str,
        "DT": str,
        "D": str,
        "BA": str,
        "TS": _duration,
        "B": _boolean,
        "C": lambda text: chr(int(text)),
        "Sg": _real,
        "Db": _real,
        **dict.fromkeys(("By", "SB", "U16", "I16", "U32", "I32", "U64", "I64"), int),
    }
)


class Document:
    """One CLIXML text with its tables of types and objects.

    References may point forwards, backwards and into lists, so the tables are filled before anything is decoded.

    Raises:
        UndecodableValue: the text is not XML, or declares a document type or entities.
    """

    def __init__(self, text: str) -> None:
        # CLIXML has neither comments nor declarations; entities could otherwise be used to exhaust memory.
        if "<!" in text:
            raise UndecodableValue("Exchange returned XML with a document type declaration, which CLIXML never has")
        try:
            self.root = ElementTree.fromstring(text)  # noqa: S314 - no declarations, see above
        except ElementTree.ParseError as error:
            raise UndecodableValue(f"Exchange returned text that is not XML ({error})") from error
        self._objects: dict[str, ElementTree.Element] = {}
        self._types: dict[str, tuple[str, ...]] = {}
        self._open: set[str] = set()
        for element in self.root.iter():
            if "}" in element.tag:
                element.tag = element.tag.rpartition("}")[2]
            identifier = element.get("RefId")
            if identifier is None:
                continue
            if element.tag == "Obj":
                _define(self._objects, identifier, element)
            elif element.tag == "TN":
                _define(self._types, identifier, tuple(unescape(name.text) for name in element))

    def elements(self) -> Iterator[ElementTree.Element]:
        """The top-level objects: several in an exported file (`Objs`), one in a message."""
        yield from self.root if self.root.tag == "Objs" else (self.root,)

    def type_names(self, element: ElementTree.Element) -> tuple[str, ...]:
        """.NET type names of an object, most derived first; empty when it carries none."""
        for child in self._target(element):
            if child.tag == "TN":
                return tuple(unescape(name.text) for name in child)
            if child.tag == "TNRef":
                return _resolved(self._types, child, "type names")
        return ()

    def members(self, element: ElementTree.Element) -> dict[str, ElementTree.Element]:
        """Properties of an object by name; extended ones (`MS`) hide adapted ones (`Props`), as in PowerShell."""
        element = self._target(element)
        found: dict[str, ElementTree.Element] = {}
        for group in ("Props", "MS"):
            for member in (member for container in element.findall(group) for member in container):
                name = unescape(member.get("N"))
                if name and name not in _DROPPED:
                    found[name] = member
        return found

    def text(self, element: ElementTree.Element) -> str | None:
        """What PowerShell shows for an object, None when the object carries no such text."""
        shown = self._target(element).find("ToString")
        return None if shown is None else unescape(shown.text)

    def properties(self, element: ElementTree.Element) -> dict[str, Plain]:
        """An object as a dictionary of plain values; a value without properties becomes `{"value": ...}`."""
        members = self.members(element)
        if not members:
            return {"value": self.plain(element)}
        return {name: self.plain(member) for name, member in members.items()}

    def plain(self, element: ElementTree.Element) -> Plain:
        """One value as plain data.

        Raises:
            UndecodableValue: the element is not CLIXML that this file knows.
        """
        if element.tag == "Nil":
            return None
        decode = _PRIMITIVES.get(element.tag)
        if decode is not None:
            try:
                return decode(element.text or "")
            except ValueError as error:
                raise UndecodableValue(f"Exchange returned {element.text!r} as <{element.tag}>") from error
        target = self._target(element)
        if target.tag != "Obj":
            raise UndecodableValue(f"Exchange returned a value of the unknown kind <{element.tag}>")
        return self._object(target)

    def _object(self, element: ElementTree.Element) -> Plain:
        identifier = element.get("RefId", "")
        if identifier in self._open:
            raise UndecodableValue("Exchange returned an object that contains itself")
        self._open.add(identifier)
        try:
            return self._object_value(element)
        finally:
            self._open.discard(identifier)

    def _object_value(self, element: ElementTree.Element) -> Plain:
        names = self.type_names(element)
        contents = [child for child in element if child.tag in _CONTAINERS]
        if len(contents) > 1:
            raise UndecodableValue(f"Exchange returned an object of type {_first(names)} with two contents")
        if contents:
            return self._contents(contents[0])
        if any(_LIST_TYPE.search(name) for name in names):
            raise UndecodableValue(f"Exchange returned a list of type {_first(names)} without its entries")
        value = next((child for child in element if child.tag not in _MEMBERS | {"TN", "TNRef", "ToString"}), None)
        if value is not None and "System.Enum" not in names:
            return self.plain(value)
        shown = element.find("ToString")
        if shown is not None:
            return unescape(shown.text)
        if value is not None:
            raise UndecodableValue(f"Exchange returned a {_first(names)} without its name")
        return {name: self.plain(member) for name, member in self.members(element).items()}

    def _contents(self, container: ElementTree.Element) -> Plain:
        if container.tag in _LISTS:
            return [self.plain(item) for item in container]
        entries: dict[str, Plain] = {}
        for entry in container:
            parts = {part.get("N"): part for part in entry}
            if entry.tag != "En" or set(parts) != {"Key", "Value"}:
                raise UndecodableValue("Exchange returned a dictionary with an entry that is not a key and a value")
            entries[str(self.plain(parts["Key"]))] = self.plain(parts["Value"])
        return entries

    def _target(self, element: ElementTree.Element) -> ElementTree.Element:
        return _resolved(self._objects, element, "an object") if element.tag == "Ref" else element


def _define(table: dict[str, _Entry], identifier: str, entry: _Entry) -> None:
    if identifier in table:
        raise UndecodableValue(f"Exchange returned an object that defines reference {identifier} twice")
    table[identifier] = entry


def _resolved(table: Mapping[str, _Entry], reference: ElementTree.Element, what: str) -> _Entry:
    identifier = reference.get("RefId", "")
    if identifier not in table:
        raise UndecodableValue(f"Exchange returned a reference to {what} {identifier!r} that is not in the message")
    return table[identifier]


def _first(names: tuple[str, ...]) -> str:
    return names[0] if names else "unknown"


def decode_object(text: str) -> dict[str, Plain]:
    """Decode one PIPELINE_OUTPUT message to the object's properties."""
    document = Document(text)
    return document.properties(document.root)


def decode_error(text: str) -> ErrorRecord:
    """Decode one ERROR_RECORD message ([MS-PSRP] 2.2.2.20, 2.2.3.15)."""
    document = Document(text)
    return _error_record(document, document.root)


def decode_warning(text: str) -> str:
    """Decode the text of one WARNING_RECORD message ([MS-PSRP] 2.2.2.23, 2.2.3.16)."""
    document = Document(text)
    members = document.members(document.root)
    for name in ("InformationalRecord_Message", "Message"):
        if name in members:
            return str(document.plain(members[name]) or "").strip()
    return (document.text(document.root) or "").strip()


def decode_state(text: str, member: str) -> tuple[int, ErrorRecord | None]:
    """Decode a PIPELINE_STATE or RUNSPACEPOOL_STATE message ([MS-PSRP] 2.2.2.21, 2.2.2.13).

    Args:
        text: the message.
        member: name of the state's property, `PipelineState` or `RunspaceState`.

    Returns:
        The number of the state, and the error that led to it.
    """
    document = Document(text)
    members = document.members(document.root)
    state = document.plain(members[member]) if member in members else None
    if not isinstance(state, int):
        raise UndecodableValue(f"Exchange returned a message without a {member}")
    failure = members.get("ExceptionAsErrorRecord")
    if failure is None or failure.tag == "Nil":
        return state, None
    return state, _error_record(document, failure)


def _error_record(document: Document, element: ElementTree.Element) -> ErrorRecord:
    """The parts of an ErrorRecord that say what happened. Read leniently: an error about an error helps nobody."""
    members = document.members(element)

    def text(name: str) -> str:
        found = members.get(name)
        if found is None or found.tag == "Nil":
            return ""
        return document.text(found) or unescape(found.text)

    exception = members.get("Exception")
    exception_message, exception_type = "", ""
    if exception is not None and exception.tag in ("Obj", "Ref"):
        inner = document.members(exception).get("Message")
        exception_message = "" if inner is None else unescape(inner.text)
        exception_type = _short_type(document.type_names(exception))
    number = text("ErrorCategory_Category")
    known = number.isdigit() and int(number) < len(_ERROR_CATEGORIES)
    return ErrorRecord(
        message=text("ErrorDetails_Message") or exception_message or document.text(element) or "",
        error_id=text("FullyQualifiedErrorId"),
        category=_ERROR_CATEGORIES[int(number)] if known else "NotSpecified",
        target=text("TargetObject") or text("ErrorCategory_TargetName"),
        exception=text("ErrorCategory_Reason") or exception_type,
    )


def _short_type(names: tuple[str, ...]) -> str:
    return names[0].partition("[")[0].rpartition(".")[2] if names else ""
