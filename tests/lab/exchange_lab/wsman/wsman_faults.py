# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The WS-Management faults of the endpoint: code, SOAP subcode and the service's own sentence.

Codes and sentences are those of Windows' wsmerror.h; what Exchange adds in brackets comes from its published messages.
Unverified: the SOAP subcodes of 2150858811 and 2150858843, the code under which a session is refused (-2144108477 is
what clients report), the codes for an unknown command and for a request above the limit.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime


class WSManFault(Exception):
    """One fault to be answered instead of a response."""

    def __init__(self, code: int, subcode: str, text: str, sender: bool = True) -> None:
        super().__init__(text)
        self.code = code
        self.subcode = subcode
        self.text = text
        self.sender = sender


def operation_timed_out() -> WSManFault:
    """No data within OperationTimeout: the client asks again."""
    return WSManFault(
        2150858793,
        "w:TimedOut",
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ",
        sender=False,
    )


def unknown_resource(resource_uri: str) -> WSManFault:
    """The session configuration does not exist at this endpoint."""
    return WSManFault(
        2150858811,
        "a:DestinationUnreachable",
        f"The WS-Management service cannot process the request. The resource URI ({resource_uri}) was not found in the "
        "WS-Management catalog. The catalog contains the metadata that describes resources, or logical endpoints. ",
    )


def shell_not_found(shell_id: str, fqdn: str) -> WSManFault:
    """The shell is gone, or it is somebody else's. fqdn: the Exchange server that marks the text, empty for WinRM."""
    now = datetime.now(UTC)
    stamp = f"{now.month}/{now.day}/{now.year} {now.hour % 12 or 12}:{now:%M:%S %p}"
    mark = (
        f"[ClientAccessServer={fqdn.partition('.')[0].upper()},BackEndServer={fqdn.lower()},RequestId={uuid.uuid4()},"
        f"TimeStamp={stamp}] [FailureCategory=WSMan-InvalidShellID] "
    )
    return WSManFault(
        2150858843,
        "w:InvalidSelectors",
        f"{mark if fqdn else ''}The request for the Windows Remote Shell with "
        f"ShellId {shell_id} failed because the shell was not found on the server. Possible causes are: the specified "
        "ShellId is incorrect or the shell no longer exists on the server. Provide the correct ShellId or create a new "
        "shell and retry the operation.",
    )


def invalid_selectors() -> WSManFault:
    """The request names no shell, or a command that the shell does not have."""
    return WSManFault(
        2150858843,
        "w:InvalidSelectors",
        "The WS-Management service cannot process the request because the request contained invalid selectors for the "
        "resource. ",
    )


def too_many_shells(limit: int) -> WSManFault:
    """PowerShellMaxConcurrency of the caller's throttling policy is used up."""
    return WSManFault(
        2150859173,
        "w:QuotaLimit",
        f"The WS-Management service cannot process the request. This user is allowed a maximum number of {limit} "
        "concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user.",
    )


def session_refused(reason: str) -> WSManFault:
    """The account may not have a session."""
    return WSManFault(2150858819, "w:AccessDenied", reason)


def access_denied() -> WSManFault:
    """WinRM lets in local Administrators only, and tells nobody else why."""
    return WSManFault(5, "w:AccessDenied", "Access is denied. ")


def aborted() -> WSManFault:
    """The shell was closed while this request waited."""
    return WSManFault(
        995,
        "w:InternalError",
        "The I/O operation has been aborted because of either a thread exit or an application request.",
        sender=False,
    )


def unsupported_feature() -> WSManFault:
    """Disconnect and its relatives: Exchange's plug-in does not offer them."""
    return WSManFault(
        2150858818,
        "w:UnsupportedFeature",
        "The WS-Management service does not support the specified feature. Remove the unsupported feature from the "
        "request and retry.",
    )


def options_not_supported() -> WSManFault:
    """An option that must be complied with and that nobody here knows."""
    return WSManFault(
        2150858833,
        "w:InvalidOptions",
        "The WS-Management provider does not support the specified option set because mustComply for one of the "
        "options is set to true. Change mustComply for one of the options to false.",
    )


def action_not_supported() -> WSManFault:
    """An action that no shell has."""
    return WSManFault(
        2150858771,
        "a:ActionNotSupported",
        "The WS-Management service does not support the action specified in the request.",
    )


def missing_header() -> WSManFault:
    """The envelope lacks a header that every request has."""
    return WSManFault(
        2150858769,
        "a:MessageInformationHeaderRequired",
        "The WS-Management service cannot process the request. The request does not have all the expected SOAP "
        "headers.",
    )


def invalid_xml() -> WSManFault:
    """The request is no XML."""
    return WSManFault(
        2150858819,
        "w:SchemaValidationError",
        "The WS-Management service cannot process the request because the XML is invalid.",
    )


def request_too_large() -> WSManFault:
    """The request is larger than the service's own limit for envelopes."""
    return WSManFault(
        2150858805,
        "w:EncodingLimit",
        "The WS-Management service cannot process the request because the encoding of the request exceeds an internal "
        "encoding limit. Reconfigure the client to send messages which fit the encoding limits of the service.",
    )


def plugin_failure(detail: str) -> WSManFault:
    """The PSRP data in the request cannot be understood."""
    return WSManFault(
        2150858755, "w:InternalError", f"An error was encountered inside the plugin. {detail}", sender=False
    )
