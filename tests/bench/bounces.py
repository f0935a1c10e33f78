#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How well a corpus of bounce messages is read: bounces.py BENCH_BOUNCES CORPUS [-v] [--least N]

BENCH_BOUNCES is the built tests/bench_bounces; CORPUS is a directory with messages/ and expected.tsv
(file, n, status, reply, category). Prints how many of the expected recipients were found, how often
the category is the expected one, the confusion table, and every row that would suppress an address
for what is not its fault. -v lists each difference with its reply. The corpus's dates are not
judged. --least N fails where fewer than N % of the recipients were found; without a corpus the exit
status is 77, which Meson takes for a skipped test.
"""
import collections
import csv
import os
import subprocess
import sys

# What says nothing against the recipient.
INNOCENT = {"sender_policy", "content", "infrastructure", "not_a_bounce", "already_suppressed"}


def main():
    bench, corpus = sys.argv[1:3]
    verbose = "-v" in sys.argv[3:]
    table = os.path.join(corpus, "expected.tsv")
    if not os.path.exists(table):
        print(f"{table} is not there: nothing was measured", file=sys.stderr)
        sys.exit(77)
    expected = collections.defaultdict(list)
    with open(table, encoding="utf-8") as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            expected[row["file"]].append(row)
    files = sorted(expected)
    messages = os.path.join(corpus, "messages")
    output = subprocess.run([bench] + [os.path.join(messages, f) for f in files],
                            stdout=subprocess.PIPE, check=False).stdout.decode("utf-8", "replace")
    found = collections.defaultdict(list)
    for line in output.split("\n"):
        cells = line.split("\t")
        if len(cells) > 11:
            found[os.path.basename(cells[0])].append(cells)
    wanted = got = agreed = extra = 0
    confusion = collections.Counter()
    dangers, differences = [], []
    for file in files:
        rows, notices = expected[file], found[file]
        judged = [n for n in notices if n[5]]
        none = all(r["category"] == "not_a_bounce" for r in rows)
        wanted += len(rows)
        extra += max(0, len(judged) - len(rows))
        left = list(judged)
        # Recipients are not named in the table: those of the wanted category are taken first.
        rows.sort(key=lambda row: row["category"] not in [n[5] for n in judged])
        for row in rows:
            want = row["category"]
            notice = next((n for n in left if n[5] == want), left[0] if left else None)
            if notice:
                left.remove(notice)
            if none:
                category = notice[5] if notice else "not_a_bounce"
                got += 1
            else:
                category = notice[5] if notice else "-"
                got += notice is not None
            agreed += category == want
            confusion[want, category] += 1
            if category != want:
                differences.append((file, want, category, row["status"], row["reply"], notice or (notices or [[""] * 13])[0]))
            if notice and want in INNOCENT and (notice[6] in ("S", "S2", "N") or notice[2] in ("complaint", "unsubscribe")):
                dangers.append((file, want, notice))
    print(f"recipients found  {got} of {wanted}  {100 * got / wanted:.1f} %")
    if "--least" in sys.argv and got < wanted * float(sys.argv[sys.argv.index("--least") + 1]) / 100:
        sys.exit("fewer than wanted")
    print(f"category agrees   {agreed} of {wanted}  {100 * agreed / wanted:.1f} %")
    print(f"more than expected  {extra}")
    for (want, category), count in sorted(confusion.items()):
        if want != category:
            print(f"  {want:18} read as {category:18} {count}")
    if verbose:
        for file, want, category, status, reply, n in differences:
            print(f"- {file} {want} / {category}  {status} {reply}  {n[1]} {n[3]} {n[4]} {n[6]} {n[7]} {n[8]} {n[9]} | {n[12][:300]}")
    print(f"would suppress wrongly  {len(dangers)}")
    for file, want, n in dangers:
        print(f"  {file}  {want}  {n[5]} {n[6]} {n[8]}  {n[12][:200]}")


main()
