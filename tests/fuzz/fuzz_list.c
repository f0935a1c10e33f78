/* SPDX-License-Identifier: MIT */
/* Fuzzes the reading of the lists' files: the first octet says which list, the rest is the file.
 * What is read must be written back as the same entry. */
#include "address/list_file.h"

#include "fuzz.h"

static int check(void *arg, uint64_t line, struct wn_span written,
                 const struct wn_list_entry *entry, const char *fault)
{
    enum wn_list_id list = *(enum wn_list_id *)arg;
    struct wn_list_entry again;
    struct wn_buf text = {0};
    REQUIRE(line > 0 && (entry == NULL) != (fault == NULL) && written.n > 0);
    if (entry != NULL) {
        wn_list_entry_write(list, entry, &text);
        REQUIRE(wn_list_entry_read(list, wn_buf_span(&text), &again) == NULL);
        REQUIRE(again.kind == entry->kind && again.length == entry->length);
        REQUIRE(memcmp(again.text, entry->text, entry->length) == 0);
        wn_buf_release(&text);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        enum wn_list_id list = (enum wn_list_id)(data[0] % WN_LIST_IDS);
        wn_list_text_read(list, (struct wn_span){(const char *)data + 1, size - 1}, check, &list);
    }
    return 0;
}
