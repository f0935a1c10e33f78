# SPDX-License-Identifier: MIT
"""What must be true of every transcript of smtp_zoo.py, whatever the client was told to do:

    faults_of(transcript, servers, Rules(sender="probe@us.net", helo="out.us.net"))

gives one sentence for every rule broken, none when all is well. The checks see only what the
servers saw; they know nothing of the client's own accounts.
"""

import collections
import dataclasses
import re

SAID = ("in", "lost")
VERBS = {"EHLO", "HELO", "STARTTLS", "MAIL", "RCPT", "RSET", "QUIT"}
RANDOM = re.compile(r"[a-z][a-z0-9]{19}@")
POSTMASTER = "postmaster@"


@dataclasses.dataclass
class Rules:
    """What the client was told."""
    sender: str
    helo: str
    connections: int = 2            # of a group at any moment
    group_connections: dict = dataclasses.field(default_factory=dict)  # group -> another number
    recipients: int = 5             # a connection
    group_recipients: dict = dataclasses.field(default_factory=dict)
    times: int = 1                  # a mailbox may be asked
    group_times: dict = dataclasses.field(default_factory=dict)
    random_times: int = 1           # a domain may be asked for mailboxes that nobody named
    group_random_times: dict = dataclasses.field(default_factory=dict)
    accepted: frozenset = frozenset()  # domains of which an earlier run had a mailbox accepted
    killed: tuple = ()              # moments at which the client was killed
    late: float = 0.5               # seconds in which a server may still accept it
    stopped: bool = False           # it had two seconds to leave, whatever was unanswered


def sessions(transcript):
    """connection -> its entries, in order."""
    found = collections.defaultdict(list)
    for entry in transcript:
        found[entry.connection].append(entry)
    return found


def verb(entry):
    return entry.text.removesuffix("\\n").split(" ")[0].split(":")[0].upper()


def recipient(entry):
    """The address of a RCPT command, lower case, or None."""
    if entry.what not in SAID or verb(entry) != "RCPT":
        return None
    return entry.text.partition("<")[2].rpartition(">")[0].lower()


def asked(transcript):
    """address -> how often it was in a RCPT command that a server took to be one."""
    return collections.Counter(a for a in map(recipient, transcript) if a)


def answers(transcript):
    """The RCPT commands with what was answered, in the order of the answers: (time, connection,
    address, the reply's last line). Those without an answer are not there."""
    waiting = collections.defaultdict(collections.deque)
    for entry in transcript:
        if entry.what == "in":
            waiting[entry.connection].append(recipient(entry))
        # Greetings and what follows a fault answer nothing.
        elif entry.what == "out" and entry.text[3:4] != "-" and waiting[entry.connection]:
            address = waiting[entry.connection].popleft()
            if address:
                yield entry.time, entry.connection, address, entry.text


def faults_of(transcript, servers, rules):
    """Every rule that was broken, a sentence each."""
    by_name = {s.name: s for s in servers}
    found = [f"a mistake of the zoo itself: {e.text}" for e in transcript if e.what == "bug"]
    transcript = [e for e in transcript if e.what != "bug"]
    for number, entries in sessions(transcript).items():
        server = by_name[entries[0].server]
        for check in SESSION_CHECKS:
            found += [f"{server.name}, connection {number}: {text}"
                      for text in check(entries, server, rules)]
    for check in RUN_CHECKS:
        found += check(transcript, by_name, rules)
    return found


def only_harmless_commands(entries, *_):
    """Law 3, and the manners: never VRFY or EXPN, nothing that is no command."""
    for entry in entries:
        if entry.what in SAID:
            if verb(entry) not in VERBS:
                yield f"said {entry.text[:80]!r}"
            if entry.text.endswith("\\n"):
                yield f"ended a line with a bare LF: {entry.text[:80]!r}"


def one_identity(entries, _, rules):
    for entry in entries:
        if entry.what in SAID:
            if verb(entry) in ("EHLO", "HELO") and entry.text.split(" ")[1:] != [rules.helo]:
                yield f"called itself by {entry.text!r}"
            if verb(entry) == "MAIL" and not re.fullmatch(
                    rf"MAIL FROM:<{re.escape(rules.sender)}>( SMTPUTF8)?", entry.text):
                yield f"named its sender by {entry.text!r}"


def polite_end(entries, _, rules):
    """QUIT on every connection that got as far as EHLO, unless the server ended it."""
    said = [verb(e) for e in entries if e.what in SAID]
    if "QUIT" in said:
        if said[-1] != "QUIT":
            yield "said something after QUIT"
        if "RSET" not in said and not rules.stopped and any(text[0] == "2" for _, _, _, text in answers(entries)):
            yield "said no RSET before QUIT"
        return
    end = entries[-1]
    # Over a handshake that failed nothing can be said.
    hopeless = any(e.what == "tls" and e.text == "failed" for e in entries)
    if end.what != "close" or end.text != "client" or hopeless:
        return  # still open, ended by the server, or no way left to say it
    if any(entries[0].time <= at + rules.late and end.time >= at for at in rules.killed):
        return
    greeted = next((i for i, e in enumerate(entries) if e.what in SAID
                    and verb(e) in ("EHLO", "HELO")), None)
    if greeted is not None and any(e.what == "out" and e.text.startswith("250")
                                   for e in entries[greeted:]):
        yield "went without QUIT after " + repr(
            [e.text for e in entries if e.what in SAID][-1][:80])


def no_pipelining_unless_offered(entries, *_):
    """RFC 2920: only what was offered since the last EHLO, which is itself the last of a piece, as
    is STARTTLS. Only a QUIT may come too soon: from one who leaves in haste."""
    offered = False
    said = [e for e in entries if e.what in SAID]
    hasty = said[-2] if said and verb(said[-1]) == "QUIT" and len(said) > 1 else None
    for entry in entries:
        if entry.what == "out" and entry.text[4:] == "PIPELINING":
            offered = True
        if entry.what == "tls" or entry.what == "in" and verb(entry) in ("EHLO", "HELO"):
            offered = False
        if (entry.what == "in" and entry.pipelined and entry is not hasty
                and (not offered or verb(entry) == "STARTTLS")):
            yield f"sent more behind {entry.text[:80]!r}"


def few_recipients(entries, server, rules):
    limit = min(rules.group_recipients.get(server.group, rules.recipients), 1000)
    count = sum(recipient(e) is not None for e in entries)
    if count > limit:
        yield f"{count} recipients where {limit} are allowed"


def mail_before_rcpt(entries, *_):
    """One MAIL, and no RCPT before it."""
    said = [verb(e) for e in entries if e.what in SAID]
    if said.count("MAIL") > 1:
        yield "more than one MAIL"
    if "RCPT" in said and "MAIL" not in said[:said.index("RCPT")]:
        yield "RCPT before MAIL"


def real_before_random(entries, server, _):
    """Some servers punish after an unknown one, so the mailboxes of the list come first."""
    random_of = set()
    for address in filter(None, map(recipient, entries)):
        domain = address.rpartition("@")[2]
        if address in server.mailboxes:
            if domain in random_of:
                yield f"asked for {address} after a random mailbox of its domain"
        elif not address.startswith(POSTMASTER):
            random_of.add(domain)


def few_connections(transcript, by_name, rules):
    found = []
    for entry in transcript:
        if entry.what == "open":
            group = by_name[entry.server].group
            limit = rules.group_connections.get(group, rules.connections)
            count = int(entry.text.split()[0])
            if count > limit:
                found.append(f"{group}: {count} connections at once where {limit} are allowed")
    return found


def few_questions(transcript, by_name, rules):
    """No mailbox oftener than allowed; none that is nobody's but the random and the postmaster."""
    found, random_count = [], collections.Counter()
    count = collections.Counter((e.server, a) for e in transcript if (a := recipient(e)))
    server_of = {e.connection: e.server for e in transcript}
    # What lay in one piece behind a MAIL that was refused is no question.
    for _, connection, address, text in answers(transcript):
        if text.startswith("503"):
            count[server_of[connection], address] -= 1
    for (name, address), times in count.items():
        server = by_name[name]
        if address in server.mailboxes:
            allowed = rules.group_times.get(server.group, rules.times)
            if times > allowed:
                found.append(f"{name}: asked {times} times for {address} where {allowed} are "
                             "allowed")
        elif RANDOM.match(address):
            random_count[name, address.rpartition("@")[2]] += times
        elif not address.startswith(POSTMASTER):
            found.append(f"{name}: asked for {address}, which is neither on the list nor random")
    for (name, domain), times in random_count.items():
        allowed = rules.group_random_times.get(by_name[name].group, rules.random_times)
        if times > allowed:
            found.append(f"{name}: asked {times} times for a random mailbox of {domain} where "
                         f"{allowed} are allowed")
    return found


def random_only_where_needed(transcript, by_name, rules):
    """A random mailbox says something only of a domain of which a real one was accepted."""
    found, accepted = [], set(rules.accepted)
    replies = {(connection, address): text for _, connection, address, text in answers(transcript)}
    for entry in transcript:
        address = recipient(entry)
        if address is None:
            continue
        domain = address.rpartition("@")[2]
        if address in by_name[entry.server].mailboxes:
            if replies.get((entry.connection, address), "").startswith("2"):
                accepted.add(domain)
        elif RANDOM.match(address) and domain not in accepted:
            found.append(f"{entry.server}: asked for the random {address} although none of "
                         f"{domain} was accepted")
    return found


SESSION_CHECKS = (only_harmless_commands, one_identity, polite_end, no_pipelining_unless_offered,
                  few_recipients, mail_before_rcpt, real_before_random)
RUN_CHECKS = (few_connections, few_questions, random_only_where_needed)
