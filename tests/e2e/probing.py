# SPDX-License-Identifier: MIT
"""What the tests of probing share: who asks, the zone in which servers are found, the command."""

import contextlib

import nsd
from support import Case

SENDER = "probe@probe-sender.net"
HELO = "out.probe-sender.net"

ZONE_HEAD = f"""\
$ORIGIN .
$TTL 3600
. IN SOA ns.invalid. hostmaster.invalid. 1 3600 900 604800 3600
. IN NS ns.invalid.
; Who asks: takes mail itself, says who may send in its name, and the way back leads to the name.
probe-sender.net. IN MX 10 {HELO}.
probe-sender.net. IN TXT "v=spf1 a:{HELO} -all"
{HELO}. IN A 127.0.0.1
1.0.0.127.in-addr.arpa. IN PTR {HELO}.
"""

# Seconds of patience that suit servers which are scripted to be slow by less than that. The rate is
# no limit here: what it does is tested with a clock of its own.
OPTIONS = ["--probe", "--probe-from", SENDER, "--probe-helo", HELO, "--allow-private-hosts",
           "--probe-force", "--probe-retry", "1s,2s", "--probe-timeout", "5",
           "--probe-rate", "60000"]


def zone(exchangers, hosts):
    """Zone text. `exchangers`: domain -> list of (preference, host), empty where the domain's own
    address takes the mail; `hosts`: name -> list of addresses."""
    lines = [ZONE_HEAD]
    for domain, found in exchangers.items():
        lines += [f"{domain}. IN MX {preference} {host}.\n" for preference, host in found]
    for host, addresses in hosts.items():
        lines += [f"{host}. IN {'AAAA' if ':' in a else 'A'} {a}\n" for a in addresses]
    return "".join(lines)


class ProbeCase(Case):
    """Cases that run `clean --probe`."""

    maxDiff = None

    @contextlib.contextmanager
    def names(self, text):
        """A name server for a zone's text."""
        with nsd.Nsd([self.write("zone", text)]) as server:
            yield server

    def list_of(self, mailboxes, name="list.csv"):
        return self.write(name, "email\n" + "".join(m + "\n" for m in mailboxes))

    def words(self, names, port, *more, output="out.winnow"):
        """The arguments of a clean that probes."""
        return ["clean", *OPTIONS, "--smtp-port", str(port), "--dns-server", names.address,
                "--db", self.db, "-o", self.path(output), *more, "list.csv"]

    def probe(self, names, port, *more, output="out.winnow", timeout=120):
        """Cleans list.csv, asking; gives the output, checked for law 2."""
        self.winnow(*self.words(names, port, *more, output=output), timeout=timeout)
        found = self.output(output)
        with open(self.path("list.csv"), "rb") as f:
            self.check_conservation(found, f.read())
        return found

    def unprobed(self, names, output="unprobed.winnow"):
        """The same list without asking: nothing else decides about any of its rows."""
        self.winnow("clean", "--no-db", "--allow-private-hosts", "--dns-server", names.address,
                    "-o", self.path(output), "list.csv")
        return self.output(output)

    def check_reasons(self, output, planted):
        """`planted`: address -> the reasons that are right for it. All that is wrong is shown."""
        got = output.by("email", "reason")
        self.assertEqual(set(got), set(planted))
        wrong = [f"{a}: {got[a]}, not {' or '.join(sorted(right))}"
                 for a, right in planted.items() if got[a] not in right]
        rows = {row["email"]: row for row in output.report}
        wrong = [f"{text} ({rows[text.partition(':')[0]]['diagnostic']})" for text in wrong]
        self.assertEqual(wrong, [], f"{len(wrong)} of {len(planted)}")
