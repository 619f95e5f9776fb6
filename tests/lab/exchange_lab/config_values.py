# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names, addresses and ports in a lab file."""

from __future__ import annotations

from ipaddress import ip_address

from exchange_lab.section import Section
from exchange_lab.values.directory import fqdn


def read_domain(section: Section, key: str, default: str | None = None) -> str:
    """Return a DNS domain name; raise LabFileError for anything else."""
    text = section.text(key, default)
    try:
        return fqdn(text).domain
    except ValueError:
        raise section.error(key, f"{text!r} is no domain name; write it like lab.example") from None


def read_address(section: Section, key: str, default: str | None = None) -> str:
    """Return one plain IP address; raise LabFileError otherwise."""
    return check_address(section, key, section.text(key, default))


def check_address(section: Section, key: str, text: str) -> str:
    """Return `text` as one plain IP address; raise LabFileError otherwise."""
    try:
        return str(ip_address(text))
    except ValueError:
        raise section.error(key, f"{text!r} is no IP address; write it like 127.0.1.1") from None


def read_port(section: Section, key: str, default: int) -> int:
    """Return a TCP port, 0 for a free one; raise LabFileError otherwise."""
    return section.integer(key, default, 0, 65535)
