# SPDX-License-Identifier: MIT
"""The zoo of test_probe_zoo.py: its servers, 2,000 mailboxes in their domains, the zone in which
they are found, and for every mailbox the reasons that are right for it, as tables.

    plan = Plan()                    # or Plan(["postfix", "tarpit"]): some rows only
    plan.servers, plan.mailboxes     # for smtp_zoo.Zoo; address -> Planted
    plan.zone()
"""

import collections
import contextlib
import ctypes
import itertools
import re

from probing import zone
from smtp_zoo import PERSONAS, Server

TOTAL = 2000

# state -> the reason that is right where a server is honest
HONEST = {
    "present": "mailbox_accepted", "unknown": "mailbox_not_found", "full": "mailbox_full",
    "disabled": "mailbox_disabled", "restricted": "restricted", "later": "mailbox_busy",
    "relay": "refused_unclear", "unclear": "refused_unclear",
    "present_511": "probe_error", "unclear_215": "refused_unclear",
    "later_511": "mailbox_busy",
}
EXISTS = {"present", "full", "restricted", "later", "present_511", "later_511"}

MIXED = ("present", "unknown", "present", "full", "present", "unknown", "present", "disabled",
         "present", "restricted")
TWO = ("present", "unknown", "present")
ALL = ("present",)

# A row of the table: one server (or more, in order of preference), some domains, so many mailboxes.
#   personas  a name of PERSONAS, "closed" for an address on which nobody listens, or several, one
#             an MX host
#   mx        the MX host's suffix where that makes it a provider's; the group is `group` then
#   states    in turn, over the row's mailboxes; None stands for MIXED
#   says      what replaces HONEST here: a reason, several, or a dictionary by state
#   domains   how many; a name where there is but one of it in the world
#   otherwise the state of mailboxes that nobody planted
#   times, random_times: how often one may be asked, a random one of a domain; more than once only
#             where replies are temporary or are lost: 3 is one and two retries, or three lost
#             sessions; never a random one where no mailbox takes another's mail
#   recipients, connections: how many are allowed, a connection and of the group
#             (src/data/provider_limits.def)
Row = collections.namedtuple(
    "Row",
    "name personas count domains states says mx group otherwise times random_times recipients "
    "connections")
Planted = collections.namedtuple("Planted", "state reasons row")


def refuses_nuls():
    """Whether libcurl takes no reply with a NUL, as some versions after 8.14 do."""
    for name in ("libcurl.so.4", "libcurl-gnutls.so.4"):
        with contextlib.suppress(OSError):
            version = ctypes.CDLL(name).curl_version
            version.restype = ctypes.c_char_p
            found = re.match(rb"libcurl/(\d+)\.(\d+)", version())
            return (int(found[1]), int(found[2])) > (8, 14)
    return False


def row(name, count, personas=None, domains=1, states=MIXED, says=None, mx=None, group=None,
        otherwise="unknown", times=1, random_times=1, recipients=5, connections=2):
    personas = personas or name
    return Row(name, (personas,) if isinstance(personas, str) else personas, count, domains, states,
               says or {}, mx, group, otherwise, times, random_times, recipients,
               connections)


BLOCKED = "probe_blocked"
# Accepted, and whether that means anything could not be found out.
UNSURE = "not_checked"
# What was accepted before a server changed its mind stands; a "no" does not, even an honest one.
CHANGED = {"present": ("mailbox_accepted", UNSURE, BLOCKED), "unknown": BLOCKED,
           "disabled": BLOCKED, "full": ("mailbox_full", BLOCKED),
           "restricted": ("restricted", BLOCKED)}

ROWS = [
    # Honest servers, in their makers' words
    row("postfix", 120, domains=4),
    row("exim", 80, domains=3),
    row("sendmail", 80, domains=3),
    row("google", 80, domains=3, mx="googlemail.com", group="Google Workspace"),
    row("gmail", 12, personas="google", domains="gmail.com", mx="gmail-smtp-in.l.google.com",
        states=TWO, group="Gmail", random_times=0),
    row("microsoft365", 80, domains=4, mx="mail.protection.outlook.com", group="Microsoft 365"),
    row("outlook", 24, mx="olc.protection.outlook.com", group="Outlook.com", recipients=1,
        random_times=0),
    row("icloud", 50, domains=2, mx="mail.icloud.com", group="iCloud", connections=1),
    row("barracuda", 50, domains=2, mx="ess.barracudanetworks.com", group="Barracuda"),
    row("yandex", 50, domains=2, mx="mx.yandex.net", group="Yandex", connections=1),
    row("gmx", 50, domains=2, mx="gmx.net", group="GMX", connections=1,
        random_times=0),
    # Asked in vain: nothing is to be heard of it
    row("yahoo", 40, personas="postfix", domains=2, mx="yahoodns.net", group="Yahoo",
        says="accepts_all_provider", times=0, random_times=0),
    # Come back later
    row("proofpoint", 30, domains=2, mx="pphosted.com", group="Proofpoint", times=3,
        random_times=3),
    row("mimecast", 30, domains=2, mx="mimecast.com", group="Mimecast", times=3, random_times=3),
    row("greylist", 40, domains=2, times=3, random_times=3),
    row("greylist_for_ever", 10, says="greylisted", times=3),
    row("busy_at_mail", 10, says="mailbox_busy", times=0),
    # Few at once, slowly
    row("one_recipient", 16, times=3),
    row("two_recipients", 20, times=3),
    row("one_domain", 20, domains=4, times=3),
    row("slow_banner", 20),
    row("tarpit", 30),
    # Not there
    row("busy_at_connect", 10, says=("no_connection", "mailbox_busy")),
    row("closed", 10, says="no_connection"),
    row("busy_then_honest", 30, personas=("busy_at_connect", "postfix")),
    row("closed_then_honest", 30, personas=("closed", "postfix")),
    # Against us
    row("blocks_at_connect", 20, says=BLOCKED),
    row("blocks_then_honest", 30, personas=("blocks_at_connect", "postfix")),
    row("blocks_at_mail", 30, domains=2, says=BLOCKED, times=0),
    row("blocks_at_rcpt", 40, domains=2, says=BLOCKED),
    row("turns_to_blocking", 80, domains=3, says=CHANGED),
    row("turns_to_lying", 80, domains=3, says=CHANGED, times=2),
    row("lies_to_all", 40, domains=2, says=BLOCKED),
    # Broken
    row("reset", 10, says=("no_connection", "probe_error")),
    row("silent", 10, says="probe_timeout", times=3),
    row("endless", 6, says="probe_error", times=3),
    row("long_line", 4, says="probe_error", times=3),
    row("garbage", 6, says="probe_error", times=3),
    # Odd, and still honest
    row("nuls", 30, says="probe_error" if refuses_nuls() else None),
    row("split", 30),
    row("split_pipelined", 30),
    row("pipelining_broken", 30, times=3, random_times=3),
    row("helo_only", 30),
    row("tls", 60, domains=2),
    row("tls_refused", 20),
    row("tls_half", 20),
    row("tls_garbage", 20),
    row("tls_inject", 20),
    row("tls_stripped", 30),
    row("contradiction", 12, personas="postfix",
        states=("present_511", "present", "unclear_215", "later_511"), times=3),
    row("relay", 10, personas="postfix", states=("relay",)),
    row("unclear", 10, personas="postfix", states=("unclear",)),
    # A whole domain without mailboxes, but for its postmaster
    row("deserted", 45, personas="postfix", states=("unknown",)),
    # What a random mailbox says
    row("catch_all", 60, personas="postfix", domains=3, states=ALL, otherwise="present",
        says="catch_all"),
    row("random_full", 20, personas="postfix", states=TWO, otherwise="full"),
    row("random_disabled", 20, personas="postfix", states=TWO, otherwise="disabled"),
    row("random_later", 20, personas="postfix", states=ALL, otherwise="later",
        says=UNSURE, random_times=3),
    # Where it is found
    row("ipv6", 30, personas="postfix"),
    row("no_mx", 30, personas="postfix"),
]
# Many domains with one MX; as many mailboxes as are missing.
HOSTED = row("hosted", TOTAL - sum(r.count for r in ROWS), personas="postfix", domains=20)

FIRST = ("anna", "bernd", "carla", "dirk", "edda", "finn", "greta", "hauke", "ines", "jonas",
         "karla", "lukas", "maren", "nils", "olga", "peer", "ruth", "sven", "tessa", "ulf")
LAST = ("alder", "birch", "cedarholm", "dornbach", "elmstead", "farnham", "glenrow", "harthill",
        "iversen", "jessop", "kelbrook", "lindgren", "moorcroft", "norbury", "osterloh", "penrose",
        "quist", "ravensby", "sandholm", "thornley")


def local_parts():
    """Names of people, all different."""
    for number in itertools.count(1):
        for last in LAST:
            for first in FIRST:
                yield f"{first}{last}{number if number > 1 else ''}"


class Plan:
    """All of it, or the rows of the given names."""

    def __init__(self, names=None):
        self.rows = [r for r in [*ROWS, HOSTED] if names is None or r.name in names]
        self.servers, self.mailboxes = [], {}
        self.hosts, self.exchangers = {}, {}
        for r in self.rows:
            # Numbers are of the whole table, so that a part of it looks the same.
            self._add(r, [*ROWS, HOSTED].index(r))

    def _add(self, r, number):
        domains = [r.domains] if isinstance(r.domains, str) else [
            f"{LAST[number % len(LAST)]}-{r.name.replace('_', '')}{i or ''}.org"
            for i in range(r.domains)]
        states = self._plant(r, domains)
        group = r.group or f"{r.name.replace('_', '-')}-hosting.net"
        found = []
        for i, name in enumerate(r.personas):
            addresses = ["::1"] if r.name == "ipv6" else [f"127.1.{number + 1}.{i + 1}"]
            host = f"mx{i + 1}.{r.mx or group}" if r.name != "gmail" else r.mx
            if r.name == "no_mx":
                host = group = domains[0]
            self.hosts[host] = addresses
            found.append((10 * (i + 1), host))
            if name != "closed":
                self.servers.append(Server(host, addresses, PERSONAS[name], states, r.otherwise,
                                           group))
        for domain in domains:
            self.exchangers[domain] = [] if r.name == "no_mx" else found

    def _plant(self, r, domains):
        names = local_parts()
        states = {}
        for i in range(r.count):
            # Shifted from one domain to the next, so that no state comes in long rows when domains
            # are asked in turn: many refusals alike are suspect.
            turn = i // len(r.states)
            state = r.states[(i + turn) % len(r.states)]
            address = f"{next(names)}@{domains[turn % len(domains)]}"
            states[address] = state
            says = r.says.get(state) if isinstance(r.says, dict) else r.says
            says = says or HONEST[state]
            reasons = {says} if isinstance(says, str) else set(says)
            self.mailboxes[address] = Planted(state, reasons, r)
        return states

    def zone(self):
        return zone(self.exchangers, self.hosts)

    def order(self):
        """The addresses as a list has them: from everywhere in turn."""
        by_row = collections.defaultdict(list)
        for address, planted in self.mailboxes.items():
            by_row[planted.row.name].append(address)
        return [a for turn in itertools.zip_longest(*by_row.values()) for a in turn if a]

    def numbers(self, field):
        """group -> a row's number, for zoo_checks.Rules."""
        return {s.group: getattr(self.mailboxes[next(iter(s.mailboxes))].row, field)
                for s in self.servers}
