# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Talk to one DNS server with dnspython: read names, send one update, wait for its effect. PRIVATE to the collection.

This is the only file of the module_utils that imports dnspython; `IMPORT_ERROR` says whether that worked.
"""

from __future__ import annotations

import binascii
import socket
import time
import traceback
from typing import TYPE_CHECKING

from ansible_collections.mailrelay.exchange.plugins.module_utils._dns import (
    ALIAS_TYPES,
    OTHER_TYPES,
    DnsError,
    PreconditionFailed,
    Record,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import dns.rdtypes.ANY.SOA

    from ansible_collections.mailrelay.exchange.plugins.module_utils._dns import Change

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.query
    import dns.rcode
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
    import dns.rrset
    import dns.tsig
    import dns.update

    IMPORT_ERROR = None
except ImportError:
    IMPORT_ERROR = traceback.format_exc()

MISSING_LIBRARY = (
    "The Python library dnspython is missing where this module runs: install it there, "
    "or use an execution environment built with meta/ee-requirements.txt."
)
KEY_ALGORITHMS = ("hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-md5")

_NAME_TYPES = ("CNAME", "NS", "PTR")
_POLL_SECONDS = 0.2


def make_key(name: str, secret: str, algorithm: str) -> dns.tsig.Key:
    """Return the TSIG key; raise DnsError when the secret is not base64 or the name is no name."""
    wire_name = "hmac-md5.sig-alg.reg.int." if algorithm == "hmac-md5" else algorithm
    try:
        return dns.tsig.Key(name, secret, dns.name.from_text(wire_name))
    except (binascii.Error, UnicodeError):
        raise DnsError("key_secret is not base64: copy it from the server's key file without its quotes.") from None
    except dns.exception.DNSException:
        raise DnsError(f"key_name '{name}' is not a name: write it exactly as the server's key file does.") from None


class DnsClient:
    """One DNS server, asked directly and without recursion, every message signed when there is a key.

    server: name or address; port; tcp: False = UDP with TCP for what does not fit; timeout: seconds for one answer, and
    for the effect of an update to be seen. Every method raises DnsError in one sentence.
    """

    def __init__(
        self, server: str, port: int = 53, tcp: bool = True, timeout: float = 10.0, key: dns.tsig.Key | None = None
    ) -> None:
        self.server = server if port == 53 else f"{server} port {port}"
        self._host = server
        self._port = port
        self._tcp = tcp
        self._timeout = timeout
        self._key = key
        self._addresses: list[str] | None = None

    def find_zone(self, name: str) -> str:
        """Return the name of the zone that holds `name`: the nearest name above it for which the server has a SOA."""
        labels = name.split(".")
        for first in range(len(labels)):
            candidate = ".".join(labels[first:])
            if self._soa(candidate) is not None:
                return candidate
        raise DnsError(
            f"DNS server {self.server} is not authoritative for any zone that holds {name}: "
            "name a server that holds the zone in `server`."
        )

    def serial(self, zone: str) -> int:
        """Return the serial number of the zone."""
        soa = self._soa(zone)
        if soa is None:
            raise DnsError(f"DNS server {self.server} no longer answers for zone {zone}: look at the server.")
        return soa.serial

    def read(self, name: str) -> tuple[Record, ...]:
        """Return the records of the name, as sorted tuple of Record; a CNAME is not followed."""
        found = []
        for rdtype in ALIAS_TYPES + OTHER_TYPES:
            answer = self._ask(name, rdtype)
            found.extend(_records(answer, name, rdtype))
            # Nothing stands beside a CNAME, and a name that does not exist holds nothing.
            if (rdtype == "CNAME" and found) or answer.rcode() == dns.rcode.NXDOMAIN:
                break
        return tuple(sorted(found, key=lambda record: (record.type, record.value)))

    def read_wildcard(self, name: str, zone: str) -> tuple[Record, ...]:
        """Return what the nearest wildcard above `name` in the zone would answer for it, () without one."""
        parent = name
        while parent != zone:
            parent = parent.partition(".")[2]
            records = self.read("*." + parent)
            if records:
                return records
        return ()

    def update(self, zone: str, change: Change) -> None:
        """Send one update (RFC 2136): all of it happens, or nothing.

        Raises PreconditionFailed when the name no longer holds what `change.expected` says.
        """
        message = dns.update.UpdateMessage(_name(zone), keyring=self._key)
        owner = _name(change.name)
        _add_prerequisites(message, owner, change.expected)
        if change.whole_name:
            message.delete(owner)
        else:
            for rdtype in ALIAS_TYPES:
                message.delete(owner, rdtype)
        for record in change.added:
            message.add(owner, record.ttl, _rdata(record))
        self._check_update(self._send(message).rcode(), zone, change.name)

    def wait_until(self, name: str, holds: Callable[[tuple[Record, ...]], bool]) -> tuple[Record, ...]:
        """Read the name until `holds(records)`, at most for the timeout; return the records."""
        deadline = time.monotonic() + self._timeout
        while True:
            records = self.read(name)
            if holds(records):
                return records
            if time.monotonic() >= deadline:
                raise DnsError(
                    f"DNS server {self.server} took the update of {name} but still answers as if it had not after "
                    f"{self._timeout:g} s: look at its log, and at other sources of this name."
                )
            time.sleep(_POLL_SECONDS)

    def _soa(self, name: str) -> dns.rdtypes.ANY.SOA.SOA | None:
        answer = self._ask(name, "SOA")
        if not answer.flags & dns.flags.AA:
            return None
        rrset = answer.get_rrset(answer.answer, _name(name), dns.rdataclass.IN, dns.rdatatype.SOA)
        return rrset[0] if rrset else None

    def _ask(self, name: str, rdtype: str) -> dns.message.Message:
        # No recursion: only what this server itself holds counts.
        question = dns.message.make_query(_name(name), rdtype, flags=0)
        if self._key is not None:
            question.use_tsig(self._key)
        answer = self._send(question)
        rcode = answer.rcode()
        # A server may refuse names of zones that it does not hold: that is an answer to "whose zone is it".
        if rcode in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) or (rdtype == "SOA" and rcode == dns.rcode.REFUSED):
            return answer
        raise DnsError(
            f"DNS server {self.server} answered {dns.rcode.to_text(rcode)} to a query for {name}: "
            "allow queries from this machine there, or name another `server`."
        )

    def _send(self, message: dns.message.Message) -> dns.message.Message:
        trouble = ""
        for address in self._resolve():
            try:
                if self._tcp:
                    return dns.query.tcp(message, address, timeout=self._timeout, port=self._port)
                return dns.query.udp_with_fallback(message, address, timeout=self._timeout, port=self._port)[0]
            except dns.exception.Timeout:
                trouble = f"did not answer within {self._timeout:g} s"
            except OSError as error:
                trouble = f"cannot be reached ({error.strerror or error})"
            except dns.exception.DNSException as error:
                raise DnsError(self._key_sentence(error)) from None
            except EOFError:
                trouble = "closed the connection without an answer"
        raise DnsError(f"DNS server {self.server} {trouble}: check `server`, `port`, `tcp` and the firewall between.")

    def _resolve(self) -> list[str]:
        if self._addresses is None:
            try:
                found = socket.getaddrinfo(self._host, self._port, proto=socket.IPPROTO_TCP)
            except (OSError, UnicodeError):
                raise DnsError(
                    f"The name of DNS server {self._host} cannot be resolved here: give its address in `server`."
                ) from None
            self._addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        return self._addresses

    def _key_sentence(self, error: Exception) -> str:
        key = self._key.name.to_text(omit_final_dot=True) if self._key is not None else ""
        if isinstance(error, dns.tsig.PeerBadKey):
            return (
                f"DNS server {self.server} does not know the key {key} with this algorithm (BADKEY): "
                "correct `key_name` and `key_algorithm`, or add the key there."
            )
        if isinstance(error, (dns.tsig.PeerBadSignature, dns.tsig.BadSignature)):
            return (
                f"The secret of key {key} is not the one that DNS server {self.server} has (BADSIG): "
                "correct `key_secret`."
            )
        if isinstance(error, (dns.tsig.PeerBadTime, dns.tsig.BadTime)):
            return (
                f"The clocks of this machine and of DNS server {self.server} differ by too much for the key {key} "
                "(BADTIME): set both by NTP."
            )
        return (
            f"DNS server {self.server} did not answer as a DNS server does ({type(error).__name__}): "
            "check `server`, `port` and the key."
        )

    def _check_update(self, rcode: dns.rcode.Rcode, zone: str, name: str) -> None:
        if rcode == dns.rcode.NOERROR:
            return
        code = dns.rcode.to_text(rcode)
        if rcode in (dns.rcode.YXDOMAIN, dns.rcode.YXRRSET, dns.rcode.NXDOMAIN, dns.rcode.NXRRSET):
            raise PreconditionFailed(
                f"{name} was changed by somebody else between reading and writing, or holds records of a type that "
                f"this module does not know ({code}); nothing was written: look at the name and run again."
            )
        remedy = {
            "REFUSED": "allow this key (or this machine) to update the zone there",
            "NOTAUTH": "send the update to the zone's primary server",
            "NOTIMP": "the server takes no dynamic updates, name another in `server`",
            "SERVFAIL": "look at its log, often the zone's files cannot be written",
        }.get(code, "look at its log")
        raise DnsError(f"DNS server {self.server} refused the update of {name} in zone {zone} ({code}): {remedy}.")


def _add_prerequisites(message: dns.update.UpdateMessage, owner: dns.name.Name, expected: tuple[Record, ...]) -> None:
    if not expected:
        message.absent(owner)
        return
    for rdtype in ALIAS_TYPES + OTHER_TYPES:
        records = [record for record in expected if record.type == rdtype]
        if records:
            message.present(owner, *[_rdata(record) for record in records])
        else:
            message.absent(owner, rdtype)


def _records(answer: dns.message.Message, name: str, rdtype: str) -> list[Record]:
    rrset = answer.get_rrset(answer.answer, _name(name), dns.rdataclass.IN, dns.rdatatype.from_text(rdtype))
    if rrset is None:
        return []
    return [Record(rdtype, rrset.ttl, _value(rdtype, rdata)) for rdata in rrset]


def _value(rdtype: str, rdata: dns.rdata.Rdata) -> str:
    text = rdata.to_text()
    return text.rstrip(".").lower() if rdtype in _NAME_TYPES else text


def _rdata(record: Record) -> dns.rdata.Rdata:
    return dns.rdata.from_text(dns.rdataclass.IN, record.type, record.value, dns.name.root, relativize=False)


def _name(text: str) -> dns.name.Name:
    return dns.name.from_text(text)
