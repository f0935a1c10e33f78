#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns schema.sql into a C string, one quoted line a line, so that the schema stays plain SQL."""
import sys

with open(sys.argv[1], encoding="utf-8") as schema, open(sys.argv[2], "w", encoding="utf-8") as out:
    for line in schema.read().splitlines():
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        out.write(f'"{escaped}\\n"\n')
