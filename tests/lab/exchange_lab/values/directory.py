# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Objects with an address in the directory and other structured values shared by several cmdlets' output."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from exchange_lab.clixml import Byte, Complex, Value
from exchange_lab.values.enums import EnumValue

STRING_LIST_TYPES = (
    "Microsoft.Exchange.Data.MultiValuedProperty`1[[System.String, mscorlib, Version=4.0.0.0, Culture=neutral, "
    "PublicKeyToken=b77a5c561934e089]]",
    "Microsoft.Exchange.Data.MultiValuedPropertyBase",
    "System.Object",
)

_NIL_GUID = UUID(int=0)


def list_types(item_type: str) -> tuple[str, ...]:
    """The types of a MultiValuedProperty of one of Exchange's own types."""
    return (
        f"Microsoft.Exchange.Data.MultiValuedProperty`1[[{item_type}, Microsoft.Exchange.Data, Version=15.0.0.0, "
        "Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
        "Microsoft.Exchange.Data.MultiValuedPropertyBase",
        "System.Object",
    )


def string_list(items: tuple[str, ...] | list[str]) -> Complex:
    """Render a MultiValuedProperty of strings."""
    return Complex(STRING_LIST_TYPES, items=list(items), serialized=False)


def object_list(item_type: str, items: Sequence[Value]) -> Complex:
    """Render a MultiValuedProperty of one of Exchange's own types."""
    return Complex(list_types(item_type), items=items, serialized=False)


def enum(value: EnumValue) -> Complex:
    return value.rendered()


def escape_rdn(text: str) -> str:
    """Escape a name for its place in a distinguished name."""
    escaped = re.sub(r'([,+"\\<>;=])', r"\\\1", text)
    if escaped.startswith(("#", " ")):
        escaped = "\\" + escaped
    return escaped[:-1] + "\\ " if escaped.endswith(" ") and len(text) > 1 else escaped


def split_dn(distinguished_name: str) -> list[str]:
    """Split a distinguished name at its unescaped commas."""
    return re.findall(r"(?:[^,\\]|\\.)+", distinguished_name)


def same_dn(one: str, other: str) -> bool:
    """Whether two distinguished names mean one object: case and needless escapes do not count (RFC 4514)."""
    first, second = ([re.sub(r"\\(.)", r"\1", part) for part in split_dn(name.lower())] for name in (one, other))
    return first == second


def stable_guid(*parts: str) -> UUID:
    """A GUID that a lab of the same description gets again; it makes failures easier to compare."""
    return uuid5(NAMESPACE_URL, "exchange-lab:" + "/".join(part.lower() for part in parts))


@dataclass(frozen=True)
class ObjectId:
    """An ADObjectId: distinguished name, GUID and the text that Exchange shows."""

    distinguished_name: str
    guid: UUID
    text: str
    domain: str
    partition: UUID = _NIL_GUID
    parent: str | None = None

    @property
    def name(self) -> str:
        return re.sub(r"\\(.)", r"\1", split_dn(self.distinguished_name)[0].partition("=")[2])

    def rendered(self) -> Complex:
        parts = split_dn(self.distinguished_name)
        parent = self.parent or re.sub(r"\\(.)", r"\1", parts[1].partition("=")[2])
        properties: list[tuple[str, Value]] = [
            ("OrgHierarchyToIgnore", None),
            ("IsDeleted", False),
            ("Rdn", parts[0]),
            ("Parent", parent),
            ("Depth", len(parts) - 1),
            ("DistinguishedName", self.distinguished_name),
            ("IsRelativeDn", False),
            ("DomainId", self.domain),
            ("PartitionGuid", self.partition),
            ("PartitionFQDN", self.domain),
            ("ObjectGuid", self.guid),
            ("Name", self.name),
        ]
        types = (
            "Microsoft.Exchange.Data.Directory.ADObjectId",
            "Microsoft.Exchange.Data.ObjectId",
            "System.Object",
        )
        return Complex(types, self.text, properties)


def schema_class(domain: str, name: str) -> ObjectId:
    """The ObjectCategory of an object: its class in the schema."""
    base = ",".join(f"DC={label}" for label in domain.split("."))
    dn = f"CN={name},CN=Schema,CN=Configuration,{base}"
    parent = f"{domain}/Configuration/Schema"
    guid = stable_guid("schema", domain, name)
    return ObjectId(dn, guid, f"{parent}/{name}", domain, partition_guid(), parent)


def partition_guid() -> UUID:
    """The partition's GUID: the captures of three forests show the same one."""
    return UUID("59ce2f71-eaa2-4ddf-a4fa-f25069d0b324")


def exchange_version(major: int, minor: int, build: str) -> Complex:
    """An ExchangeObjectVersion: the oldest Exchange that may manage the object, not the server's version."""
    properties: list[tuple[str, Value]] = [
        ("NextMajorVersion", f"{major + 1}.0 (0.0.0.0)"),
        ("NextMinorVersion", f"{major}.{minor + 1} (0.0.0.0)"),
        ("Major", Byte(major)),
        ("Minor", Byte(minor)),
        ("ExchangeBuild", build),
    ]
    types = ("Microsoft.Exchange.Data.ExchangeObjectVersion", "System.Object")
    return Complex(types, f"{major}.{minor} ({build})", properties)


def organization_id() -> Complex:
    """The OrganizationId of an on-premises forest: empty."""
    properties: list[tuple[str, Value]] = [
        ("OrganizationalUnit", None),
        ("ConfigurationUnit", None),
        ("IsConsumerOrganization", False),
        ("IdForEventLog", ""),
    ]
    return Complex(("Microsoft.Exchange.Data.Directory.OrganizationId", "System.Object"), "", properties)


_DOMAIN = re.compile(r"(?=.{1,255}\Z)(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*")


@dataclass(frozen=True)
class Fqdn:
    """A host name as Exchange keeps it: compared without case, shown as entered."""

    domain: str

    def __str__(self) -> str:
        return self.domain

    def rendered(self) -> Complex:
        types = ("Microsoft.Exchange.Data.Fqdn", "Microsoft.Exchange.Data.SmtpDomain", "System.Object")
        return Complex(types, self.domain, [("Domain", self.domain)])


def fqdn(text: str) -> Fqdn:
    """Read a host name; raise ValueError."""
    if _DOMAIN.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no domain name")
    return Fqdn(text)


@dataclass(frozen=True)
class DomainCapabilities:
    """One entry of TlsDomainCapabilities."""

    domain: str
    capabilities: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.domain}:{','.join(self.capabilities)}"

    def rendered(self) -> Complex:
        properties: list[tuple[str, Value]] = [
            ("Domain", self.domain),
            ("Capabilities", ", ".join(self.capabilities)),
            ("SmtpX509Identifier", None),
        ]
        types = ("Microsoft.Exchange.Data.SmtpReceiveDomainCapabilities", "System.Object")
        return Complex(types, str(self), properties)


_CAPABILITIES = ("NO-TLS", "AcceptOorgProtocol", "AcceptCloudServicesMail")


def domain_capabilities(text: str) -> DomainCapabilities:
    """Read `domain:Capability,...`; raise ValueError."""
    domain, separator, names = text.partition(":")
    known = {name.lower(): name for name in _CAPABILITIES}
    chosen = [name.strip().lower() for name in names.split(",")]
    if not separator or any(name not in known for name in chosen):
        raise ValueError(f"{text!r} is no domain:capability")
    return DomainCapabilities(fqdn(domain).domain, tuple(known[name] for name in chosen))


@dataclass(frozen=True)
class CertificateName:
    """A TlsCertificateName: issuer and subject."""

    issuer: str
    subject: str

    def __str__(self) -> str:
        return f"<I>{self.issuer}<S>{self.subject}"

    def rendered(self) -> Complex:
        # The shape of a name that is set is unverified: no capture holds one.
        properties: list[tuple[str, Value]] = [
            ("CertificateIssuer", self.issuer),
            ("CertificateSubject", self.subject),
        ]
        types = ("Microsoft.Exchange.Data.SmtpX509Identifier", "System.Object")
        return Complex(types, str(self), properties)


def certificate_name(text: str) -> CertificateName:
    """Read `<I>issuer<S>subject`; raise ValueError."""
    match = re.fullmatch(r"<I>(?P<issuer>[^<>]+)<S>(?P<subject>[^<>]+)", text)
    if match is None:
        raise ValueError(f"{text!r} is no <I>issuer<S>subject")
    return CertificateName(match["issuer"], match["subject"])
