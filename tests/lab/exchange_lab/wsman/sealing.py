# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Message encryption of WS-Management over HTTP (MS-WSMV 2.2.9.1): one sealed SOAP message in a multipart body."""

from __future__ import annotations

import re
import struct

import spnego
from spnego.exceptions import SpnegoError

KERBEROS = "application/HTTP-Kerberos-session-encrypted"
SPNEGO = "application/HTTP-SPNEGO-session-encrypted"
BOUNDARY = "Encrypted Boundary"

_PARTS = re.compile(
    rb"\A--\s*Encrypted Boundary\r\n"
    rb"\s*Content-Type:\s*(?P<protocol>[^\r\n]+)\r\n"
    rb"\s*OriginalContent:\s*type=(?P<type>[^\r\n]+?);Length=(?P<length>\d+)\r\n"
    rb"--\s*Encrypted Boundary\r\n"
    rb"\s*Content-Type:\s*application/octet-stream\r\n",
    re.IGNORECASE,
)
_END = re.compile(rb"--\s*Encrypted Boundary(--)?\r\n\Z")


class SealingError(Exception):
    """The body is no sealed message of this connection."""


def is_sealed(content_type: str) -> bool:
    """Whether a Content-Type announces a sealed message."""
    return content_type.lower().startswith("multipart/encrypted")


def seal(context: spnego.ContextProxy, protocol: str, message: bytes, delimiter: bytes) -> tuple[str, bytes]:
    """Return (content type, body) of a sealed message, its parts between delimiters as the endpoint writes them."""
    header, data, padding = context.wrap_winrm(message)
    length = len(message) + padding
    body = b"".join(
        (
            delimiter,
            f"\r\n\tContent-Type: {protocol}\r\n".encode(),
            f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n".encode(),
            delimiter,
            b"\r\n\tContent-Type: application/octet-stream\r\n",
            struct.pack("<i", len(header)),
            header,
            data,
            delimiter,
            b"--\r\n",
        )
    )
    return f'multipart/encrypted;protocol="{protocol}";boundary="{BOUNDARY}"', body


def unseal(context: spnego.ContextProxy, body: bytes) -> bytes:
    """Return the message of a sealed body.

    Raises SealingError when the body has another shape, was changed, or was sealed for another connection.
    """
    start, end = _PARTS.match(body), _END.search(body)
    if start is None or end is None:
        raise SealingError("The body is not one sealed part between its boundaries.")
    sealed = body[start.end() : end.start()]
    if len(sealed) < 4:
        raise SealingError("The sealed part is empty.")
    (header_length,) = struct.unpack("<i", sealed[:4])
    if not 0 < header_length <= len(sealed) - 4:
        raise SealingError("The sealed part has no security header.")
    try:
        message = context.unwrap_winrm(sealed[4 : 4 + header_length], sealed[4 + header_length :])
    except SpnegoError as error:
        raise SealingError(str(error)) from error
    if len(message) != int(start["length"]):
        raise SealingError("The sealed part has another length than it says.")
    return message
