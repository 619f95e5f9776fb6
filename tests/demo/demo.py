# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The demonstration: a relay rolled out on three simulated Exchange servers, and proved from outside.

Every word of the last line comes from a reply on an SMTP socket or from the lab's journal of cmdlets; what Ansible
says of itself only counts for `rerun_changed`, and there the journal must agree.
"""

from __future__ import annotations

import json
import signal
import smtplib
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))

from harness import labs
from harness.journal import CmdletLine, WatchLine, broken_promises
from harness.lab import Lab, LabFailure
from harness.labs import INSIDE, LISTED, OUTSIDE, SENDER, STRANGER
from harness.plays import PlayRun, Runner
from harness.smtp import Dialogue, Question, ask_all, rcpt_test
from screen import Screen

ROLLOUT = "mailrelay.exchange.rollout"
ALIAS = "smtp.lab.example"
MESSAGE = f"From: {SENDER}\r\nTo: {OUTSIDE}\r\nSubject: Payslips are ready\r\n\r\nSent through {ALIAS}.\r\n"
# What a second rollout may read of a server: five things, and the rights of each connector that a service owns.
READS = 5 + 1
RECAP = ("ok", "changed", "unreachable", "failures")

DECLARATION = """\
relay_source_groups:
  payroll: {owner: hr-it@lab.example, ticket: CHG0041233, addresses: {pay01: 127.0.0.10}}
relay_services:
  external: {method: anonymous, sources: [payroll], throttling: guarded}
relay_namespaces:
  smtp.lab.example: {type: cname, targets: [ex1.lab.example]}
"""


class DemoFailure(Exception):
    """The demonstration did not show what it is there to show; the message says what."""


class Demo:
    """One demonstration against one running lab."""

    def __init__(self, lab: Lab, folder: Path, screen: Screen) -> None:
        self.lab = lab
        self.screen = screen
        variables = {
            **yaml.safe_load(DECLARATION),
            **labs.dns_alias_variables(lab, namespaces=False),
            **labs.proof_variables(lab, clients=[LISTED]),
        }
        self.runner = Runner(folder, labs.inventory(lab, folder, variables), lab.environment())
        self.failures: list[str] = []

    # --- asking ----------------------------------------------------------------------------------------------------

    def ask(self, source: str, recipient: str = OUTSIDE) -> dict[str, Dialogue]:
        """Ask every server over SMTP, at the same time because a refusal is answered five seconds late."""
        servers = self.lab.servers
        questions = [Question(one.smtp_host, one.smtp_port, source, SENDER, recipient) for one in servers.values()]
        return dict(zip(servers, ask_all(questions), strict=True))

    def expect(self, passed: bool, text: str) -> bool:
        """Show one proof; one that fails makes the demonstration fail."""
        self.screen.check(passed, text)
        if not passed:
            self.failures.append(text)
        return passed

    def show(self, name: str, dialogue: Dialogue, short: bool = False) -> None:
        """Show a dialogue, or only its question and reply."""
        lines = [("C", f"RCPT TO:<{OUTSIDE}>"), ("S", dialogue.reply)] if short else dialogue.lines
        for index, (speaker, text) in enumerate(lines):
            self.screen.say(name if index == 0 else "", speaker, text)

    # --- the steps -------------------------------------------------------------------------------------------------

    def before(self) -> bool:
        """The listed address may not relay yet, on any server."""
        self.screen.step(f"Before: the payroll server {LISTED} mails {OUTSIDE}, and is refused")
        answers = self.ask(LISTED)
        for index, (name, dialogue) in enumerate(answers.items()):
            self.show(name, dialogue, short=index > 0)
        refused = all(dialogue.reply.startswith("550 5.7.54") for dialogue in answers.values())
        named = self.lab.resolve(ALIAS)
        return self.expect(refused and not named, f"no server relays for {LISTED}, and there is no {ALIAS}")

    def roll_out(self) -> None:
        """Declare the relay and run the rollout."""
        self.screen.step("Declare who may relay, and roll it out")
        self.screen.code(DECLARATION.splitlines())
        self.screen.line()
        self.screen.code([f"$ ansible-playbook -i inventory.yml {ROLLOUT}"])
        start = time.monotonic()
        run = self.play("rollout")
        self.tell_commands(run)
        self.tell_results(run)
        self.screen.note(
            f"{time.monotonic() - start:.0f} seconds, signed on with Kerberos, nothing installed anywhere."
        )

    def tell_commands(self, run: PlayRun) -> None:
        """The commands of the first server, and that the others got the same."""
        by_server: dict[str, list[str]] = {}
        for server in self.lab.servers.values():
            commands = run.one("relay", server.fqdn)["commands"]
            by_server[server.name] = [line.replace(server.name, "EX?") for line in commands]
        name, server = next(iter(self.lab.servers.items()))
        self.screen.note(f"What {name} was told, ready for the Exchange Management Shell (long names shortened here):")
        self.screen.commands(run.one("relay", server.fqdn)["commands"])
        same = len({json.dumps(lines) for lines in by_server.values()}) == 1
        self.expect(same, f"{', '.join(by_server)} were told the same")

    def tell_results(self, run: PlayRun) -> None:
        """What the relay and the name came to, and the recap."""
        self.screen.line()
        for server in self.lab.servers.values():
            self.screen.code(run.one("relay", server.fqdn)["summary"])
        self.screen.code(
            f"{host:18} " + " ".join(f"{key}={counts[key]}" for key in RECAP)
            for host, counts in sorted(run.stats.items())
        )

    def after(self) -> tuple[bool, bool]:
        """The listed address relays, through the alias and on every server; a stranger does not."""
        host = self.lab.resolve(ALIAS)
        named = [one for one in self.lab.servers.values() if one.smtp_host == host]
        self.screen.step(f"After: {LISTED} is accepted at {ALIAS}, and {STRANGER} is refused")
        if not self.expect(len(named) == 1, f"{ALIAS} leads to {host or 'nowhere'}, asked of the name server"):
            return False, False
        port = named[0].smtp_port
        sent = rcpt_test(host, port, LISTED, SENDER, OUTSIDE, deliver=MESSAGE)
        self.show(LISTED, sent)
        strangers = self.ask(STRANGER)
        self.show(STRANGER, strangers[named[0].name], short=True)
        everywhere = all(dialogue.accepted for dialogue in self.ask(LISTED).values())
        accepted = sent.accepted and sent.lines[-1][1].startswith("250 2.6.0") and everywhere
        refused = all(dialogue.reply.startswith("550 5.7.54") for dialogue in strangers.values())
        self.expect(accepted, f"{LISTED} relays through {ALIAS} and on every server; a message was sent")
        self.expect(refused, f"{STRANGER} is refused by every server")
        return accepted, refused

    def between(self, before: set[tuple[str, str, str]], mark: int) -> int:
        """Between any two cmdlets of the rollout: nobody refused what they had, no stranger accepted."""
        self.screen.step("In between: what SMTP would have answered after each of the cmdlets that changed something")
        watches = self.lab.journal.watches(mark)
        broken = broken_promises(watches, before, may_gain={LISTED})
        clients = {(one.client, one.recipient) for one in watches}
        watched = clients >= {(LISTED, INSIDE), (STRANGER, OUTSIDE)}
        writes = self.lab.journal.writes(mark)
        self.tell_watches([one for one in writes if one.server == "EX1"], watches)
        self.expect(watched and bool(writes), f"{len(writes)} cmdlets on all servers, {len(watches)} answers")
        self.expect(not broken, f"{LISTED} was never refused internal mail, and {STRANGER} could never relay")
        return len(broken)

    def tell_watches(self, writes: Sequence[CmdletLine], watches: Sequence[WatchLine]) -> None:
        """A table of one server: after each cmdlet, what each watched client would have been answered."""
        columns = {
            f"{LISTED} inside": (LISTED, INSIDE),
            f"{LISTED} outside": (LISTED, OUTSIDE),
            f"{STRANGER} outside": (STRANGER, OUTSIDE),
        }
        self.screen.note(f"{'EX1, from the journal':30}" + "".join(f"{title:20}" for title in columns).rstrip())
        for write in writes:
            row = [one for one in watches if one.after == write.sequence and one.server == write.server]
            replies = [
                " ".join(one.reply.split()[:2])
                for key in columns.values()
                for one in row
                if (one.client, one.recipient) == key
            ]
            self.screen.code([f"{write.cmdlet:30}" + "".join(f"{reply:20}" for reply in replies).rstrip()])

    def again(self) -> int:
        """The second run changes nothing, by its recap and by the journal."""
        self.screen.step("Run it again: everything is read, nothing is written")
        self.screen.code([f"$ ansible-playbook -i inventory.yml {ROLLOUT}"])
        mark = self.lab.journal.mark()
        run = self.play("second rollout")
        self.tell_results(run)
        writes = self.lab.journal.writes(mark)
        self.expect(not writes, "the journal holds no New-, Set-, Add- or Remove- cmdlet")
        reads = dict.fromkeys(self.lab.servers, 0)
        for line in self.lab.journal.reads(mark):
            reads[line.server] += 1
        told = ", ".join(f"{name} {count}" for name, count in reads.items())
        self.expect(all(0 < count <= READS for count in reads.values()), f"reads a server: {told} (at most {READS})")
        self.expect(run.changed == 0, f"{run.changed} tasks changed something")
        return run.changed + len(writes)

    def play(self, what: str) -> PlayRun:
        """Run the rollout; raise DemoFailure with the end of its output when it fails."""
        run = self.runner.run(ROLLOUT)
        if run.returncode:
            raise DemoFailure(f"the {what} failed:\n" + "\n".join(run.output.splitlines()[-40:]))
        return run

    def run(self) -> str:
        """The whole demonstration; return its last line. Raises DemoFailure when anything was not as it must be."""
        refused_before = self.before()
        had = {
            (name, client, INSIDE)
            for client in (LISTED, STRANGER)
            for name, dialogue in self.ask(client, INSIDE).items()
            if dialogue.accepted
        }
        internal = len(had) == 2 * len(self.lab.servers)
        self.expect(internal, f"everybody may write to {INSIDE}, as Exchange has it; that must not stop for a moment")
        mark = self.lab.journal.mark()
        self.roll_out()
        accepted, unlisted_refused = self.after()
        gap = self.between(had, mark)
        changed = self.again()
        if self.failures:
            raise DemoFailure("; ".join(self.failures))
        words = {
            "servers": len(self.lab.servers),
            "before": "refused" if refused_before else "accepted",
            "after": "accepted" if accepted else "refused",
            "unlisted": "refused" if unlisted_refused else "accepted",
            "gap": gap,
            "rerun_changed": changed,
        }
        return "demo: ok " + " ".join(f"{key}={value}" for key, value in words.items())


def free(addresses: Sequence[str], port: int) -> bool:
    """Whether nobody listens on a port of these addresses."""
    for address in addresses:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def lab_content() -> dict[str, Any]:
    """The demonstration's lab file, on the documented SMTP port where that is free."""
    content = labs.lab_file(clients=[LISTED, STRANGER])
    if free([server["address"] for server in content["servers"].values()], 2525):
        for server in content["servers"].values():
            server["smtp_port"] = 2525
    return content


def demonstrate(folder: Path, screen: Screen) -> str:
    """Run the demonstration on a lab of its own; return its last line."""
    lab = Lab.start(lab_content(), folder / "lab")
    try:
        return Demo(lab, folder / "plays", screen).run()
    finally:
        lab.stop()


def main() -> int:
    """Run the demonstration; 0 when it showed all it should."""
    screen = Screen()
    screen.title(
        "mailrelay.exchange: a relay on three Exchange servers",
        "A simulated organisation on loopback, with real Kerberos, SMTP and DNS. Nothing leaves this machine.",
    )
    # A terminated demonstration stops its lab like an interrupted one.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="mailrelay-demo-") as folder:
            last = demonstrate(Path(folder), screen)
    except KeyboardInterrupt:
        last = "demo: failed: interrupted; the lab is stopped"
    except (DemoFailure, LabFailure, AssertionError, OSError, smtplib.SMTPException) as failure:
        last = f"demo: failed: {failure}"
    screen.line()
    screen.line(last)
    return 0 if last.startswith("demo: ok ") else 1


if __name__ == "__main__":
    sys.exit(main())
