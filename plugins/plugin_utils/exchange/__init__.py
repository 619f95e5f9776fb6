# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way to Exchange: a session, plain data out of CLIXML, one method a cmdlet, typed errors.

PRIVATE to the collection. Nothing in here imports Ansible.
"""
