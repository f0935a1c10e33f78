/* SPDX-License-Identifier: MIT */
#ifndef WN_TEST_ROUNDS_H
#define WN_TEST_ROUNDS_H

/* How often a test repeats itself with other made-up inputs: a quarter as often in a sanitized
 * build, where each round takes several times as long and finds what is wrong with any of them. */

#if defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WN_TEST_SANITIZED 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define WN_TEST_SANITIZED 1
#endif

#ifdef WN_TEST_SANITIZED
#define WN_TEST_ROUNDS(n) ((n) / 4)
#else
#define WN_TEST_ROUNDS(n) (n)
#endif

#endif
