# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Drive the real programs: a lab in its own process, ansible-playbook against it, sockets to its SMTP front ends.

Nothing here imports the collection or the lab, so what these helpers report was seen from outside.
"""
