#define _GNU_SOURCE
#include "CLinux.h"

__thread void *linux_current_loop = NULL;

int linux_accept(int fd, struct sockaddr_storage *address) {
    socklen_t length = sizeof(*address);
    return accept4(fd, (struct sockaddr *)address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void linux_name_thread(pthread_t thread, const char *name) { pthread_setname_np(thread, name); }
