#!/usr/bin/python
# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: relay
short_description: Make the declared relay services of one Exchange server true
version_added: 0.1.0
description:
  - Takes all relay services of one server together, reads the server, its receive connectors and the access lists that
    matter once, and makes one ordered plan over connectors, rights and throttling.
  - Check mode shows that plan, the run executes it, and when a step fails, what had been done is undone. While it runs,
    nobody outside the old and the new sources may relay, and nobody who is in both is refused.
  - A new connector is created disabled, gets its rights, is read back, and is enabled last. Default connectors are
    never changed.
  - Every list is written only where the connector still is as it was read. When somebody else changed a list of it, its
    name, its transport role or whether it is enabled meanwhile, the run stops, says what was added and removed, and
    undoes what it had done; what they wrote stays.
  - A run that would take away more than a few sources of a service, or let many addresses in, is refused; see
    O(safety).
  - Connectors that no service names are left alone, and so are properties that nobody declared. A service that is taken
    out of O(services) keeps its connector until it says C(state=absent).
options:
  services:
    description:
      - The relay services of this server, service id to service. V({}) means none.
      - C(connector_name) is the name of the receive connector, C(Relay <id>) by default. C({server}) in it becomes the
        server's name. C(previous_connector_name) is what the connector was called before; it is renamed, and so are
        the numbered connectors of a service that is spread.
      - C(method) says how the sources may send. With V(anonymous), the default, the connector grants anonymous clients
        five rights, the one to relay among them. With V(externally_secured) Exchange trusts the sources like its own
        servers, without antispam and size limits, which the finding V(externally_secured_bypass) has to be accepted
        for. With V(authenticated) they relay after logging on, a password never without encryption. With V(internal)
        they only send to recipients inside, which other connectors take from them anyway; the service has no connector
        then, and one that it had by another method is removed.
      - A method changes in one run. Nobody who may relay before and after is refused on the way, and the old way is
        closed in the end; a run that is killed is finished by the next.
      - C(accounts) of method V(authenticated) are those who alone may relay after logging on, instead of every user. A
        list of C(DOMAIN\name), user principal names or SIDs, or of dictionaries of C(principal) and C(rights), a list
        of extended rights; without C(rights) an account relays, with senders that it may send as anyway. Other accounts
        lose their rights on the connector.
      - C(sources) says who may relay, as a list or as text with commas or lines, as a survey gives it. Entries are
        names of O(source_groups), single addresses, V(low-high) ranges and CIDR blocks, IPv4 or IPv6. An undefined or
        empty value is an error; nobody is V([]).
      - C(sources) may also be a dictionary. C(set) is the same as the list; C(add) and C(remove), together or alone,
        are lists too and change single entries of the connector, whose other entries stay.
      - C(split) with C(connectors), a number, spreads the sources over so many connectors, C(<connector_name> 1) and so
        on, each filled to at most 1,000. A source keeps its connector whatever other sources come and go. Numbered
        connectors beyond that number leave. It needs the whole list of sources.
      - A connector called C(<connector_name>) becomes the first numbered one; C(connectors) 1 and then
        C(previous_connector_name) lead back. Sources that go from one connector to another are answered all the time,
        but for single addresses without a neighbour, which Exchange refuses on two connectors at once; those are the
        finding V(service_gap).
      - C(aggregate) says whether sources that touch are written as one range. Omitted, they are only when there are
        more than 1,200 and they fit that way. No address is answered by another connector because of it.
      - C(throttling) is the name of a profile, V(exchange_default), V(guarded) or V(high_volume), or a dictionary with
        C(profile) and any option of M(mailrelay.exchange.receive_connector_throttling) on top of it.
      - C(connector) holds any other option of M(mailrelay.exchange.receive_connector).
      - C(accept_findings) accepts findings for this service only, finding id to reason.
      - C(state) is V(present) (the default) or V(absent), which removes the connector.
    type: dict
    required: true
  source_groups:
    description:
      - Groups of sources that services name, group name to group. A group has C(addresses) or C(file).
      - C(addresses) of a group is a list, text, or a dictionary from a name to an address. For an address may stand a
        dictionary of C(address) and any of C(name), C(owner), C(ticket), C(reason) and C(expires).
      - C(file) of a group is a CSV file on the control node, searched for like any file of a role or playbook (below
        C(files), then beside the playbook), then beside the inventory. Its first line names the columns C(address),
        C(name), C(owner), C(ticket), C(reason) and C(expires), in any order; only C(address) has to be there. Commas,
        semicolons and tabs are taken, UTF-8, and UTF-16 with a byte order mark. A file that is not whole and right is
        an error that names line and column.
      - C(content) beside C(file) is what the file holds, where something else has read it.
      - C(owner), C(ticket), C(reason) and C(expires) of a group count for all addresses that do not say theirs.
      - C(expires) is the last day, year-month-day, on which an address may relay, by the date of the control node.
    type: dict
  protected_addresses:
    description:
      - Addresses that no source may hold, group name to addresses, such as mail gateways and Edge servers.
      - The group V(shared) is for addresses behind which many clients hide.
      - The addresses of the Exchange servers themselves are always protected and need not be listed.
    type: dict
  exchange_addresses:
    description:
      - Further addresses that belong to Exchange servers, such as those of a cluster or a load balancer, beside those
        that are found.
    type: list
    elements: str
  safety:
    description:
      - Limits that a declaration must keep.
    type: dict
    suboptions:
      max_addresses:
        description:
          - A source with more addresses is the finding V(open_relay).
        type: int
        default: 65536
      max_removed:
        description:
          - How many sources a service may lose in one run, over all its connectors; more is the finding
            V(too_many_removed), and so is removing a service that has sources.
          - The smaller of the two limits holds, and one source may always go.
          - A source counts as lost as soon as one of its addresses may not relay any more, whatever it is written as.
            Sources that go because they expired count too.
        type: dict
        suboptions:
          count:
            description:
              - So many sources; 5 when omitted.
            type: int
          percent:
            description:
              - So many percent of the sources that the service has; 2 when omitted.
            type: float
      max_added_addresses:
        description:
          - How many addresses a service may gain in one run, over all its connectors; more is the finding
            V(too_many_added). A service that does not exist yet may have any number.
          - The limit is 256 when omitted.
        type: int
      expired:
        description:
          - What becomes of sources whose last day is over. With V(report) they stay and are the finding
            V(expired_source), with V(remove) they leave. In the 30 days before, they are the finding
            V(expiring_source).
        type: str
        choices:
          - report
          - remove
        default: report
extends_documentation_fragment:
  - mailrelay.exchange._attributes
  - mailrelay.exchange._exchange
  - mailrelay.exchange._writer
seealso:
  - module: mailrelay.exchange.receive_connector
  - module: mailrelay.exchange.receive_connector_info
  - module: mailrelay.exchange.smtp_probe
author:
  - The mailrelay.exchange authors (@mailrelay)
"""

EXAMPLES = r"""
# Before, in the Exchange Management Shell:
#
#   Get-ReceiveConnector -Server EX1 | Format-Table Name,Bindings
#   Default EX1                {0.0.0.0:2525, [::]:2525}
#   Client Proxy EX1           {[::]:465, 0.0.0.0:465}
#   Default Frontend EX1       {[::]:25, 0.0.0.0:25}
#   Outbound Proxy Frontend EX1 {[::]:717, 0.0.0.0:717}
#   Client Frontend EX1        {[::]:587, 0.0.0.0:587}

- name: Let the payroll servers and the printers of one network relay
  mailrelay.exchange.relay:
    services:
      external:
        connector_name: Relay External
        method: anonymous
        sources:
          - payroll
          - printers
          - 10.20.9.5
        throttling: guarded
        connector:
          protocol_logging_level: verbose
    source_groups:
      payroll:
        owner: hr-it@contoso.com
        ticket: CHG0041233
        addresses:
          pay01: 10.20.4.11
          pay02:
            address: 10.20.4.12
            expires: 2099-03-31
      printers:
        owner: print@contoso.com
        addresses:
          - 10.31.0.0/24
    protected_addresses:
      gateways: 10.9.1.10-10.9.1.13

# After:
#
#   Get-ReceiveConnector 'EX1\Relay External' | Format-List Enabled,TransportRole,Bindings,RemoteIPRanges
#   Enabled        : True
#   TransportRole  : FrontendTransport
#   Bindings       : {0.0.0.0:25}
#   RemoteIPRanges : {10.20.4.11, 10.20.4.12, 10.20.9.5, 10.31.0.0/24}
#
#   Get-ADPermission 'Relay External' -User 'NT AUTHORITY\ANONYMOUS LOGON' | Where-Object {-not $_.IsInherited}
#   ... ms-Exch-SMTP-Accept-Any-Recipient

- name: Show the commands without running them
  mailrelay.exchange.relay:
    services:
      external:
        connector_name: Relay External
        sources: 10.20.4.11, 10.20.4.12, 10.31.0.0/24
  check_mode: true
  register: planned

- name: Accept one finding of one service, with a reason that stays visible
  mailrelay.exchange.relay:
    services:
      monitoring:
        sources:
          - 10.64.0.0/15
        accept_findings:
          open_relay: "The monitoring network is this large; CHG0050112, until it is split"

- name: Trust the sources of one application like Exchange servers
  mailrelay.exchange.relay:
    services:
      journaling:
        method: externally_secured
        sources:
          - 10.20.7.40
        accept_findings:
          externally_secured_bypass: "The journal needs the senders as they are; CHG0050187"

- name: Let a network relay after logging on, and check who may send inside anyway
  mailrelay.exchange.relay:
    services:
      office:
        method: authenticated
        sources:
          - 10.32.0.0/24
      scanners:
        method: internal
        sources:
          - 10.33.0.0/24

- name: Let two accounts of one application relay after logging on, one of them with any sender
  mailrelay.exchange.relay:
    services:
      erp:
        method: authenticated
        sources:
          - 10.20.8.0/28
        accounts:
          - svc-ansible@contoso.com
          - principal: CONTOSO\svc-scanner
            rights:
              - ms-Exch-SMTP-Submit
              - ms-Exch-SMTP-Accept-Any-Recipient
              - ms-Exch-SMTP-Accept-Any-Sender

# sources/legacy.csv, as a spreadsheet saves it:
#
#   address;name;owner;ticket;reason;expires
#   10.40.4.11;pay01;hr-it@contoso.com;CHG0041233;payroll run;2099-03-31
#   10.40.4.12;pay02;hr-it@contoso.com;CHG0041233;payroll run;2099-03-31
#   10.41.0.0/24;;print@contoso.com;;;

- name: Let the hosts of a file relay, over as many connectors as they need, and take out whose time is over
  mailrelay.exchange.relay:
    services:
      legacy:
        sources:
          - legacy
        split:
          connectors: 3
    source_groups:
      legacy:
        owner: mail@contoso.com
        file: sources/legacy.csv
    safety:
      expired: remove

- name: Add one host and take another one out, whoever else is on the connector
  mailrelay.exchange.relay:
    services:
      external:
        connector_name: Relay External
        sources:
          add:
            - 10.20.9.6
          remove:
            - 10.20.9.5

- name: Retire a service and its connector
  mailrelay.exchange.relay:
    services:
      journaling:
        state: absent
        accept_findings:
          too_many_removed: "The application is switched off; CHG0050200"
"""

RETURN = r"""
services:
  description: What is true of every declared service now; in check mode, what would be.
  returned: success
  type: list
  elements: dict
  contains:
    service:
      description: Id of the service.
      type: str
    connector:
      description: Name of its receive connector; of a service that is split, of the first.
      type: str
    connectors:
      description: Names of all its receive connectors.
      type: list
      elements: str
    state:
      description: Whether the service is V(present) or V(absent).
      type: str
    method:
      description: How the sources may send.
      type: str
    accounts:
      description: Who alone may relay after logging on, as declared; empty for every user.
      type: list
      elements: str
      returned: for method V(authenticated)
    answered_by:
      description: The connectors that answer the sources of a service without a connector.
      type: list
      elements: str
      returned: for method V(internal)
    sources:
      description: How many addresses, ranges and blocks may relay.
      type: int
    addresses:
      description: How many addresses these are together.
      type: int
    changed:
      description: Whether anything of it changed.
      type: bool
  sample:
    - service: external
      connector: Relay External
      connectors:
        - Relay External
      state: present
      method: anonymous
      sources: 4
      addresses: 259
      changed: true
summary:
  description: The same as one sentence a service, for people.
  returned: success
  type: list
  elements: str
  sample:
    - "external: changed; 4 sources (259 addresses) may relay through 'Relay External' on EX1, method anonymous."
changed:
  description: Whether anything differs from before; in check mode, whether a run would write.
  returned: always
  type: bool
  sample: true
changes:
  description:
    - What differs, one entry a connector and property. Lists tell what is added and removed, never all their entries.
  returned: when the server could be read
  type: list
  elements: dict
  sample:
    - connector: Relay External
      property: enabled
      before: null
      after: true
    - connector: Relay External
      property: remote_ip_ranges
      added: [10.20.4.11, 10.20.4.12]
      removed: []
      count_before: 0
      count_after: 2
commands:
  description:
    - The cmdlet calls of the plan in their order, as they can be pasted into the Exchange Management Shell.
    - They are the same in check mode and in the run. A remark C(# if still missing) marks a call that is made only when
      the one before it has not had that effect already.
    - Where all of them together are too much for a result, as with thousands of IPv6 sources, a call with a long list
      becomes a remark with the first entries, because without the rest it would take sources away.
  returned: when the server could be read
  type: list
  elements: str
  sample:
    - >-
      Set-ReceiveConnector -Identity 'CN=Relay External,CN=SMTP Receive Connectors,CN=Protocols,CN=EX1,CN=Servers,...'
      -Enabled:$true -DomainController 'dc1.contoso.com'
findings:
  description: What is unsafe or wrong with what is declared or found, accepted findings included.
  returned: when the server could be read
  type: list
  elements: dict
  contains:
    id:
      description: Stable name of the finding, the key for O(accept_findings).
      type: str
    severity:
      description: How bad it is.
      type: str
    server:
      description: The server it was found on.
      type: str
    connectors:
      description: The receive connectors it is about.
      type: list
      elements: str
    addresses:
      description: The addresses it is about, the first of them when there are many.
      type: list
      elements: str
    message:
      description: What was found.
      type: str
    remedy:
      description: What to do about it.
      type: str
    accepted:
      description: The reason why it is accepted; absent when it is not.
      type: str
  sample: []
diff:
  description: What differs, before and after, as text. Only what differs.
  returned: when the server could be read
  type: dict
  contains:
    before:
      description: The state that was read.
      type: str
    after:
      description: The state that is declared.
      type: str
  sample:
    before: ""
    after: |
      Relay External:
        enabled: true
domain_controller:
  description: The domain controller that every call named, empty when there was none to name.
  returned: when the server could be read
  type: str
  sample: dc1.contoso.com
plan_id:
  description: Short name of the plan; the same server and the same commands give the same.
  returned: when the server could be read
  type: str
  sample: 5f0c1d2e9ab83c47
rolled_back:
  description:
    - Whether the steps that had been taken were undone, V(true), V(false) or V(partial).
  returned: when a step failed
  type: str
  sample: "true"
remaining:
  description: The commands that undo what could not be undone, to be pasted.
  returned: when a step failed
  type: list
  elements: str
  sample: []
exchange_warnings:
  description: What Exchange itself warned of, in its own language.
  returned: when Exchange warned
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import RELAY_SPEC


def main():
    """Refuse: the work is done by the action of the same name, on the control node."""
    module = AnsibleModule(argument_spec=RELAY_SPEC, supports_check_mode=True)
    module.fail_json(msg="mailrelay.exchange.relay runs as an action, on the control node only.")


if __name__ == "__main__":
    main()
