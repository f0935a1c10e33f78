/* SPDX-License-Identifier: MIT */
/* NSD runs in the foreground (-d) as a child process; it is ready when it answers a question over
 * UDP. The port is drawn and let go before NSD takes it, so a start that fails is tried again with
 * another. */
#include "support/nsd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STARTS = 5,
    READY_TRIES = 1800,
    READY_WAIT_MS = 50,
    ZONES_MOST = 16
};

struct nsd {
    pid_t pid;
    char directory[64];
    char address[32];
    unsigned port;
    size_t zones;
};

static const char *find_binary(void)
{
    static const char *const paths[] = {"/usr/sbin/nsd", "/usr/local/sbin/nsd", "/sbin/nsd"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (access(paths[i], X_OK) == 0) {
            return paths[i];
        }
    }
    return NULL;
}

bool nsd_available(void)
{
    return find_binary() != NULL;
}

static unsigned draw_port(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof to;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool drawn = fd >= 0 && bind(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
                 getsockname(fd, (struct sockaddr *)&to, &size) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return drawn ? ntohs(to.sin_port) : 0;
}

static FILE *open_file(const struct nsd *nsd, const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", nsd->directory, name);
    return fopen(path, "we");
}

static bool write_files(struct nsd *nsd, const struct nsd_zone *zones)
{
    FILE *conf = open_file(nsd, "nsd.conf");
    if (conf == NULL) {
        return false;
    }
    const char *d = nsd->directory;
    (void)fprintf(conf,
                  "server:\n  ip-address: 127.0.0.1@%u\n  server-count: 1\n  username: \"\"\n"
                  "  zonesdir: \"%s\"\n  database: \"\"\n  pidfile: \"%s/nsd.pid\"\n"
                  "  xfrdfile: \"%s/xfrd.state\"\n  zonelistfile: \"%s/zone.list\"\n"
                  "  logfile: \"%s/nsd.log\"\n  do-ip6: no\n  xfrdir: \"%s\"\n"
                  "remote-control:\n  control-enable: no\n",
                  nsd->port, d, d, d, d, d, d);
    bool good = true;
    for (nsd->zones = 0; zones[nsd->zones].name != NULL && good; nsd->zones++) {
        char name[32];
        (void)snprintf(name, sizeof name, "zone%zu", nsd->zones);
        (void)fprintf(conf, "zone:\n  name: \"%s\"\n  zonefile: \"%s\"\n", zones[nsd->zones].name,
                      name);
        FILE *zone = open_file(nsd, name);
        good = zone != NULL && nsd->zones < ZONES_MOST && fputs(zones[nsd->zones].text, zone) >= 0;
        good = zone != NULL && fclose(zone) == 0 && good;
    }
    return fclose(conf) == 0 && good;
}

static void clear_directory(const struct nsd *nsd)
{
    static const char *const names[] = {"nsd.conf",  "nsd.pid", "xfrd.state",
                                        "zone.list", "nsd.log", "nsd.out"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", nsd->directory, names[i]);
        (void)unlink(path);
    }
    for (size_t i = 0; i < nsd->zones; i++) {
        (void)snprintf(path, sizeof path, "%s/zone%zu", nsd->directory, i);
        (void)unlink(path);
    }
    (void)rmdir(nsd->directory);
}

/* Asks for the root's SOA and takes any reply for a yes. */
static bool wait_ready(const struct nsd *nsd)
{
    static const unsigned char query[] = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((in_port_t)nsd->port),
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ready = false;
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        return false;
    }
    for (int i = 0; i < READY_TRIES && !ready; i++) {
        unsigned char answer[512];
        struct pollfd p = {.fd = fd, .events = POLLIN};
        (void)send(fd, query, sizeof query, 0);
        ready = poll(&p, 1, READY_WAIT_MS) == 1 && recv(fd, answer, sizeof answer, 0) > 0;
        if (!ready) {
            if (waitpid(nsd->pid, NULL, WNOHANG) == nsd->pid) {
                break;
            }
            (void)poll(NULL, 0, READY_WAIT_MS); /* a refused send returns at once */
        }
    }
    (void)close(fd);
    return ready;
}

static void end_process(const struct nsd *nsd)
{
    if (nsd->pid > 0 && kill(nsd->pid, SIGTERM) == 0) {
        while (waitpid(nsd->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
}

static bool start_once(struct nsd *nsd, const char *binary)
{
    char conf[128], out[128];
    (void)snprintf(conf, sizeof conf, "%s/nsd.conf", nsd->directory);
    (void)snprintf(out, sizeof out, "%s/nsd.out", nsd->directory);
    nsd->pid = fork();
    if (nsd->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that dies takes its server along */
        int fd = open(out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        (void)dup2(fd, STDOUT_FILENO);
        (void)dup2(fd, STDERR_FILENO);
        (void)execl(binary, "nsd", "-d", "-c", conf, (char *)NULL);
        _exit(127);
    }
    return nsd->pid > 0 && wait_ready(nsd);
}

struct nsd *nsd_start(const struct nsd_zone *zones)
{
    const char *binary = find_binary();
    struct nsd *nsd = calloc(1, sizeof *nsd);
    if (binary == NULL || nsd == NULL) {
        free(nsd);
        return NULL;
    }
    for (int i = 0; i < STARTS; i++) {
        (void)snprintf(nsd->directory, sizeof nsd->directory, "/tmp/winnow-nsd.XXXXXX");
        if (mkdtemp(nsd->directory) == NULL) {
            break;
        }
        nsd->port = draw_port();
        (void)snprintf(nsd->address, sizeof nsd->address, "127.0.0.1:%u", nsd->port);
        if (write_files(nsd, zones) && start_once(nsd, binary)) {
            return nsd;
        }
        end_process(nsd);
        clear_directory(nsd);
    }
    (void)fprintf(stderr, "nsd does not start\n");
    free(nsd);
    return NULL;
}

void nsd_stop(struct nsd *nsd)
{
    if (nsd != NULL) {
        end_process(nsd);
        clear_directory(nsd);
        free(nsd);
    }
}

const char *nsd_address(const struct nsd *nsd)
{
    return nsd->address;
}
