/* SPDX-License-Identifier: MIT */
/* How many MX questions a second a name server answers when the client does next to nothing: the
 * upper bound that scripts/bench names beside Winnow's DNS figures where no peer is installed.
 *
 * One thread, one UDP socket, a window of questions in flight; the id of a question is its place in
 * the window. Packets go out and come in by the batch. When nothing comes for a while, what is in
 * flight is asked again, three times at most. Answers are counted and otherwise not looked at. */

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    WINDOW = 1000,
    BATCH = 64,
    PACKET = 512,
    QUIET_MS = 300,
    TRIES = 3,
    HEADER = 12,
    NAME = 253
};

struct slot {
    uint8_t packet[PACKET];
    size_t length; /* 0: free */
    int tries;
};

struct run {
    int socket;
    FILE *names;
    struct slot slots[WINDOW];
    uint16_t free[WINDOW], waiting[WINDOW]; /* stacks of slots: unused, and to be sent */
    size_t free_count, waiting_count, in_flight;
    uint64_t asked, answered, lost;
    bool ended;
};

/* One MX question in wire format; its length, or 0 when the name is none. */
static size_t write_question(const char *name, uint16_t id, uint8_t packet[PACKET])
{
    static const uint8_t tail[] = {0, 0, 15, 0, 1}; /* root, MX, IN */
    size_t at = HEADER;
    memset(packet, 0, HEADER);
    packet[0] = (uint8_t)(id >> 8);
    packet[1] = (uint8_t)id;
    packet[2] = 1; /* recursion desired, as a stub resolver does */
    packet[5] = 1; /* one question */
    while (*name) {
        size_t n = strcspn(name, ".");
        if (n == 0 || n > 63 || at + n > HEADER + NAME) {
            return 0;
        }
        packet[at] = (uint8_t)n;
        memcpy(packet + at + 1, name, n);
        at += n + 1;
        name += n + (name[n] == '.');
    }
    memcpy(packet + at, tail, sizeof tail);
    return at + sizeof tail;
}

static void fill_window(struct run *r)
{
    char line[NAME + 3];
    while (r->free_count > 0 && !r->ended) {
        if (!fgets(line, sizeof line, r->names)) {
            r->ended = true;
            return;
        }
        line[strcspn(line, "\r\n")] = '\0';
        uint16_t id = r->free[r->free_count - 1];
        struct slot *slot = &r->slots[id];
        slot->length = write_question(line, id, slot->packet);
        slot->tries = 0;
        if (slot->length > 0) {
            r->free_count--;
            r->waiting[r->waiting_count++] = id;
            r->asked++;
        }
    }
}

static bool send_batch(struct run *r)
{
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    unsigned n = 0;
    memset(messages, 0, sizeof messages);
    for (; n < BATCH && n < r->waiting_count; n++) {
        struct slot *slot = &r->slots[r->waiting[r->waiting_count - 1 - n]];
        parts[n] = (struct iovec){slot->packet, slot->length};
        messages[n].msg_hdr.msg_iov = &parts[n];
        messages[n].msg_hdr.msg_iovlen = 1;
    }
    if (n == 0) {
        return true;
    }
    int sent = sendmmsg(r->socket, messages, n, MSG_DONTWAIT);
    if (sent < 0) {
        return errno == EAGAIN || errno == EINTR || errno == ENOBUFS;
    }
    r->waiting_count -= (size_t)sent;
    r->in_flight += (size_t)sent;
    return true;
}

static void free_slot(struct run *r, uint16_t id)
{
    r->slots[id].length = 0;
    r->free[r->free_count++] = id;
    r->in_flight--;
}

/* Takes what has come. */
static bool receive_batch(struct run *r)
{
    static uint8_t answers[BATCH][PACKET * 8];
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){answers[i], sizeof answers[i]};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int got = recvmmsg(r->socket, messages, BATCH, MSG_DONTWAIT, NULL);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    for (size_t i = 0; i < (size_t)got; i++) {
        uint16_t id = (uint16_t)(answers[i][0] << 8 | answers[i][1]);
        if (messages[i].msg_len >= HEADER && id < WINDOW && r->slots[id].length > 0 &&
            r->in_flight > 0) {
            r->answered++;
            free_slot(r, id);
        }
    }
    return true;
}

/* Nothing has come for QUIET_MS: everything in flight is to be sent again, or given up. */
static void ask_again(struct run *r)
{
    size_t waiting_before = r->waiting_count;
    for (size_t i = 0; i < WINDOW; i++) {
        uint16_t id = (uint16_t)i;
        struct slot *slot = &r->slots[id];
        bool waits = slot->length == 0;
        for (size_t w = 0; w < waiting_before && !waits; w++) {
            waits = r->waiting[w] == id;
        }
        if (waits) {
            continue;
        }
        if (++slot->tries < TRIES) {
            r->waiting[r->waiting_count++] = id;
            r->in_flight--;
        } else {
            r->lost++;
            free_slot(r, id);
        }
    }
}

static bool run_all(struct run *r)
{
    for (size_t i = 0; i < WINDOW; i++) {
        r->free[r->free_count++] = (uint16_t)i;
    }
    for (;;) {
        fill_window(r);
        if (r->waiting_count == 0 && r->in_flight == 0) {
            return true;
        }
        if (!send_batch(r)) {
            return false;
        }
        if (r->waiting_count == 0) {
            struct pollfd p = {.fd = r->socket, .events = POLLIN};
            if (poll(&p, 1, QUIET_MS) == 0) {
                ask_again(r);
            }
        }
        if (!receive_batch(r)) {
            return false;
        }
    }
}

static int connect_to(const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char *end;
    unsigned long number = strtoul(port, &end, 10);
    int size = 4 << 20, s;
    if (*end != '\0' || number == 0 || number > UINT16_MAX) {
        errno = EINVAL;
        return -1;
    }
    to.sin_port = htons((uint16_t)number);
    s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0) {
        return -1;
    }
    (void)setsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (connect(s, (const struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(s);
        return -1;
    }
    return s;
}

int main(int argc, char **argv)
{
    static struct run r;
    struct timespec began, ended;
    if (argc != 3) {
        fputs("usage: dnsrate PORT NAMES\n"
              "  asks the server on 127.0.0.1:PORT for the MX of every name, one a line\n",
              stderr);
        return 64;
    }
    r.names = fopen(argv[2], "r");
    if (!r.names) {
        fprintf(stderr, "dnsrate: %s: %s\n", argv[2], strerror(errno));
        return 66;
    }
    r.socket = connect_to(argv[1]);
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    bool ok = r.socket >= 0 && run_all(&r);
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    if (!ok) {
        fprintf(stderr, "dnsrate: 127.0.0.1:%s: %s\n", argv[1], strerror(errno));
    }
    printf("%" PRIu64 " asked, %" PRIu64 " answered, %" PRIu64 " lost, %.3f s\n", r.asked,
           r.answered, r.lost,
           (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9);
    (void)fclose(r.names);
    if (r.socket >= 0) {
        (void)close(r.socket);
    }
    return !ok ? 74 : r.lost > 0 ? 75 : 0;
}
