#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How well does `winnow bounces classify` agree with what somebody else says?

    WN_BINARY=build/src/winnow python3 tests/bench/classify.py [-v] FILE.tsv

FILE has a header and the columns `reply` and `category`, and may have `status` (an enhanced code
reported beside the reply, used where the reply holds none), `provider` and `phase`. Prints the
agreement, how the categories were confused, and the dangerous rows: those that are said to be about
the sender, the message or the network and would yet suppress the address (S, S2; N does so by
repetition and is listed apart). -v lists every disagreement. The exit status is 1 when a row is
dangerous."""
import collections
import csv
import json
import os
import re
import subprocess
import sys

INNOCENT = {"sender_policy", "content", "infrastructure", "not_a_bounce", "already_suppressed"}
ENHANCED = re.compile(r"(?<![\w.])[245]\.[0-7]\.\d{1,3}(?![\w.])")


def text_of(row):
    text = " ".join(row["reply"].split())
    status = row.get("status") or ""
    if status and not ENHANCED.search(text):
        text = f"{text[:3]} {status} {text[3:]}" if re.match(r"[245]\d\d\b", text) \
            else f"{status} {text}"
    return text.strip() or "-"


def classify(rows):
    """The command's answers, in order: one run for each provider and phase."""
    runs = collections.defaultdict(list)
    for number, row in enumerate(rows):
        runs[row.get("provider") or "", row.get("phase") or ""].append(number)
    answers = {}
    for (provider, phase), numbers in runs.items():
        command = [os.environ["WN_BINARY"], "bounces", "classify", "--json"]
        command += ["--provider", provider] if provider else []
        command += ["--phase", phase] if phase else []
        lines = "".join(text_of(rows[number]) + "\n" for number in numbers)
        out = subprocess.run(command + ["-"], input=lines.encode(), stdout=subprocess.PIPE,
                             check=True).stdout.decode().splitlines()
        assert len(out) == len(numbers), "one answer a reply"
        answers.update(zip(numbers, map(json.loads, out)))
    return [answers[number] for number in range(len(rows))]


def print_row(mark, row, answer):
    print(f"{mark} {row['category']} -> {answer['category']} {answer['action']} {answer['rule']}: "
          f"{answer['reply'][:160]}")


def main():
    verbose = "-v" in sys.argv[1:]
    path = [a for a in sys.argv[1:] if a != "-v"][0]
    with open(path, encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE))
    answers = classify(rows)
    confused = collections.Counter()
    agreed = dangerous = 0
    for row, answer in zip(rows, answers):
        same = row["category"] == answer["category"]
        agreed += same
        if not same:
            confused[row["category"], answer["category"]] += 1
        if row["category"] in INNOCENT and answer["action"] in ("S", "S2"):
            dangerous += 1
            print_row("!!", row, answer)
        elif row["category"] in INNOCENT and answer["action"] == "N":
            print_row("! ", row, answer)
        elif verbose and not same:
            print_row("  ", row, answer)
    print(f"{agreed} of {len(rows)} agree ({100 * agreed / max(len(rows), 1):.1f} %), "
          f"{dangerous} dangerous")
    for (expected, given), count in confused.most_common():
        print(f"  {count:4} {expected} -> {given}")
    return 1 if dangerous else 0


if __name__ == "__main__":
    sys.exit(main())
