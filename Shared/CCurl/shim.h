#pragma once
// libcurl without its variadic functions, which Swift cannot call.
#include <curl/curl.h>

static inline int curl_set_long(CURL *easy, int option, long value) {
    return (int)curl_easy_setopt(easy, (CURLoption)option, value);
}
static inline int curl_set_text(CURL *easy, int option, const char *value) {
    return (int)curl_easy_setopt(easy, (CURLoption)option, value);
}
static inline int curl_set_bytes(CURL *easy, const void *bytes, long long count) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    return (int)curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, (const char *)bytes);
}
static inline int curl_set_headers(CURL *easy, struct curl_slist *headers) {
    return (int)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
}
typedef size_t (*curl_receive)(char *bytes, size_t size, size_t count, void *context);
static inline int curl_set_receivers(
    CURL *easy, curl_receive head, curl_receive body, void *context) {
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, head);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
    return (int)curl_easy_setopt(easy, CURLOPT_PRIVATE, context);
}
static inline void *curl_context(CURL *easy) {
    char *context = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context);
    return context;
}
static inline long curl_status(CURL *easy) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}
// Only what the product speaks; nothing from the environment, no redirects, no signals.
static inline void curl_set_defaults(CURL *easy) {
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
}
// Takes the next finished transfer; returns it with its code, or NULL.
static inline CURL *curl_next_finished(CURLM *multi, int *code) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            *code = (int)message->data.result;
            return message->easy_handle;
        }
    }
    return NULL;
}
enum {
    CURL_SET_URL = CURLOPT_URL,
    CURL_SET_METHOD = CURLOPT_CUSTOMREQUEST,
    CURL_SET_NOBODY = CURLOPT_NOBODY,
    CURL_SET_TIMEOUT_MS = CURLOPT_TIMEOUT_MS,
    CURL_SET_CONNECT_TIMEOUT_MS = CURLOPT_CONNECTTIMEOUT_MS,
};
static inline int curl_failed_connecting(int code) {
    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
}
static inline int curl_failed_by_time(int code) { return code == CURLE_OPERATION_TIMEDOUT; }
static inline int curl_failed_by_receiver(int code) { return code == CURLE_WRITE_ERROR; }
