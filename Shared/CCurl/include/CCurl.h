#pragma once
// libcurl, loaded when it is first needed: a process that calls nobody outside does not pay for the
// twenty libraries that come with it (docs/performance.md). Without its variadic functions, which
// Swift cannot call.
#include <curl/curl.h>

// Loads the library, once; 0 when it is not there. Everything below needs it.
int outbound_load(void);

CURLM *outbound_multi_make(void);
void outbound_multi_wake(CURLM *multi);
void outbound_multi_perform(CURLM *multi);
// Waits for sockets or a wake-up.
void outbound_multi_wait(CURLM *multi, int milliseconds);
void outbound_multi_add(CURLM *multi, CURL *easy);
void outbound_multi_remove(CURLM *multi, CURL *easy);
void outbound_multi_free(CURLM *multi);
// Takes the next finished transfer; returns it with its code, or NULL.
CURL *outbound_next_finished(CURLM *multi, int *code);

// A transfer that speaks only what the product does: nothing from the environment, no redirects, no
// signals. NULL without memory.
CURL *outbound_easy_make(void);
void outbound_easy_free(CURL *easy);
const char *outbound_describe(int code);
struct curl_slist *outbound_list_append(struct curl_slist *list, const char *text);
void outbound_list_free(struct curl_slist *list);

int outbound_set_long(CURL *easy, int option, long value);
int outbound_set_text(CURL *easy, int option, const char *value);
int outbound_set_bytes(CURL *easy, const void *bytes, long long count);
int outbound_set_headers(CURL *easy, struct curl_slist *headers);
typedef size_t (*outbound_receive)(char *bytes, size_t size, size_t count, void *context);
int outbound_set_receivers(
    CURL *easy, outbound_receive head, outbound_receive body, void *context);
void *outbound_context(CURL *easy);
long outbound_status(CURL *easy);

enum {
    OUTBOUND_URL = CURLOPT_URL,
    OUTBOUND_METHOD = CURLOPT_CUSTOMREQUEST,
    OUTBOUND_NO_BODY = CURLOPT_NOBODY,
    OUTBOUND_TIMEOUT_MS = CURLOPT_TIMEOUT_MS,
    OUTBOUND_CONNECT_TIMEOUT_MS = CURLOPT_CONNECTTIMEOUT_MS,
};
static inline int outbound_failed_connecting(int code) {
    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
}
static inline int outbound_failed_by_time(int code) { return code == CURLE_OPERATION_TIMEDOUT; }
static inline int outbound_failed_by_receiver(int code) { return code == CURLE_WRITE_ERROR; }
