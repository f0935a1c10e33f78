#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns the word lists into constant C tables: embed.py OUTPUT.c FILE.txt...

A list file holds one name a line, sorted by its octets, without repetitions; lines that begin with
"# " are comments. The first line names the licence, and a comment above the names their sources. The
file's name says what its names mean (LISTS). In placeholder.txt a name that begins with "@" is a
domain, the others are local parts; in slips.txt a word of TRUST follows the name.
Whatever breaks a rule below fails the build with a sentence, so that a list that was edited by hand
cannot be wrong quietly.

The hash is that of src/address/lists.c; the targets of typo.c (targets.h) are well-known domains, each
with its trust and its set of letters.
"""
import io
import os
import re
import sys

# File -> (table, bit). The bits are those of enum wn_list in src/address/internal.h.
LISTS = {
    "role": ("local", 1),
    "placeholder": ("local", 2),
    "disposable": ("domain", 4),
    "free": ("domain", 8),
    "relay": ("domain", 16),
    "wellknown": ("domain", 32),
    "reserved": ("reserved", 64),
    "disposable_mx": ("mx", 128),
    "neighbours": ("neighbours", 1),
}
TABLES = ("local", "domain", "mx", "reserved", "neighbours")
# enum wn_trust of src/address/targets.h; slips.txt explains them.
TRUST = {"likely": 1, "inside": 2, "behind": 3, "any": 4, "sole": 5}
TARGET_MAX = 22
DISPOSABLE, FREE, RELAY, WELLKNOWN = 4, 8, 16, 32
MASK64 = (1 << 64) - 1

LOCAL = re.compile(r"[a-z0-9!#$%&'*/=?^_`{|}~.-]{1,64}")  # no "+": a tag is cut off first
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"{LABEL}(\.{LABEL})*")


def fail(path, line, sentence):
    sys.exit(f"{path}:{line}: {sentence}")


def check_head(path):
    """The comment before the first name says where the names come from."""
    head = []
    with open(path, encoding="ascii") as source:
        for text in source:
            if not text.startswith("#"):
                break
            head.append(text)
    if not head or not head[0].startswith("# SPDX-License-Identifier: "):
        fail(path, 1, "the first line names no licence")
    if not any(re.search(r"\bSources?\b", text) for text in head):
        fail(path, len(head), "the comment before the first name names no source")


def read_list(path):
    """The names of one file, each with its line."""
    check_head(path)
    last = ""
    with open(path, encoding="ascii") as source:
        for number, text in enumerate(source, 1):
            name = text.rstrip("\n")
            if name.startswith("# ") or name == "#":
                continue
            if name != name.strip() or not name:
                fail(path, number, "a blank line, or blanks around a name")
            if name <= last:
                fail(path, number, f"{name!r} is not sorted behind {last!r}, or stands twice")
            last = name
            yield number, name


def hash_name(name):
    n = len(name)
    a = b = 0
    if n >= 8:
        a = int.from_bytes(name[:8], "little")
        b = int.from_bytes(name[-8:], "little")
    elif n >= 4:
        a = int.from_bytes(name[:4], "little")
        b = int.from_bytes(name[-4:], "little")
    elif n > 0:
        a = name[0] | name[n // 2] << 8 | name[-1] << 16
    h = ((a ^ n) * 0x9E3779B97F4A7C15) & MASK64
    h = (((h ^ h >> 32) ^ b) * 0xD6E8FEB86659FD93) & MASK64
    return h >> 32


def add(tables, path, number, name):
    table, bit = LISTS[os.path.splitext(os.path.basename(path))[0]]
    if table == "local" and name.startswith("@"):
        table, name = "domain", name[1:]
    if not (LOCAL if table == "local" else DOMAIN).fullmatch(name):
        fail(path, number, f"{name!r} is no lower-case name in ASCII")
    names = tables[table]
    names[name] = names.get(name, 0) | bit
    lists = names[name]
    if table == "domain" and lists & DISPOSABLE and lists & (FREE | RELAY | WELLKNOWN):
        fail(path, number, f"{name!r} is disposable, and a provider of real people as well")


def add_slip(trusts, path, number, entry):
    name, _, trust = entry.partition(" ")
    if trust not in TRUST or not DOMAIN.fullmatch(name):
        fail(path, number, f"{entry!r} is no name and one of {', '.join(TRUST)}")
    trusts[name] = (TRUST[trust], path, number)


def parents(name):
    while "." in name:
        name = name.split(".", 1)[1]
        yield name


def check_inheritance(names):
    """A subdomain of a disposable domain counts as one: no provider may be caught that way."""
    for name, lists in names.items():
        for parent in parents(name):
            if lists & (FREE | RELAY | WELLKNOWN) and names.get(parent, 0) & DISPOSABLE:
                sys.exit(f"{name} is a provider of real people under the disposable {parent}")


def check_neighbours(tables):
    """A neighbour is what no other list says anything about: else one of the two is wrong."""
    for name in tables["neighbours"]:
        if tables["domain"].get(name, 0):
            sys.exit(f"{name} is in neighbours.txt and in another list: it needs to be in one only")


def letters(domain):
    """wn_letters of src/address/typo.c."""
    bits = 0
    for c in domain:
        if c.islower():
            bit = ord(c) - ord("a")
            bits |= 1 << (bit + 26 if bits >> bit & 1 else bit)
        elif c != ".":
            bits |= 1 << (52 if c.isdigit() else 53)
    return bits


def emit_targets(out, names, trusts):
    domains = sorted((name for name, lists in names.items() if lists & WELLKNOWN),
                     key=lambda name: (len(name), name))
    heads = [domain.split(".")[0] for domain in domains]
    for name, (_, path, number) in trusts.items():
        if name not in domains and name not in heads:
            fail(path, number, f"no well-known domain is {name!r} or begins with it")
    out.write("const struct wn_target wn_targets[] = {\n")
    for domain, head in zip(domains, heads):
        if len(domain) > TARGET_MAX:
            sys.exit(f"{domain} is longer than WN_TARGET_MAX of src/address/targets.h")
        trust = trusts.get(domain) or trusts.get(head) or (0,)
        only = "true" if heads.count(head) == 1 else "false"
        out.write("    {0x%014xU, %d, %d, %d, %s, \"%s\"},\n"
                  % (letters(domain), len(domain), len(head), trust[0], only, domain))
    out.write("    {0, 0, 0, 0, false, \"\"},\n};\n\n")
    starts = [sum(len(domain) < n for domain in domains) for n in range(TARGET_MAX + 2)]
    out.write("const uint16_t wn_targets_from[] = {%s};\n" % ", ".join(map(str, starts)))


def emit(out, table, names):
    ordered = sorted(names)
    size = 16
    while size < 4 * len(ordered):
        size *= 2
    slots = [None] * size
    text = b""
    for name in ordered:
        octets = name.encode("ascii")
        h = hash_name(octets)
        i = h % size
        while slots[i]:
            i = (i + 1) % size
        slots[i] = (h, len(text), len(octets), names[name])
        text += octets
    out.write(f"static const char {table}_text[] =\n")
    for at in range(0, max(len(text), 1), 90):
        piece = text[at:at + 90].decode("ascii").replace("?", "\\?")
        out.write(f'    "{piece}"\n')
    out.write("    ;\n\n")
    out.write(f"static const struct wn_name_slot {table}_slots[{size}] = {{\n")
    for i, slot in enumerate(slots):
        if slot:
            out.write("    [%d] = {0x%08xU, %d, %d, %d},\n" % ((i,) + slot))
    out.write("};\n\n")
    longest = max((len(name) for name in ordered), default=0)
    out.write(f"const struct wn_names wn_names_{table} = {{\n")
    out.write(f"    .slots = {table}_slots, .mask = {size - 1}, .longest = {longest},\n")
    out.write(f"    .text = {table}_text,\n}};\n\n")


def main():
    output, paths = sys.argv[1], sys.argv[2:]
    tables = {table: {} for table in TABLES}
    trusts = {}
    for path in paths:
        slips = os.path.basename(path) == "slips.txt"
        for number, entry in read_list(path):
            if slips:
                add_slip(trusts, path, number, entry)
            else:
                add(tables, path, number, entry)
    check_inheritance(tables["domain"])
    check_neighbours(tables)
    out = io.StringIO()
    out.write("/* SPDX-License-Identifier: MIT */\n")
    out.write("/* Made by src/data/embed.py from the lists beside it: change those. */\n")
    out.write('#include "address/targets.h"\n\n')
    for table in TABLES:
        emit(out, table, tables[table])
    emit_targets(out, tables["domain"], trusts)
    with open(output, "w", encoding="ascii") as target:
        target.write(out.getvalue())


main()
