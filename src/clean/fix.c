/* SPDX-License-Identifier: MIT */
#include "clean/fix.h"

#include "clean/enter.h"
#include "csv/writer.h"

/* Whether the suggested mailbox, which the survey entered for its history, would go to a list as
 * good as the row's. */
static bool earns(const struct wn_run *run, struct wn_span suggestion, enum wn_action action,
                  unsigned options)
{
    const struct wn_clean_settings *s = run->settings;
    struct wn_address address;
    char key[sizeof address.text];
    struct wn_verdict verdict;
    wn_address_read(suggestion, options, &address);
    size_t n = wn_address_key(&address, key);
    size_t local = n - wn_address_domain(&address).n - 1;
    uint32_t flags =
        address.flags | wn_overlay_mailbox(s->overlay, (struct wn_span){key, n}, local);
    n = wn_enter_key(s, key, n);
    uint32_t id = wn_tables_find_mailbox(&run->tables, (struct wn_span){key, n});
    if (id == WN_NONE || address.fault != WN_FAULT_none) {
        return false;
    }
    wn_judge_mailbox(&run->tables, id, flags, &s->policy, s->now, &verdict);
    return verdict.action <= action;
}

struct wn_span wn_fix_choose(const struct wn_run *run, const struct wn_judged *j,
                             const struct wn_report_row *row, unsigned options)
{
    struct wn_span fixed = {"", 0};
    enum wn_action action = j->verdict.action;
    if (row->suggestion.n > 0 && action != WN_ACTION_drop &&
        earns(run, row->suggestion, action, options)) {
        fixed = row->suggestion;
    } else if ((row->flags & (WN_FLAG_trimmed | WN_FLAG_extracted)) != 0) {
        fixed = row->address;
    }
    return wn_span_equal(fixed, row->email) ? (struct wn_span){"", 0} : fixed;
}

void wn_fix_write(struct wn_span record, const struct wn_row *row, struct wn_span address,
                  char delimiter, struct wn_buf *out)
{
    size_t end = (size_t)row->cell + row->cell_length;
    wn_buf_add(out, record.p, row->cell);
    wn_csv_add_value(out, address, delimiter, (row->bits & WN_ROW_QUOTED_CELL) != 0);
    wn_buf_add(out, record.p + end, record.n - end);
}
