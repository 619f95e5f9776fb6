# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated Exchange organisation on real sockets, for tests and the demonstration.

The package is an independent reading of what is documented about Exchange. It never imports the collection,
and the collection never imports it: two readings of the same facts check each other.
"""
