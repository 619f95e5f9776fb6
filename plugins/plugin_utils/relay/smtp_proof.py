# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what to ask over SMTP to prove a relay, and what the answers prove.

There are three outcomes. `proven`: the server answered as declared. `contradicted`: it gave a lasting answer that is
not the declared one. `not_proven`: it could not be asked, put the answer off, or what was written may still be on its
way to it; that is a state of knowledge, never a failure of the relay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from .declaration import mapping, only_keys, text
from .desired import ANONYMOUS, AUTHENTICATED, INTERNAL, Method
from .errors import InputError
from .ranges import IPRange, parse_address, shown
from .service import parse_services
from .sources import Source

PROVEN = "proven"
CONTRADICTED = "contradicted"
NOT_PROVEN = "not_proven"

_RIGHT_PROOF = (
    "{sender: relaytest@contoso.com, recipients: {internal: someone@contoso.com, external: someone@fabrikam.com}}"
)
_RIGHT_CLIENT = "{address: 10.20.4.11, relay: true}"
_RIGHT_TARGET = "{host: ex1.contoso.com, port: 25}"


@dataclass(frozen=True)
class Listing:
    """A source of a service; None stands for those that nobody declares, where a service only changes its list.

    method: how the service lets it send.
    """

    service: str
    source: Source | None
    method: Method | None = ANONYMOUS


@dataclass(frozen=True)
class Expectation:
    """Whether a client that does not log on may relay, None when its address is unknown, and why that is expected.

    inside: whether it may send to recipients inside; None where that is another connector's business.
    """

    relay: bool | None
    because: str
    inside: bool | None = None


def listings(
    services: object, source_groups: object, server_name: str, today: date, safety: object = None
) -> tuple[Listing, ...]:
    """Every source of every present service of a server. Raises InputError for a wrong declaration.

    Args:
        services: as in relay_services.
        source_groups: as in relay_source_groups; a file has to be read already.
        server_name: short name of the server.
        today: the day that expiry is judged by.
        safety: as in relay_safety, which tells whether expired sources leave.
    """
    found: list[Listing] = []
    for connector in parse_services(services, source_groups, None, safety, server_name, today):
        if connector.sources is not None and (connector.state == "present" or connector.method == INTERNAL):
            service, method = connector.service or connector.name, connector.method
            found += [Listing(service, source, method) for source in connector.sources.entries]
            if connector.sources.change is not None:
                found.append(Listing(service, None, method))
    return tuple(found)


def expectation(address: IPRange | None, declared: Iterable[Listing]) -> Expectation:
    """What is declared for a client that does not log on: it may relay when some service lists its address.

    A service for clients that log on answers its sources too, and refuses those that do not.
    """
    if address is None:
        return Expectation(None, "the address that the server sees is not known")
    holding: list[tuple[int, Listing, Source]] = []
    open_ended = ""
    for listing in declared:
        if listing.source is None:
            open_ended = open_ended or listing.service
        elif listing.source.range.contains(address):
            holding.append((listing.source.range.size, listing, listing.source))
    if holding:
        _size, narrowest, source = min(holding, key=lambda row: row[0])
        return _as_listed(narrowest, f"service {narrowest.service} lists {source.label}")
    if open_ended:
        return Expectation(None, f"service {open_ended} only changes its list, which may have {address} in it")
    return Expectation(False, f"no service lists {address}")


def _as_listed(listing: Listing, because: str) -> Expectation:
    if listing.method == AUTHENTICATED:
        return Expectation(False, f"{because}, for after logging on")
    if listing.method == INTERNAL:
        return Expectation(False, f"{because}, for recipients inside", inside=True)
    return Expectation(True, because, inside=True)


def plan_probes(
    targets: Sequence[object],
    clients: Sequence[object],
    proof: object,
    declared: Sequence[Listing],
    port: int = 25,
) -> list[dict[str, object]]:
    """The probes of one server: every client against every target, each with what is expected.

    Args:
        targets: where to connect to: a name, or `host` with `port` and `via`, a word for messages.
        clients: `address` of each, which the control node connects from, and `relay` when the expectation is not the
            declared one. `own: true` marks the address that the control node has anyway.
        proof: `sender` and `recipients` (`internal`, `external`), as in relay_proof.
        declared: what the services list.
        port: port of the targets that do not say theirs.

    Raises:
        InputError: the proof, a target or a client cannot be used.
    """
    sender, recipients = _read_proof(proof)
    wanted = [_read_client(raw, declared) for raw in clients]
    return [
        {**target, **_without_inside(client), "sender": sender, "recipients": _recipients(recipients, client)}
        for target in [_read_target(raw, port) for raw in targets]
        for client in wanted
    ]


def _read_proof(raw: object) -> tuple[str, dict[str, str]]:
    proof = mapping(raw, "relay_proof", _RIGHT_PROOF)
    only_keys(proof, ("sender", "recipients", "clients"), "relay_proof")
    recipients = mapping(proof.get("recipients"), "relay_proof.recipients", _RIGHT_PROOF)
    only_keys(recipients, ("internal", "external"), "relay_proof.recipients")
    found = {name: text(recipients.get(name), f"relay_proof.recipients.{name}") for name in ("internal", "external")}
    sender = text(proof.get("sender"), "relay_proof.sender")
    for value, where in ((sender, "sender"), (found["external"], "recipients.external")):
        if "@" not in value:
            raise InputError(f"relay_proof.{where}: {shown(value)} is not a mail address; write {_RIGHT_PROOF}.")
    return sender, found


def _read_target(raw: object, port: int) -> dict[str, object]:
    target = mapping({"host": raw} if isinstance(raw, str) else raw, "targets", _RIGHT_TARGET)
    host = text(target.get("host"), "targets.host")
    if not host:
        raise InputError(f"targets: an entry has no host; write {_RIGHT_TARGET}.")
    return {"via": target.get("via") or host, "host": host, "port": target.get("port") or port}


def _read_client(raw: object, declared: Sequence[Listing]) -> dict[str, object]:
    client = mapping(raw, "relay_proof.clients", _RIGHT_CLIENT)
    only_keys(client, ("address", "relay", "own"), "relay_proof.clients")
    address, own = None, bool(client.get("own"))
    if client.get("address") is not None:
        address = parse_address(client["address"], "relay_proof.clients.address")
    elif not own:
        raise InputError(f"relay_proof.clients: an entry has no address; write {_RIGHT_CLIENT}.")
    expected = expectation(address, declared)
    relay = client.get("relay")
    if relay is not None and not isinstance(relay, bool):
        raise InputError(f"relay_proof.clients.relay: {shown(relay)} is neither true nor false.")
    if relay is not None and relay != expected.relay:
        expected = Expectation(relay, f"relay_proof says so, although {expected.because}", inside=relay or None)
    return {
        "client": None if address is None else str(address),
        "source_address": None if address is None or own else str(address),
        "relay": expected.relay,
        "inside": expected.inside,
        "because": expected.because,
    }


def _without_inside(client: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in client.items() if key != "inside"}


def _recipients(addresses: Mapping[str, str], client: Mapping[str, object]) -> list[dict[str, str]]:
    """Whom to name. What a stranger may send inside is the default connector's business: nothing is expected there."""
    expected = {"internal": "accepted"} if client["inside"] else {}
    if client["relay"] is not None:
        expected["external"] = "accepted" if client["relay"] else "refused"
    return [
        {"address": addresses[name], **({"expect": expected[name]} if name in expected else {})}
        for name in ("internal", "external")
        if addresses[name]
    ]


def judge(probe: Mapping[str, object], result: Mapping[str, object], settled: bool) -> dict[str, object]:
    """What one answered probe proves.

    Args:
        probe: from plan_probes.
        result: what smtp_probe returned for it.
        settled: what is declared was found on the server, not just written: then a wrong answer is no matter of time.
    """
    answers = _mappings(result.get("recipients"))
    met = [answer.get("met") for answer in answers if answer.get("expect") is not None]
    client = probe.get("client") or result.get("client_address")
    about = f"{client or 'this control node'} at {probe.get('via')}"
    told = _trouble(result)
    if False in met:
        verdict = CONTRADICTED if settled else NOT_PROVEN
        sentence = f"{about}: {'contradicted' if settled else 'not proven yet'}; {told}"
    elif not met or None in met:
        verdict, sentence = NOT_PROVEN, f"{about}: not proven; {told}"
    else:
        truth = "may relay" if probe.get("relay") else "may not relay"
        verdict = PROVEN
        sentence = f"{about}: proven, {truth} ({answers[-1].get('reply')}); {probe.get('because')}."
    return {
        "via": probe.get("via"),
        "host": probe.get("host"),
        "port": probe.get("port"),
        "client": client,
        "relay": probe.get("relay"),
        "because": probe.get("because"),
        "verdict": verdict,
        "replies": {str(answer.get("address")): answer.get("reply") for answer in answers},
        "sentence": sentence,
    }


def _trouble(result: Mapping[str, object]) -> str:
    """What the probe says about itself, without the introduction that the verdict gives anyway."""
    told = str(result.get("msg") or "nothing was answered.")
    introduction, _colon, reason = told.partition(": ")
    return reason if reason and introduction.startswith("Nothing is proven") else told


def _mappings(raw: object) -> list[Mapping[str, object]]:
    return [entry for entry in raw if isinstance(entry, Mapping)] if isinstance(raw, Sequence) else []
