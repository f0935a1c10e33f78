/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_DRAW_H
#define TESTS_SUPPORT_DRAW_H

/* Random numbers for tests on made-up input: the same ones in every run of a process (Check runs
 * each case in one of its own), so that what fails fails again. From one thread only. */

/* One from 0 to `below` - 1; `below` is at least 1. */
unsigned draw(unsigned below);

#endif
