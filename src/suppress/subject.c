/* SPDX-License-Identifier: MIT */
/* The operator's word is an event whose message id is its time: the identity of an event has the
 * minute alone, and adding, removing and adding again within one must not count as one. Of two
 * words at the same second the stricter wins, so a removal stands at least a second behind what it
 * lifts. */
#include <stdlib.h>

#include "address/address.h"
#include "base/clock.h"
#include "store/events.h"
#include "suppress/import.h"

#define SOURCE WN_SPAN("winnow suppress")

int wn_subject_read(const char *word, char *room, struct wn_subject *subject, struct wn_error *err)
{
    static const char prefix[] = "sha256:";
    struct wn_address address;
    struct wn_span text = wn_span_trim(wn_span_of(word));
    size_t n = sizeof prefix - 1;
    *subject = (struct wn_subject){0};
    if (text.n > n && wn_span_equal_nocase((struct wn_span){text.p, n}, wn_span_of(prefix))) {
        return wn_sha256_read((struct wn_span){text.p + n, text.n - n}, subject->digest)
                   ? WN_OK
                   : wn_error_set(err, WN_E_DATA,
                                  "'%.200s' is no SHA-256: 64 hexadecimal digits go behind "
                                  "'sha256:'",
                                  word);
    }
    wn_address_read(text, WN_ADDRESS_ALLOW_LITERALS, &address);
    if (address.length == 0) {
        return wn_error_set(err, WN_E_DATA, "'%.200s' is no address: %s (at byte %u)", word,
                            wn_fault_sentence(address.fault), address.fault_at + 1);
    }
    subject->key = (struct wn_span){room, wn_address_key(&address, room)};
    return WN_OK;
}

struct record {
    struct wn_history history; /* without its diagnostic */
    bool known;
};

static int take_history(void *arg, struct wn_span recipient, const struct wn_history *history)
{
    struct record *record = arg;
    (void)recipient;
    record->known = true;
    record->history = *history;
    record->history.diagnostic = (struct wn_span){NULL, 0}; /* ends with the call */
    return WN_OK;
}

static int take_hashed(void *arg, const struct wn_hashed *hashed)
{
    struct record *record = arg;
    wn_hashed_apply(hashed, &record->history);
    return WN_OK;
}

static void digest_of(const struct wn_subject *subject, unsigned char digest[WN_SHA256])
{
    if (subject->key.n > 0) {
        struct wn_sha256 *hasher = wn_sha256_new();
        wn_sha256_digest(hasher, subject->key, digest);
        wn_sha256_free(hasher);
    } else {
        memcpy(digest, subject->digest, WN_SHA256);
    }
}

/* Its own history; with `hashed`, also what its digest amounts to. */
static int look_up(struct wn_store *store, const struct wn_subject *subject, bool hashed,
                   struct record *record, struct wn_error *err)
{
    unsigned char digest[WN_SHA256];
    int status = WN_OK;
    *record = (struct record){.known = false};
    if (subject->key.n > 0) {
        status = wn_history_get(store, subject->key, take_history, record, err);
    }
    if (status == WN_OK && hashed) {
        digest_of(subject, digest);
        status = wn_hashed_get(store, digest, take_hashed, record, err);
    }
    return status;
}

int wn_subject_standing(struct wn_store *store, const struct wn_subject *subject, int64_t now,
                        struct wn_standing *standing, struct wn_error *err)
{
    struct record record;
    int status = look_up(store, subject, true, &record, err);
    standing->count = status == WN_OK ? wn_holds(&record.history, now, standing->holds) : 0;
    return status;
}

static int add_event(struct wn_store *store, const struct wn_event *given, struct wn_error *err)
{
    char id[WN_TIME_TEXT];
    struct wn_event event = *given;
    bool added;
    wn_time_format(event.at, id);
    event.message_id = wn_span_of(id);
    event.source = SOURCE;
    event.action = WN_ACTION_T;
    int status = wn_events_add(store, &event, &added, err);
    return status == WN_OK ? wn_suppression_update(store, false, err) : status;
}

int wn_subject_add(struct wn_store *store, const struct wn_subject *subject, struct wn_span reason,
                   int64_t now, bool *changed, struct wn_error *err)
{
    struct record record;
    if (subject->key.n == 0) {
        struct wn_hashed hashed = {.since = now, .source = SOURCE};
        memcpy(hashed.digest, subject->digest, WN_SHA256);
        return wn_hashed_add(store, &hashed, changed, err);
    }
    int status = look_up(store, subject, false, &record, err);
    *changed = status == WN_OK && record.history.suppressed_at == 0;
    if (!*changed) {
        return status;
    }
    const struct wn_event event = {.recipient = subject->key,
                                   .diagnostic = reason,
                                   .kind = WN_KIND_manual_add,
                                   .category = WN_CATEGORY_already_suppressed,
                                   .at =
                                       record.history.last_at > now ? record.history.last_at : now};
    return add_event(store, &event, err);
}

/* Whether the operator's word lifts anything of it. */
static bool is_liftable(const struct wn_history *history, int64_t now)
{
    struct wn_hold holds[WN_HOLDS_MAX];
    size_t count = wn_holds(history, now, holds);
    for (size_t i = 0; i < count; i++) {
        if (holds[i].reason != WN_REASON_complained && holds[i].reason != WN_REASON_unsubscribed) {
            return true;
        }
    }
    return false;
}

int wn_subject_remove(struct wn_store *store, const struct wn_subject *subject, int64_t now,
                      bool *changed, struct wn_error *err)
{
    struct record record;
    unsigned char digest[WN_SHA256];
    digest_of(subject, digest);
    int status = wn_hashed_remove(store, digest, now, changed, err);
    if (status == WN_OK) {
        status = look_up(store, subject, false, &record, err);
    }
    if (status != WN_OK || !is_liftable(&record.history, now)) {
        return status;
    }
    *changed = true;
    const struct wn_event event = {.recipient = subject->key,
                                   .kind = WN_KIND_manual_remove,
                                   .category = WN_CATEGORY_not_a_bounce,
                                   .at = record.history.last_at >= now ? record.history.last_at + 1
                                                                       : now};
    return add_event(store, &event, err);
}
