# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of findings: everything unsafe or wrong that the collection can tell. PRIVATE to the collection.

The ids are public and stable: users accept findings by them, and reports are compared by them.
"""

from __future__ import annotations

from dataclasses import dataclass

SEVERITIES = ("critical", "warning", "info")
"""Worst first."""


@dataclass(frozen=True)
class FindingKind:
    """One kind of finding.

    Attributes:
        id: stable name.
        severity: one of SEVERITIES.
        guard: whether it refuses a plan that has steps, as long as nobody accepts it.
        message: sentence with {server}, {connector}, {addresses} and {detail} to be filled in.
        remedy: what to do about it, one sentence.
        doc: why it matters, for the documentation.
    """

    id: str
    severity: str
    guard: bool
    message: str
    remedy: str
    doc: str

    def sentence(self, server: str = "", connector: str = "", addresses: str = "", detail: str = "") -> str:
        """The message with these facts in it.

        The words are put in as they are: braces in a connector's name stay braces.
        """
        return self.message.format(server=server, connector=connector, addresses=addresses, detail=detail)


FINDINGS: tuple[FindingKind, ...] = (
    FindingKind(
        "open_relay",
        "critical",
        True,
        "Connector {connector} on {server} lets {addresses} relay without authentication, which is {detail}.",
        "Declare the addresses that need to relay, as single addresses or small ranges.",
        "A range that is any address, that holds public addresses, or that is larger than the declared limit lets "
        "hosts relay that nobody listed. Spam sent through it puts the organisation on block lists.",
    ),
    FindingKind(
        "default_connector",
        "critical",
        True,
        "Connector {connector} is a default connector of {server} and is never changed for relay.",
        "Give the relay a connector of its own with another name.",
        "Default connectors carry the mail between Exchange servers and from the internet; a relay right on one of "
        "them opens the organisation to everybody who reaches port 25.",
    ),
    FindingKind(
        "hub_transport_on_port_25",
        "critical",
        True,
        "Connector {connector} on {server} belongs to the Transport service and listens on port 25.",
        "Use FrontendTransport (where Exchange 2013 has split roles: on the Client Access server), or another port.",
        "On Exchange 2013 and later port 25 belongs to the Front End Transport service. With a second service on it "
        "mail works for a while and stops minutes or hours later, and the setup of a cumulative update can fail.",
    ),
    FindingKind(
        "two_methods",
        "critical",
        True,
        "Connector {connector} on {server} lets clients relay in two ways, {detail}.",
        "Decide for one method and let a rollout take the other away.",
        "Externally secured gives nine rights and bypasses antispam and size limits, so the narrower grant to "
        "anonymous clients is without effect and hides what the connector really allows.",
    ),
    FindingKind(
        "exchange_server_address",
        "critical",
        True,
        "Connector {connector} on {server} is for {addresses}, which belongs to Exchange server {detail}.",
        "Take the address out of the sources; an application on an Exchange server uses an address of its own.",
        "Mail between Exchange servers that is answered by a relay connector is not recognised as internal; it is "
        "refused or loses its headers.",
    ),
    FindingKind(
        "exchange_addresses_unknown",
        "critical",
        True,
        "The addresses of Exchange server {detail} could not be found, so that sources on {server} cannot be checked.",
        "Make the server's name resolvable from the control node; or name its addresses in exchange_addresses and "
        "accept the finding.",
        "Without the addresses nobody can tell whether a source holds an Exchange server. The guard fails closed.",
    ),
    FindingKind(
        "protected_address",
        "critical",
        True,
        "Connector {connector} on {server} is for {addresses}, which is protected as {detail}.",
        "Take the address out of the sources, or out of the protected addresses if it is no longer special.",
        "Gateways and Edge servers deliver mail of strangers. A relay connector that answers them relays it.",
    ),
    FindingKind(
        "shared_address",
        "critical",
        True,
        "Connector {connector} on {server} is for {addresses}, an address that many clients share.",
        "List the clients themselves and let them reach Exchange with their own addresses.",
        "Behind a load balancer or address translation Exchange sees one address for all clients, so that everybody "
        "behind it may relay.",
    ),
    FindingKind(
        "service_gap",
        "critical",
        True,
        "On {server} connector {connector} cannot be changed without a moment in which {detail}.",
        "Plan the change for a quiet hour and accept the finding, or change it in two steps that overlap.",
        "Most changes are ordered so that no moment is wrong. Where Exchange's rules leave no such order, this finding "
        "says so before anything is written.",
    ),
    FindingKind(
        "empty_sources",
        "critical",
        True,
        "Connector {connector} on {server} is declared with no source at all, which takes relay away from {detail}.",
        "Declare the sources, or remove the service with state absent.",
        "An empty list is more often a variable that went missing than a wish.",
    ),
    FindingKind(
        "range_conflict",
        "critical",
        True,
        "Exchange refuses connector {connector} on {server}, because {addresses} clashes with connector {detail}.",
        "On one binding let ranges be apart, or one inside the other; change the sources or the bindings.",
        "On one binding every address and every range may be listed once; a range may only hold another one whole. "
        "The finding comes before anything is written, where Exchange would refuse in the middle of a rollout. Whether "
        "Exchange looks at disabled connectors is not documented: with one of them it only warns.",
    ),
    FindingKind(
        "role_conflict",
        "critical",
        True,
        "Exchange refuses connector {connector} on {server}, because connector {detail} of another transport service "
        "listens on the same address and port.",
        "Use the transport role of the connector that is there, or another port.",
        "Two transport services cannot share an address and port, and 0.0.0.0 is every address. A conflict that slips "
        "in stops mail, and the setup of a cumulative update fails half-way. With a disabled connector it only warns.",
    ),
    FindingKind(
        "open_window",
        "critical",
        True,
        "On {server} connector {connector} cannot be changed without a moment in which {addresses} may relay although "
        "nobody lists it{detail}.",
        "Change the bindings or ranges in one rollout and the method in the next.",
        "No order of the changes avoids a moment in which strangers may relay, so none is carried out.",
    ),
    FindingKind(
        "relay_denied",
        "critical",
        True,
        "Connector {connector} on {server} denies {detail}, so that they cannot relay whatever is granted.",
        "Take the denying entry away.",
        "An entry that denies wins over one that allows. A service on such a connector would answer its sources only "
        "to refuse them, also the mail inside that they could send before. Where no service is declared it only warns.",
    ),
    FindingKind(
        "inherited_relay",
        "critical",
        False,
        "An access entry from above connector {connector} on {server} lets {detail} relay, here and wherever below it "
        "their mail is taken.",
        "Remove the entry where it is defined: on the container of the connectors, the server, the administrative "
        "group or the organisation.",
        "An entry high up in the configuration opens every connector below, default ones and those of tomorrow "
        "included, and no permission of a connector shows it. It cannot be taken away on a connector, and Exchange "
        "does not show where it is defined, so a rollout reports it and goes on. Only a warning for everybody who has "
        "logged on, and where entries from above both allow and deny.",
    ),
    FindingKind(
        "expired_source",
        "warning",
        False,
        "Connector {connector} on {server} is still for {addresses}, which expired: {detail}.",
        "Take the source out, or give it a new date.",
        "Sources carry a date so that somebody looks at them again.",
    ),
    FindingKind(
        "too_many_removed",
        "critical",
        True,
        "On {server} connector {connector} would no longer be for {addresses}: {detail}.",
        "Look whether a variable or a file lost lines; when the sources really go, accept the finding for this run.",
        "A truncated file, a variable that was overridden or a wave of expired sources takes relay away from many at "
        "once. Counted per service over all its connectors; moving a source from one to another loses nothing.",
    ),
    FindingKind(
        "too_many_added",
        "critical",
        True,
        "On {server} connector {connector} would let {addresses} in as well: {detail}.",
        "Look whether a prefix is too short; when so many are meant, accept the finding for this run.",
        "One character too few in a prefix lets thousands of hosts relay. Counted per service over all its connectors; "
        "a service that does not exist yet gains nothing.",
    ),
    FindingKind(
        "shadowed_source",
        "warning",
        False,
        "Connector {connector} on {server} is for {addresses}, but connector {detail}.",
        "Take the narrower range off the other connector, or list the clients here as narrowly as there.",
        "The most specific range wins, whatever the connector behind it lets a client do, and there is no second try: "
        "a client of two connectors is only ever answered by one of them. Only an information where it loses nothing.",
    ),
    FindingKind(
        "stolen_clients",
        "warning",
        False,
        "Connector {connector} on {server} takes {addresses} away from connector {detail}.",
        "Make sure that these clients want what this connector offers; else take them out of its sources.",
        "The narrower range takes a client from a connector that has a wider one, with all that one offers, such as "
        "authentication. That may be just what is wanted, and is only an information where they lose nothing. The "
        "default connectors for everybody are there to be taken from and are not told; one that somebody narrowed is.",
    ),
    FindingKind(
        "ipv6_bypass",
        "warning",
        False,
        "Connector {connector} on {server} only listens on IPv4, while {detail}.",
        "Bind it to [::] too and list the clients' IPv6 addresses, or give clients a name without an AAAA record.",
        "A client that finds an IPv6 address behind the server's name prefers it, meets another connector there and is "
        "refused although its IPv4 address is listed.",
    ),
    FindingKind(
        "excessive_rights",
        "critical",
        True,
        "Connector {connector} on {server} gives {detail}.",
        "Grant the right to the one account that needs it, or have the right senders log on; else accept the finding.",
        "Anonymous relay takes five rights, and the permission group ExchangeUsers gives four. Whoever gives everybody "
        "more lets strangers past antispam and the size limit, keep the headers of the organisation, count as one of "
        "its own senders, or lets every user send as any other. It refuses where a plan would grant such a right, and "
        "warns where it is there already.",
    ),
    FindingKind(
        "unknown_principal",
        "warning",
        False,
        "Exchange on {server} knows nobody who is called {detail}, so that there is nothing to take on {connector}.",
        "Check how the principal is spelt, and take the grant out once its account is gone.",
        "A grant with state absent is fulfilled when the principal has no such right, and somebody who does not exist "
        "has none. One who is misspelt keeps his rights.",
    ),
    FindingKind(
        "hybrid_on_relay",
        "critical",
        True,
        "Connector {connector} on {server} is for relay and carries {detail}.",
        "Let the capability be on the connector that Exchange Online reaches, and on no connector for relay.",
        "With AcceptCloudServicesMail or AcceptOorgProtocol a sender with the named domain's certificate counts as the "
        "organisation's own cloud, and the Hybrid Configuration Wizard may take the connector for its own. It refuses "
        "where a plan would write the capability, and warns where it is there already.",
    ),
    FindingKind(
        "high_volume_many_sources",
        "warning",
        False,
        "Connector {connector} on {server} has no limits against floods and is for {detail}.",
        "Give the few busy senders a service of their own, and the many the profile guarded or exchange_default.",
        "The profile high_volume, or its two limits per source, is made for a handful of known senders. With more than "
        "50 sources one machine that runs wild takes all connections of the server, and nobody knows which it will be.",
    ),
    FindingKind(
        "expiring_source",
        "info",
        False,
        "Connector {connector} on {server} is for {addresses}, which expires within 30 days: {detail}.",
        "Ask the owner, and give the source a new date or take it out.",
        "Told a month ahead, so that nobody has to decide in a hurry.",
    ),
    FindingKind(
        "externally_secured_bypass",
        "warning",
        True,
        "Connector {connector} on {server} trusts its sources{detail}: antispam and the size limit do not apply to "
        "them, and Exchange takes the senders they name for genuine.",
        "Use the anonymous method unless the sources need this; else accept the finding and say why.",
        "The price of the method, shown before it is paid: whatever makes a connector externally secured, a service or "
        "a connector of one's own, also a copy or one that is restored, is refused until somebody accepts it. Once the "
        "method is there the finding only informs, and so it does where a change of method on 2007 and 2010 leads over "
        "this trust for a few commands.",
    ),
    FindingKind(
        "plain_basic",
        "critical",
        True,
        "Connector {connector} on {server} takes passwords without encryption: BasicAuth without BasicAuthRequireTLS.",
        "Add BasicAuthRequireTLS (with Tls) to auth_mechanism; accept the finding for devices that cannot encrypt.",
        "A password that travels in the clear can be read on the way, and it is that of a domain account. It refuses "
        "where a plan would make a connector ask for one, and warns where it is there already.",
    ),
    FindingKind(
        "sender_rights_missing",
        "info",
        False,
        "Whoever logs on to connector {connector} on {server} may only name senders of the own account, or with Send "
        "As: {detail} the right ms-Exch-SMTP-Accept-Any-Sender.",
        "Give the account Send As on the senders it needs, or declare it in accounts with that right.",
        "Logging on shows who sends, and Exchange holds the sender against it: 550 5.7.60, Client does not have "
        "permissions to send as this sender.",
    ),
    FindingKind(
        "internal_refused",
        "critical",
        True,
        "On {server} no connector would take mail for recipients inside from {addresses}, which the service of "
        "{connector} needs, because its method internal has no connector of its own.",
        "Let a connector that answers them take anonymous mail, or declare method anonymous.",
        "Setup of Exchange 2013 and later makes a connector that takes mail for recipients inside from everybody; "
        "setup of 2007 and 2010 makes none, and somebody may have narrowed it.",
    ),
    FindingKind(
        "internal_relays",
        "warning",
        False,
        "On {server} connector {detail} lets {addresses} relay, which the service of {connector} declares for mail to "
        "recipients inside only.",
        "Take the addresses out of that connector's sources, or out of this service when they are meant to relay.",
        "Method internal has no connector of its own, so what its sources may do is what the connector that answers "
        "them lets them do. They were listed as senders that need no relay.",
    ),
)

BY_ID: dict[str, FindingKind] = {row.id: row for row in FINDINGS}
