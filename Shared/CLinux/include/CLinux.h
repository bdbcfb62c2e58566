#pragma once
// Linux calls that Swift cannot import as they are: variadic functions, macros and thread-locals.

// Without _GNU_SOURCE: it changes the layout of types that Swift's Glibc module also declares, and
// a module that sees both then refuses to compile. What needs it is in CLinux.c.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// The event loop that runs on this thread, or NULL.
extern __thread void *linux_current_loop;
static inline void *linux_get_current_loop(void) { return linux_current_loop; }
static inline void linux_set_current_loop(void *loop) { linux_current_loop = loop; }

static inline int linux_errno(void) { return errno; }

// A pipe whose ends close on exec: ends[0] reads, ends[1] writes.
int linux_pipe(int ends[2]);

// Accepts a connection that does not block and is closed on exec.
int linux_accept(int fd, struct sockaddr_storage *address);

// The address without its port; an IPv4 address inside IPv6 as IPv4. Returns 0 for other families.
int linux_address_text(const struct sockaddr_storage *address, char *text, socklen_t size);

// Registers fd edge-free (level-triggered) with a 64-bit cookie. operation: 1 add, 2 modify, 3 delete.
static inline int linux_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t cookie) {
    struct epoll_event event;
    memset(&event, 0, sizeof(event));
    event.events = events;
    event.data.u64 = cookie;
    int op = operation == 1 ? EPOLL_CTL_ADD : operation == 2 ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    return epoll_ctl(epoll, op, fd, &event);
}
static inline uint64_t linux_epoll_cookie(const struct epoll_event *event) { return event->data.u64; }
static inline uint32_t linux_epoll_events(const struct epoll_event *event) { return event->events; }
enum {
    LINUX_EPOLL_IN = EPOLLIN,
    LINUX_EPOLL_OUT = EPOLLOUT,
    LINUX_EPOLL_ERROR = EPOLLERR,
    LINUX_EPOLL_HANGUP = EPOLLHUP,
    LINUX_EPOLL_PEER_CLOSED = EPOLLRDHUP,
};

// Large blocks are reused instead of being mapped and unmapped for each message.
static inline void linux_tune_malloc(void) {
    mallopt(M_MMAP_THRESHOLD, 64 << 20);
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
    mallopt(M_ARENA_MAX, 2);
}

// How often the calling thread lost its core to another one although it had not asked to wait.
long linux_involuntary_switches(void);

void linux_name_thread(pthread_t thread, const char *name);

static inline uint64_t linux_monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}
static inline int64_t linux_wall_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000ll + (int64_t)(now.tv_nsec / 1000);
}

// Starts a program with its stdout and stderr on the given descriptors (-1 = inherited). The program
// is sent SIGTERM when the calling thread ends, so that it never outlives the process that started it.
// Returns the process id, or -1 with errno set.
pid_t linux_spawn(const char *path, char *const arguments[], char *const environment[], int output, int errors);
