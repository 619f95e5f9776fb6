#!/usr/bin/python
# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: receive_connector_info
short_description: List the receive connectors of an Exchange server as input of the other modules
version_added: 0.1.0
description:
  - Lists the receive connectors of one server with their properties, the rights granted on them, and what is unsafe
    about them.
  - RV(receive_connectors[].options) and RV(receive_connectors[].permissions) are valid options of
    M(mailrelay.exchange.receive_connector) and M(mailrelay.exchange.receive_connector_permission) again. That makes
    a backup, a copy to another server, and a migration.
  - It writes nothing.
options:
  name:
    description:
      - Name of the one connector to list, whatever its case; all when this is not set.
      - A connector that does not exist gives an empty list.
    type: str
  include_default:
    description:
      - Whether to list the connectors that the setup of Exchange made.
    type: bool
    default: true
extends_documentation_fragment:
  - mailrelay.exchange._attributes
  - mailrelay.exchange._exchange
attributes:
  diff_mode:
    support: none
    details:
      - It changes nothing.
seealso:
  - module: mailrelay.exchange.receive_connector
  - module: mailrelay.exchange.receive_connector_permission
  - module: mailrelay.exchange.exchange_server_info
  - plugin: mailrelay.exchange.answering_connector
    plugin_type: filter
  - plugin: mailrelay.exchange.effective_rights
    plugin_type: filter
author:
  - The mailrelay.exchange authors (@mailrelay)
"""

EXAMPLES = r"""
- name: Stop when a connector relays for everybody
  mailrelay.exchange.receive_connector_info:
  register: audit
  failed_when: "'open_relay' in (audit.receive_connectors | map(attribute='findings') | flatten | map(attribute='id'))"

- name: Stop when anybody but two accounts may relay on a connector that is there for them
  mailrelay.exchange.receive_connector_info:
    name: Relay Accounts
  register: audit
  failed_when: >-
    audit.receive_connectors | map(attribute='effective_rights') | flatten | selectattr('may', 'contains', 'relay')
    | map(attribute='principal') | difference(allowed) != []
  vars:
    allowed:
      - CONTOSO\svc-scan
      - CONTOSO\svc-erp

- name: List what was made by hand or by this collection
  mailrelay.exchange.receive_connector_info:
    include_default: false
  register: listed

- name: Make the same connectors on another server, disabled for now
  mailrelay.exchange.receive_connector:
    server: EX2
    name: "{{ item.name }}"
    bindings: "{{ item.options.bindings }}"
    remote_ip_ranges: "{{ item.options.remote_ip_ranges }}"
    permission_groups: "{{ item.options.permission_groups }}"
    auth_mechanism: "{{ item.options.auth_mechanism }}"
    enabled: false
  loop: "{{ listed.receive_connectors }}"
  loop_control:
    label: "{{ item.name }}"

- name: Grant the same rights there
  mailrelay.exchange.receive_connector_permission:
    server: EX2
    connector: "{{ item.name }}"
    grants: "{{ item.permissions.grants }}"
  loop: "{{ listed.receive_connectors }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
receive_connectors:
  description: The connectors, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    server:
      description: Short name of the server.
      type: str
      sample: EX1
    name:
      description: Name of the connector.
      type: str
      sample: Relay External
    guid:
      description: GUID of its object.
      type: str
      sample: 75d6aeb5-cd4a-4c58-ab2c-76304ea198ab
    distinguished_name:
      description: Distinguished name of its object.
      type: str
      sample: CN=Relay External,CN=SMTP Receive Connectors,CN=Protocols,CN=EX1,CN=Servers,...
    options:
      description: Options of M(mailrelay.exchange.receive_connector) that make the same connector.
      type: dict
      sample:
        name: Relay External
        bindings: ["0.0.0.0:25"]
        remote_ip_ranges: [10.20.4.11, 10.31.0.0/24]
        permission_groups: [AnonymousUsers]
        enabled: true
    permissions:
      description:
        - Options of M(mailrelay.exchange.receive_connector_permission) that grant the same rights.
        - Rights that come with a permission group are not repeated here.
        - Null when the account may not read access lists; a warning then says so.
      type: dict
      contains:
        connector:
          description: Name of the connector.
          type: str
        grants:
          description: Rights of principals; V(anonymous) stands for clients that do not log on, in every language.
          type: list
          elements: dict
      sample:
        connector: Relay External
        grants:
          - principal: anonymous
            deny: false
            rights: [ms-Exch-SMTP-Accept-Any-Recipient]
    effective_rights:
      description:
        - What clients may do on the connector, after permission groups, entries that allow and deny, and inherited
          ones. First clients that do not log on, then users without rights of their own, then everybody else whom the
          access list names; not Exchange's own servers. For a user together with his groups see
          P(mailrelay.exchange.effective_rights#filter).
        - Null when the account may not read access lists.
      type: list
      elements: dict
      contains:
        principal:
          description:
            - V(anonymous) for clients that do not log on, V(authenticated_users) for users without rights of their own,
              else the name that the access list has.
          type: str
        rights:
          description: The extended rights that count.
          type: list
          elements: str
        may:
          description:
            - V(submit) is to send to accepted domains, V(relay) to every domain, V(trusted) to count as one of the
              organisation's own mail servers, without antispam and size limit. Empty when nothing.
          type: list
          elements: str
        senders:
          description:
            - Which senders it may name. V(any), V(foreign) (none of the organisation's own domains), V(own) (its own
              addresses) or V(none).
          type: str
        denied:
          description: Rights that an entry or a permission group gives and another entry takes.
          type: list
          elements: str
        without_effect:
          description:
            - Rights that the service behind the connector does not look at for this principal, had or not. The Front
              End Transport service of Exchange 2013 and later takes every sender from clients that do not log on.
          type: list
          elements: str
        because:
          description:
            - Why the rights are not the principal's own, because nobody can log on or every session is externally
              secured; empty where they are.
          type: str
        unverified:
          description: What this rests on that neither a source nor the access list tells, as sentences.
          type: list
          elements: str
      sample:
        - principal: anonymous
          rights:
            - ms-Exch-Accept-Headers-Routing
            - ms-Exch-SMTP-Accept-Any-Recipient
            - ms-Exch-SMTP-Accept-Any-Sender
            - ms-Exch-SMTP-Accept-Authoritative-Domain-Sender
            - ms-Exch-SMTP-Submit
          may: [submit, relay]
          senders: any
          denied: []
          without_effect:
            - ms-Exch-SMTP-Accept-Any-Sender
            - ms-Exch-SMTP-Accept-Authoritative-Domain-Sender
          because: ""
          unverified: []
    findings:
      description: What is unsafe or wrong with the connector as it is.
      type: list
      elements: dict
      contains:
        id:
          description: Stable id of the finding.
          type: str
        severity:
          description: How bad it is.
          type: str
        server:
          description: Short name of the server.
          type: str
        connectors:
          description: The connectors it is about.
          type: list
          elements: str
        addresses:
          description: The addresses it is about.
          type: list
          elements: str
        message:
          description: What is wrong.
          type: str
        remedy:
          description: What to do about it.
          type: str
      sample: []
    read_only:
      description:
        - What Exchange also shows and no module of this collection sets, by Exchange's names.
        - C(GroupAccess) lists the rights that the permission groups are made of on this server, in the form of
          C(grants); null when the account may not read access lists.
        - C(OtherAccess) lists inherited access entries, and explicit ones with rights that are not for granting; null
          when the account may not read access lists.
        - C(AnonymousPrincipal) is how this server names clients that do not log on; null when no access list told, or
          two told different names.
        - C(AuthenticatedUsersPrincipal) is how it names everybody who has logged on; null when no access list told.
        - C(ServerVersion) is the version of the server, V(2007) to V(SE).
        - C(TransportServices) are the transport services that the server runs; null before Exchange 2013 and on Edge.
      type: dict
      sample:
        PermissionGroups: AnonymousUsers, Custom
        WhenChangedUTC: "2026-03-01T09:14:12Z"
        GroupAccess:
          - principal: anonymous
            deny: false
            rights:
              - ms-Exch-Accept-Headers-Routing
              - ms-Exch-SMTP-Accept-Any-Sender
              - ms-Exch-SMTP-Accept-Authoritative-Domain-Sender
              - ms-Exch-SMTP-Submit
        OtherAccess: []
        AnonymousPrincipal: NT AUTHORITY\ANONYMOUS LOGON
        AuthenticatedUsersPrincipal: NT AUTHORITY\Authenticated Users
        ServerVersion: "2019"
        TransportServices: [FrontendTransport, HubTransport]
domain_controller:
  description: The domain controller that was asked, null on Edge.
  returned: success
  type: str
  sample: dc1.contoso.com
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import RECEIVE_CONNECTOR_INFO_SPEC


def main():
    """Refuse: the work is done by the action of the same name, on the control node."""
    module = AnsibleModule(argument_spec=RECEIVE_CONNECTOR_INFO_SPEC, supports_check_mode=True)
    module.fail_json(msg="mailrelay.exchange.receive_connector_info runs as an action, on the control node only.")


if __name__ == "__main__":
    main()
