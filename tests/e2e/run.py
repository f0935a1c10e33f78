#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs end-to-end test files, each in a process of its own, and counts what passed.

    tests/e2e/run.py build/src/winnow                   all of them
    tests/e2e/run.py build/src/winnow signals output    test_signals.py and test_output.py

A single file is run by `WN_BINARY=build/src/winnow python3 tests/e2e/test_output.py [CASE...]`,
which is what the build does, one test a file. Exit status 0 when all passed.
"""

import glob
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def main(arguments):
    if not arguments or arguments[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 64
    environment = dict(os.environ, WN_BINARY=os.path.abspath(arguments[0]),
                       PYTHONDONTWRITEBYTECODE="1")
    names = arguments[1:] or sorted(
        os.path.basename(p)[5:-3] for p in glob.glob(os.path.join(HERE, "test_*.py")))
    total, failed = 0, []
    for name in names:
        began = time.monotonic()
        done = subprocess.run([sys.executable, os.path.join(HERE, f"test_{name}.py")],
                              env=environment, stderr=subprocess.PIPE, text=True, check=False)
        ran = re.search(r"^Ran (\d+) tests?", done.stderr, re.M)
        count = int(ran.group(1)) if ran else 0
        total += count
        result = done.stderr.strip().rpartition("\n")[2]
        print(f"{name:16} {count:4} cases {time.monotonic() - began:6.1f} s  {result}", flush=True)
        if done.returncode != 0:
            failed.append(name)
            print(done.stderr, file=sys.stderr)
    print(f"e2e: {total} cases in {len(names)} files, "
          + (f"{len(failed)} files failed: {', '.join(failed)}" if failed else "all passed"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
