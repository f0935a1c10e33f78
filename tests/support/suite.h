/* SPDX-License-Identifier: MIT */
#ifndef WN_TEST_SUITE_H
#define WN_TEST_SUITE_H

#include <check.h>

/* Runs and frees it; what main returns. How much is printed is Check's CK_VERBOSITY. */
int run_suite(Suite *suite);

#endif
