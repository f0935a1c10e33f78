/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_CURL_H
#define WN_BASE_CURL_H

/* libcurl, loaded when it is first needed: it brings some thirty libraries along, and looking up
 * their names would be most of the start-up of every command that needs none of them. Include this
 * instead of <curl/curl.h>; its functions are called by their own names, after wn_curl_load. */

#include <curl/curl.h>

#include "base/error.h"

/* Loads and initialises libcurl, once; any thread may call it, as often as it likes. WN_E_CONFIG:
 * it is not installed, or lacks a function; the sentence says so. */
int wn_curl_load(struct wn_error *err);

/* Every function of libcurl that Winnow calls. */
#define WN_CURL_FUNCTIONS(F)                                                                       \
    F(easy_cleanup)                                                                                \
    F(easy_escape)                                                                                 \
    F(easy_getinfo)                                                                                \
    F(easy_init)                                                                                   \
    F(easy_perform)                                                                                \
    F(easy_recv)                                                                                   \
    F(easy_send)                                                                                   \
    F(easy_setopt)                                                                                 \
    F(easy_strerror)                                                                               \
    F(free)                                                                                        \
    F(getdate)                                                                                     \
    F(global_init)                                                                                 \
    F(multi_add_handle)                                                                            \
    F(multi_cleanup)                                                                               \
    F(multi_info_read)                                                                             \
    F(multi_init)                                                                                  \
    F(multi_remove_handle)                                                                         \
    F(multi_setopt)                                                                                \
    F(multi_socket_action)                                                                         \
    F(slist_append)                                                                                \
    F(slist_free_all)                                                                              \
    F(url)                                                                                         \
    F(url_cleanup)                                                                                 \
    F(url_get)                                                                                     \
    F(url_set)                                                                                     \
    F(version_info)

/* These three are macros of <curl/curl.h> too, which check the type of an option's value. */
#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt

struct wn_curl {
#define WN_CURL_MEMBER(name) __typeof__(curl_##name) *(name);
    WN_CURL_FUNCTIONS(WN_CURL_MEMBER)
#undef WN_CURL_MEMBER
};
extern struct wn_curl wn_curl; /* written by wn_curl_load alone */

/* clang-format off */
#define curl_easy_cleanup        wn_curl.easy_cleanup
#define curl_easy_escape         wn_curl.easy_escape
#define curl_easy_getinfo        wn_curl.easy_getinfo
#define curl_easy_init           wn_curl.easy_init
#define curl_easy_perform        wn_curl.easy_perform
#define curl_easy_recv           wn_curl.easy_recv
#define curl_easy_send           wn_curl.easy_send
#define curl_easy_setopt         wn_curl.easy_setopt
#define curl_easy_strerror       wn_curl.easy_strerror
#define curl_free                wn_curl.free
#define curl_getdate             wn_curl.getdate
#define curl_global_init         wn_curl.global_init
#define curl_multi_add_handle    wn_curl.multi_add_handle
#define curl_multi_cleanup       wn_curl.multi_cleanup
#define curl_multi_info_read     wn_curl.multi_info_read
#define curl_multi_init          wn_curl.multi_init
#define curl_multi_remove_handle wn_curl.multi_remove_handle
#define curl_multi_setopt        wn_curl.multi_setopt
#define curl_multi_socket_action wn_curl.multi_socket_action
#define curl_slist_append        wn_curl.slist_append
#define curl_slist_free_all      wn_curl.slist_free_all
#define curl_url                 wn_curl.url
#define curl_url_cleanup         wn_curl.url_cleanup
#define curl_url_get             wn_curl.url_get
#define curl_url_set             wn_curl.url_set
#define curl_version_info        wn_curl.version_info
/* clang-format on */

#endif
