#define _GNU_SOURCE
#include "CLinux.h"

#include <sys/resource.h>

__thread void *linux_current_loop = NULL;

int linux_accept(int fd, struct sockaddr_storage *address) {
    socklen_t length = sizeof(*address);
    return accept4(fd, (struct sockaddr *)address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int linux_address_text(const struct sockaddr_storage *address, char *text, socklen_t size) {
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        return inet_ntop(AF_INET, &v4->sin_addr, text, size) != NULL;
    }
    if (address->ss_family != AF_INET6) return 0;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        return inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, text, size) != NULL;
    return inet_ntop(AF_INET6, &v6->sin6_addr, text, size) != NULL;
}

long linux_involuntary_switches(void) {
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

void linux_name_thread(pthread_t thread, const char *name) { pthread_setname_np(thread, name); }

#include <sys/prctl.h>

pid_t linux_spawn(const char *path, char *const arguments[], char *const environment[], int output, int errors) {
    // The child learns through this pipe, which closes on exec, whether exec worked.
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return -1;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        // Only async-signal-safe calls from here on: the parent has other threads.
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent) _exit(127);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        setpgid(0, 0);
        if (output >= 0) dup2(output, 1);
        if (errors >= 0) dup2(errors, 2);
        execve(path, arguments, environment);
        int failure = errno;
        (void)!write(report[1], &failure, sizeof(failure));
        _exit(127);
    }
    close(report[1]);
    int failure = 0;
    if (child > 0 && read(report[0], &failure, sizeof(failure)) == (ssize_t)sizeof(failure)) {
        close(report[0]);
        errno = failure;
        return -1;
    }
    close(report[0]);
    return child;
}

int linux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
