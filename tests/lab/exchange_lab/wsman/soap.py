# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SOAP envelopes of WS-Management (DSP0226, MS-WSMV): requests read, responses and faults written."""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from exchange_lab.wsman import wsman_faults
from exchange_lab.wsman.wsman_faults import WSManFault

CONTENT_TYPE = "application/soap+xml;charset=UTF-8"
ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
# MS-WSMV: what a client that says nothing can take, and the smallest envelope that a request may ask for.
DEFAULT_MAX_ENVELOPE_SIZE = 153600
MIN_MAX_ENVELOPE_SIZE = 8192

NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "pwsh": "http://schemas.microsoft.com/powershell",
}
_DECLARATIONS = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items() if prefix != "pwsh")
_FAULT_NAMESPACE = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


@dataclass(frozen=True)
class Request:
    """One WS-Management request.

    operation_timeout: seconds, None where the client says nothing. demands: the options that must be complied with.
    """

    action: str
    message_id: str
    resource_uri: str
    max_envelope_size: int
    operation_timeout: float | None
    body: ET.Element
    selectors: dict[str, str] = field(default_factory=dict)
    demands: frozenset[str] = frozenset()

    @property
    def shell_id(self) -> str:
        """The ShellId selector; raises WSManFault when the request has none."""
        try:
            return self.selectors["ShellId"]
        except KeyError:
            raise wsman_faults.invalid_selectors() from None

    def part(self, path: str) -> ET.Element | None:
        """Return an element of the body by its prefixed path."""
        return self.body.find(path, NAMESPACES)


def read(envelope: bytes) -> Request:
    """Read one request envelope.

    Raises WSManFault when it is no XML, no SOAP, or lacks a header that every request must have.
    """
    try:
        root = ET.fromstring(envelope)  # noqa: S314 - a lab on loopback; expat limits entity expansion itself
    except ET.ParseError as error:
        raise wsman_faults.invalid_xml() from error
    header, body = root.find("s:Header", NAMESPACES), root.find("s:Body", NAMESPACES)
    if header is None or body is None:
        raise wsman_faults.missing_header()
    action, message_id = _text(header, "a:Action"), _text(header, "a:MessageID")
    if not action or not message_id:
        raise wsman_faults.missing_header()
    return Request(
        action=action,
        message_id=message_id,
        resource_uri=_text(header, "w:ResourceURI"),
        max_envelope_size=_max_envelope_size(_text(header, "w:MaxEnvelopeSize")),
        operation_timeout=seconds(_text(header, "w:OperationTimeout")),
        body=body,
        selectors=_selectors(header),
        demands=_demands(header),
    )


def response(action: str, relates_to: str, body: str) -> bytes:
    """Write one response envelope; `body` is XML with the prefixes of NAMESPACES."""
    message_id = str(uuid.uuid4()).upper()
    return (
        f'<s:Envelope xml:lang="en-US" {_DECLARATIONS}><s:Header><a:Action>{action}</a:Action>'
        f"<a:MessageID>uuid:{message_id}</a:MessageID><a:To>{ANONYMOUS}</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault(problem: WSManFault, relates_to: str, machine: str) -> bytes:
    """Write the envelope of one fault, with the WSManFault detail that clients take the code from."""
    code, text = ("s:Sender" if problem.sender else "s:Receiver"), escape(problem.text)
    body = (
        f"<s:Fault><s:Code><s:Value>{code}</s:Value><s:Subcode><s:Value>{problem.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{text}</s:Text></s:Reason><s:Detail>'
        f'<f:WSManFault xmlns:f="{_FAULT_NAMESPACE}" Code="{problem.code}" Machine={quoteattr(machine)}>'
        f"<f:Message>{text}</f:Message></f:WSManFault></s:Detail></s:Fault>"
    )
    return response(FAULT_ACTION, relates_to, body)


def seconds(duration: str) -> float | None:
    """Return the seconds of an xs:duration of days and smaller units, None when it is empty or nothing of the kind."""
    match = _DURATION.fullmatch(duration)
    if match is None or not any(match.groups()):
        return None
    number = {unit: float(value or 0) for unit, value in match.groupdict().items()}
    return number["days"] * 86400 + number["hours"] * 3600 + number["minutes"] * 60 + number["seconds"]


def _max_envelope_size(text: str) -> int:
    try:
        size = int(text or DEFAULT_MAX_ENVELOPE_SIZE)
    except ValueError:
        raise wsman_faults.invalid_xml() from None
    return max(size, MIN_MAX_ENVELOPE_SIZE)


def _text(parent: ET.Element, path: str) -> str:
    return (parent.findtext(path, "", NAMESPACES) or "").strip()


def _selectors(header: ET.Element) -> dict[str, str]:
    found = header.findall("w:SelectorSet/w:Selector", NAMESPACES)
    return {item.get("Name", ""): (item.text or "").strip() for item in found}


def _demands(header: ET.Element) -> frozenset[str]:
    found = header.findall("w:OptionSet/w:Option", NAMESPACES)
    return frozenset(item.get("Name", "") for item in found if item.get("MustComply", "").lower() in ("true", "1"))
