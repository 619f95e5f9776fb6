#!/usr/bin/python
# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_server_info
short_description: Tell what an Exchange server is, and what the account may do there
version_added: 0.1.0
description:
  - Reads the version, the roles, the addresses and the state of one Exchange server, the accepted domains of its
    organization, and which of the cmdlets of this collection the account may use.
  - It writes nothing. It is also the quickest way to see whether host, account and authentication are right.
options:
  gather:
    description:
      - What to read beside the server itself.
      - V(addresses) are those of its network adapters (Exchange 2010 and later) and those that DNS knows,
        V(component_states) tell whether it is in maintenance (Exchange 2013 and later), V(accepted_domains) are the
        domains the organization receives mail for, V(cmdlets) are those that the account's management roles let it use.
    type: list
    elements: str
    choices:
      - addresses
      - component_states
      - accepted_domains
      - cmdlets
    default:
      - addresses
      - component_states
      - accepted_domains
      - cmdlets
extends_documentation_fragment:
  - mailrelay.exchange._attributes
  - mailrelay.exchange._exchange
attributes:
  diff_mode:
    support: none
    details:
      - It changes nothing.
seealso:
  - module: mailrelay.exchange.receive_connector_info
  - module: mailrelay.exchange.relay
author:
  - The mailrelay.exchange authors (@mailrelay)
"""

EXAMPLES = r"""
- name: Learn what the server is
  mailrelay.exchange.exchange_server_info:
  register: learnt

- name: Only see whether the server can be reached with this account
  mailrelay.exchange.exchange_server_info:
    gather: []

- name: Stop unless the account may do everything that a relay needs
  mailrelay.exchange.exchange_server_info:
    gather:
      - cmdlets
  register: allowed
  failed_when: allowed.exchange_server.missing_roles | length > 0

- name: Wait until the server is out of maintenance
  mailrelay.exchange.exchange_server_info:
    gather:
      - component_states
  register: server
  until: server.exchange_server.component_states.FrontendTransport == 'Active'
  retries: 10
  delay: 30
"""

RETURN = r"""
exchange_server:
  description:
    - What is known of the server. A part that the account may not read is null, and a warning tells why. A part that
      the server's version of Exchange cannot tell is null, too.
  returned: success
  type: dict
  contains:
    name:
      description: Short name, as in the identities of its receive connectors.
      type: str
      sample: EX1
    fqdn:
      description: DNS name.
      type: str
      sample: ex1.contoso.com
    distinguished_name:
      description: Distinguished name of its object.
      type: str
      sample: CN=EX1,CN=Servers,CN=Exchange Administrative Group (FYDIBOHF23SPDLT),...
    version:
      description: Version, V(2007), V(2010), V(2013), V(2016), V(2019) or V(SE).
      type: str
      sample: "2019"
    version_text:
      description: Version as Exchange shows it.
      type: str
      sample: Version 15.2 (Build 1118.7)
    roles:
      description: Its roles, of V(client_access), V(edge), V(frontend_transport), V(hub_transport), V(mailbox).
      type: list
      elements: str
      sample: [client_access, frontend_transport, hub_transport, mailbox]
    site:
      description: Active Directory site, null on Edge.
      type: str
      sample: Default-First-Site-Name
    domain_controller:
      description: The domain controller that calls about this server name, null on Edge.
      type: str
      sample: dc1.contoso.com
    addresses:
      description: Addresses of its network adapters.
      returned: when O(gather) has V(addresses)
      type: list
      elements: str
      sample: [10.1.0.11]
    dns_addresses:
      description: Addresses that DNS has for its FQDN.
      returned: when O(gather) has V(addresses)
      type: list
      elements: str
      sample: [10.1.0.11]
    component_states:
      description: State of every component.
      returned: when O(gather) has V(component_states)
      type: dict
      sample: {FrontendTransport: Active, HubTransport: Active}
    accepted_domains:
      description: Domains that the organization receives mail for.
      returned: when O(gather) has V(accepted_domains)
      type: list
      elements: dict
      contains:
        name:
          description: Name of the entry.
          type: str
        domain_name:
          description: The domain, with V(*.) in front when its subdomains are meant too.
          type: str
        type:
          description: V(Authoritative), V(InternalRelay) or V(ExternalRelay).
          type: str
        default:
          description: Whether it is the default domain.
          type: bool
      sample: [{name: contoso.com, domain_name: contoso.com, type: Authoritative, default: true}]
    cmdlets:
      description: Cmdlets of this collection that the account may use; null when the endpoint does not tell.
      returned: when O(gather) has V(cmdlets)
      type: list
      elements: str
      sample: [Get-ExchangeServer, Get-ReceiveConnector]
    missing_cmdlets:
      description: Cmdlets of this collection that it may not use, of those that the server's version has.
      returned: when O(gather) has V(cmdlets)
      type: list
      elements: str
      sample: [Add-ADPermission, Get-ADPermission, Remove-ADPermission]
    missing_roles:
      description: Management roles that hold the missing cmdlets; none on Edge Transport and 2007, which know no roles.
      returned: when O(gather) has V(cmdlets)
      type: list
      elements: str
      sample: [Active Directory Permissions]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import EXCHANGE_SERVER_INFO_SPEC


def main():
    """Refuse: the work is done by the action of the same name, on the control node."""
    module = AnsibleModule(argument_spec=EXCHANGE_SERVER_INFO_SPEC, supports_check_mode=True)
    module.fail_json(msg="mailrelay.exchange.exchange_server_info runs as an action, on the control node only.")


if __name__ == "__main__":
    main()
