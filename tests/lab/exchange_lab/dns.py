# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab's DNS server: a real BIND `named` with its own configuration, one primary zone and one TSIG key.

It runs as the user who starts the lab, on a port of its own, without rndc; updates (RFC 2136) need the key. A name
server that this machine may run is not touched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from exchange_lab.children import dying_with_us
from exchange_lab.settings import DnsConfig, DnsRecord

START_SECONDS = 15.0
STOP_SECONDS = 5.0
ATTEMPTS = 3
# What named logs when it could not open a listener.
TROUBLE = ("address in use", "permission denied")
PLACES = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/local/bin", "/opt/bind9/sbin")


class DnsServerError(Exception):
    """The DNS server could not be started; one sentence with the remedy."""


class DnsServer:
    """One `named` process for the lab's zone.

    config: address, port (0 = a free one), zone, key and records; directory: where its files live (created).
    """

    def __init__(self, config: DnsConfig, directory: Path | str) -> None:
        self._config = config
        self._directory = Path(directory).resolve()
        self._process: subprocess.Popen[bytes] | None = None
        self._port = config.port

    @property
    def log_path(self) -> Path:
        """Where named writes what it has to say."""
        return self._directory / "named.log"

    def start(self) -> tuple[str, int]:
        """Start named and return (address, port) once it answers for the zone.

        Raises DnsServerError when named is missing, refuses its configuration or does not answer in time.
        """
        binary = find_named()
        self._directory.mkdir(parents=True, exist_ok=True)
        self._zone_file.write_text(zone_text(self._config), encoding="ascii")
        self._zone_file.with_name(self._zone_file.name + ".jnl").unlink(missing_ok=True)
        # A free port can be taken by somebody else between its choice and named's bind: choose again.
        for attempt in range(1, ATTEMPTS + 1):
            self._port = self._config.port or free_port(self._config.address)
            failure = self._start_once(binary)
            if failure is None:
                return self._config.address, self._port
            self.stop()
            if self._config.port or attempt == ATTEMPTS:
                raise DnsServerError(failure)
        raise AssertionError("unreachable")

    def stop(self) -> None:
        """Stop named; does nothing when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> DnsServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def endpoint(self) -> tuple[str, int]:
        """(address, port) of the running server."""
        return self._config.address, self._port

    @property
    def _zone_file(self) -> Path:
        return self._directory / f"{self._config.zone}.zone"

    def _start_once(self, binary: str) -> str | None:
        configuration = self._directory / "named.conf"
        # The key is in this file: nobody else reads it.
        configuration.touch(mode=0o600)
        configuration.write_text(named_conf(self._config, self._directory, self._port), encoding="ascii")
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                dying_with_us([binary, "-g", "-n", "1", "-c", str(configuration)]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._directory,
                start_new_session=True,
            )
        return self._wait_until_it_answers(self._process)

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> str | None:
        deadline = time.monotonic() + START_SECONDS
        question = dns.message.make_query(dns.name.from_text(self._config.zone), dns.rdatatype.SOA)
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return self._sentence(f"named ended with code {process.returncode}")
            with contextlib.suppress(OSError, dns.exception.DNSException):
                answer = dns.query.tcp(question, self._config.address, timeout=1.0, port=self._port)
                if answer.rcode() == dns.rcode.NOERROR and answer.answer:
                    return None
            log = self._log()
            if any(word in log for word in TROUBLE):
                return self._sentence("named could not listen there")
            if " running\n" in log and "listening on" not in log:
                return self._sentence("no interface has that address (of 127.0.0.0/8 only 127.0.0.1 has, as a rule)")
            time.sleep(0.03)
        return self._sentence(f"named did not answer for zone {self._config.zone} within {START_SECONDS:.0f} s")

    def _log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def _sentence(self, what: str) -> str:
        lines = self._log().splitlines()
        telling = [line for line in lines if any(word in line for word in ("error:", "failed", *TROUBLE))] or lines
        last = telling[-1].strip() if telling else "it wrote nothing"
        return (
            f"The DNS server on {self._config.address} port {self._port} did not start: {what}; "
            f"its last word was '{last}', the whole log is {self.log_path}."
        )


def find_named() -> str:
    """Return the path of `named`. Raises DnsServerError with the remedy when there is none."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *PLACES])
    found = shutil.which("named", path=path)
    if found is None:
        raise DnsServerError(
            "The lab's DNS server needs BIND's `named`: install it, on Debian `apt-get install bind9`."
        )
    return found


def free_port(address: str) -> int:
    """Return a port that is free for both UDP and TCP on `address`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for _attempt in range(50):
        with socket.socket(family, socket.SOCK_STREAM) as stream, socket.socket(family, socket.SOCK_DGRAM) as datagram:
            stream.bind((address, 0))
            port: int = stream.getsockname()[1]
            with contextlib.suppress(OSError):
                datagram.bind((address, port))
                return port
    raise DnsServerError(f"No port of {address} is free for both UDP and TCP: stop what uses them.")


def named_conf(config: DnsConfig, directory: Path, port: int) -> str:
    """Return the text of named.conf: one zone, one key, no control channel, no recursion."""
    key = config.key
    update = f'key "{key.name}";' if key else "none;"
    family, other = ("listen-on-v6", "listen-on") if ":" in config.address else ("listen-on", "listen-on-v6")
    key_text = f'key "{key.name}" {{ algorithm {key.algorithm}; secret "{key.secret}"; }};\n' if key else ""
    return f"""{key_text}controls {{ }};
options {{
    directory "{directory}";
    pid-file "{directory}/named.pid";
    session-keyfile none;
    managed-keys-directory "{directory}";
    {family} port {port} {{ {config.address}; }};
    {other} {{ none; }};
    recursion no;
    allow-query {{ 127.0.0.0/8; ::1; }};
    allow-transfer {{ {update} }};
    notify no;
    empty-zones-enable no;
    dnssec-validation no;
}};
zone "{config.zone}" {{
    type primary;
    file "{config.zone}.zone";
    allow-update {{ {update} }};
}};
"""


def zone_text(config: DnsConfig) -> str:
    """Return the zone file: SOA, NS, and the records of the lab file with every name written out in full.

    Raises DnsServerError for a record outside the zone or a value that its type does not take.
    """
    zone = config.zone.rstrip(".")
    own_type = "AAAA" if ":" in config.address else "A"
    lines = [
        "$TTL 300",
        f"{zone}. IN SOA ns.{zone}. hostmaster.{zone}. 1 3600 600 604800 60",
        f"{zone}. IN NS ns.{zone}.",
    ]
    if not any(record.name.rstrip(".").lower() == f"ns.{zone}".lower() for record in config.records):
        lines.append(f"ns.{zone}. IN {own_type} {config.address}")
    for record in config.records:
        lines.extend(_record_lines(record, zone))
    return "\n".join(lines) + "\n"


def _record_lines(record: DnsRecord, zone: str) -> list[str]:
    name = record.name.rstrip(".")
    if not f".{name}".lower().endswith(f".{zone}".lower()):
        raise DnsServerError(f"DNS record {name} is outside the lab's zone {zone}: give it a name in that zone.")
    lines = []
    for value in record.values:
        text = f'"{value}"' if record.type.upper() == "TXT" and not value.startswith('"') else value
        try:
            # The root as origin: names in values are fully qualified with or without the final dot.
            data = dns.rdata.from_text(dns.rdataclass.IN, record.type, text, dns.name.root, relativize=False)
        except (dns.exception.DNSException, ValueError) as error:
            raise DnsServerError(f"DNS record {name} cannot hold {record.type} '{value}': {error}.") from None
        lines.append(f"{name}. {record.ttl} IN {record.type.upper()} {data.to_text()}")
    return lines
