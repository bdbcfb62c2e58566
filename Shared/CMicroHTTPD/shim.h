#pragma once
// libmicrohttpd without its variadic functions and closed enums, which Swift cannot use.
#include <arpa/inet.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>

// What the server calls; each runs on the thread that calls http_run.
struct http_callbacks {
    void *context;
    // 0 refuses a connection from this address.
    int (*accept)(void *context, const struct sockaddr *address);
    // The value becomes the connection's context.
    void *(*opened)(void *context, struct MHD_Connection *connection);
    void (*closed)(void *connection_context);
    // The request line is complete; uri has its query.
    void (*line)(void *connection_context, const char *uri);
    // First with the head, then for each piece of the body, then once more. 0 drops the connection.
    int (*access)(
        void *connection_context, const char *url, const char *method, const char *version,
        const char *data, size_t *data_size);
    // The exchange is over: answered, or the connection was lost.
    void (*completed)(void *connection_context);
};

static inline void *http_connection_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}
static inline int http_connection_descriptor(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}
static inline const struct sockaddr *http_connection_address(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info ? info->client_addr : NULL;
}

// The address without its port, as text; an IPv4 address inside IPv6 as IPv4. Returns 0 on failure.
static inline int http_address_text(const struct sockaddr *address, char *text, size_t size) {
    if (address == NULL) return 0;
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        return inet_ntop(AF_INET, &v4->sin_addr, text, (socklen_t)size) != NULL;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
            return inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, text, (socklen_t)size) != NULL;
        return inet_ntop(AF_INET6, &v6->sin6_addr, text, (socklen_t)size) != NULL;
    }
    return 0;
}

static enum MHD_Result http_on_accept(
    void *cls, const struct sockaddr *address, socklen_t length) {
    const struct http_callbacks *callbacks = cls;
    (void)length;
    return callbacks->accept(callbacks->context, address) ? MHD_YES : MHD_NO;
}
static void http_on_connection(
    void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code) {
    const struct http_callbacks *callbacks = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = callbacks->opened(callbacks->context, connection);
    } else if (*context != NULL) {
        void *closing = *context;
        *context = NULL;
        callbacks->closed(closing);
    }
}
static void *http_on_line(void *cls, const char *uri, struct MHD_Connection *connection) {
    const struct http_callbacks *callbacks = cls;
    void *context = http_connection_context(connection);
    if (context != NULL) callbacks->line(context, uri);
    return context;
}
static enum MHD_Result http_on_access(
    void *cls, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *data, size_t *data_size, void **context) {
    const struct http_callbacks *callbacks = cls;
    void *known = http_connection_context(connection);
    (void)context;
    if (known == NULL) return MHD_NO;
    return callbacks->access(known, url, method, version, data, data_size) ? MHD_YES : MHD_NO;
}
static void http_on_completed(
    void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code) {
    const struct http_callbacks *callbacks = cls;
    void *known = http_connection_context(connection);
    (void)context;
    (void)code;
    if (known != NULL) callbacks->completed(known);
}
// Paths and queries are decoded, and checked, by the server itself.
static size_t http_on_unescape(void *cls, struct MHD_Connection *connection, char *text) {
    (void)cls;
    (void)connection;
    return strlen(text);
}

// A daemon without threads on a listening socket; NULL on failure. `callbacks` outlives it. Who resumes
// a connection calls http_run afterwards on the same thread, so that no wake-up channel is needed: it
// would cost a system call for each request.
static inline struct MHD_Daemon *http_start(
    int listener, size_t connection_bytes, unsigned connections_max, unsigned stall_seconds,
    struct http_callbacks *callbacks) {
    return MHD_start_daemon(
        MHD_USE_EPOLL | (MHD_ALLOW_SUSPEND_RESUME & ~MHD_USE_ITC) | MHD_USE_TURBO, 0, http_on_accept, callbacks,
        http_on_access, callbacks, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_bytes, MHD_OPTION_CONNECTION_LIMIT,
        connections_max, MHD_OPTION_CONNECTION_TIMEOUT, stall_seconds,
        MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, callbacks, MHD_OPTION_NOTIFY_COMPLETED,
        http_on_completed, callbacks, MHD_OPTION_URI_LOG_CALLBACK, http_on_line, callbacks,
        MHD_OPTION_UNESCAPE_CALLBACK, http_on_unescape, callbacks, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
}
static inline int http_descriptor(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info ? info->epoll_fd : -1;
}
// Handles everything that is ready; returns 1 when it wants to be called again at once.
static inline int http_run(struct MHD_Daemon *daemon) {
    MHD_UNSIGNED_LONG_LONG timeout = 1;
    MHD_run(daemon);
    return MHD_get_timeout(daemon, &timeout) == MHD_YES && timeout == 0;
}

typedef int (*http_header_visitor)(void *context, const char *name, const char *value);
struct http_visit {
    http_header_visitor visit;
    void *context;
};
static enum MHD_Result http_on_header(
    void *cls, enum MHD_ValueKind kind, const char *name, const char *value) {
    struct http_visit *visit = cls;
    (void)kind;
    return visit->visit(visit->context, name, value ? value : "") ? MHD_YES : MHD_NO;
}
static inline void http_visit_headers(
    struct MHD_Connection *connection, http_header_visitor visitor, void *context) {
    struct http_visit visit = {visitor, context};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, http_on_header, &visit);
}

static inline struct MHD_Response *http_response_copying(const void *bytes, size_t count) {
    return MHD_create_response_from_buffer(count, (void *)bytes, MHD_RESPMEM_MUST_COPY);
}
// size UINT64_MAX = unknown. `read` returns a count, 0 after suspending, -1 at the end, -2 on failure.
static inline struct MHD_Response *http_response_reading(
    uint64_t size, size_t block_size, ssize_t (*read)(void *, uint64_t, char *, size_t),
    void *context, void (*release)(void *)) {
    return MHD_create_response_from_callback(
        size == UINT64_MAX ? MHD_SIZE_UNKNOWN : size, block_size, read, context, release);
}
static inline int http_response_add(
    struct MHD_Response *response, const char *name, const char *value) {
    return MHD_add_response_header(response, name, value) == MHD_YES;
}
static inline int http_queue(
    struct MHD_Connection *connection, unsigned status, struct MHD_Response *response) {
    return MHD_queue_response(connection, status, response) == MHD_YES;
}
