#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>

// The checks that curl wraps around these two are macros, in the way of functions of the same type.
#undef curl_easy_setopt
#undef curl_easy_getinfo

static struct {
    int is_loaded;
    CURLcode (*global_init)(long);
    CURLM *(*multi_init)(void);
    CURLMcode (*multi_wakeup)(CURLM *);
    CURLMcode (*multi_perform)(CURLM *, int *);
    CURLMcode (*multi_poll)(CURLM *, struct curl_waitfd *, unsigned, int, int *);
    CURLMcode (*multi_add_handle)(CURLM *, CURL *);
    CURLMcode (*multi_remove_handle)(CURLM *, CURL *);
    CURLMcode (*multi_cleanup)(CURLM *);
    CURLMsg *(*multi_info_read)(CURLM *, int *);
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    const char *(*easy_strerror)(CURLcode);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
} api;

static void load(void) {
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return;
    const struct {
        void *place;
        const char *name;
    } symbols[] = {
        {&api.global_init, "curl_global_init"},
        {&api.multi_init, "curl_multi_init"},
        {&api.multi_wakeup, "curl_multi_wakeup"},
        {&api.multi_perform, "curl_multi_perform"},
        {&api.multi_poll, "curl_multi_poll"},
        {&api.multi_add_handle, "curl_multi_add_handle"},
        {&api.multi_remove_handle, "curl_multi_remove_handle"},
        {&api.multi_cleanup, "curl_multi_cleanup"},
        {&api.multi_info_read, "curl_multi_info_read"},
        {&api.easy_init, "curl_easy_init"},
        {&api.easy_cleanup, "curl_easy_cleanup"},
        {&api.easy_setopt, "curl_easy_setopt"},
        {&api.easy_getinfo, "curl_easy_getinfo"},
        {&api.easy_strerror, "curl_easy_strerror"},
        {&api.slist_append, "curl_slist_append"},
        {&api.slist_free_all, "curl_slist_free_all"},
    };
    for (size_t index = 0; index < sizeof symbols / sizeof symbols[0]; index++) {
        void *symbol = dlsym(library, symbols[index].name);
        if (symbol == NULL) return;
        *(void **)symbols[index].place = symbol;
    }
    api.is_loaded = api.global_init(CURL_GLOBAL_ALL) == CURLE_OK;
}

int outbound_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return api.is_loaded;
}

CURLM *outbound_multi_make(void) { return api.multi_init(); }
void outbound_multi_wake(CURLM *multi) { api.multi_wakeup(multi); }
void outbound_multi_perform(CURLM *multi) {
    int running = 0;
    api.multi_perform(multi, &running);
}
void outbound_multi_wait(CURLM *multi, int milliseconds) {
    int ready = 0;
    api.multi_poll(multi, NULL, 0, milliseconds, &ready);
}
void outbound_multi_add(CURLM *multi, CURL *easy) { api.multi_add_handle(multi, easy); }
void outbound_multi_remove(CURLM *multi, CURL *easy) { api.multi_remove_handle(multi, easy); }
void outbound_multi_free(CURLM *multi) { api.multi_cleanup(multi); }

CURL *outbound_next_finished(CURLM *multi, int *code) {
    int left = 0;
    CURLMsg *message;
    while ((message = api.multi_info_read(multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            *code = (int)message->data.result;
            return message->easy_handle;
        }
    }
    return NULL;
}

CURL *outbound_easy_make(void) {
    CURL *easy = api.easy_init();
    if (easy == NULL) return NULL;
    api.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    api.easy_setopt(easy, CURLOPT_PROXY, "");
    api.easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    api.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    api.easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    return easy;
}
void outbound_easy_free(CURL *easy) { api.easy_cleanup(easy); }
const char *outbound_describe(int code) { return api.easy_strerror((CURLcode)code); }
struct curl_slist *outbound_list_append(struct curl_slist *list, const char *text) {
    return api.slist_append(list, text);
}
void outbound_list_free(struct curl_slist *list) {
    if (list != NULL) api.slist_free_all(list);
}

int outbound_set_long(CURL *easy, int option, long value) {
    return (int)api.easy_setopt(easy, (CURLoption)option, value);
}
int outbound_set_text(CURL *easy, int option, const char *value) {
    return (int)api.easy_setopt(easy, (CURLoption)option, value);
}
int outbound_set_bytes(CURL *easy, const void *bytes, long long count) {
    api.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    return (int)api.easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, (const char *)bytes);
}
int outbound_set_headers(CURL *easy, struct curl_slist *headers) {
    return (int)api.easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
}
int outbound_set_receivers(
    CURL *easy, outbound_receive head, outbound_receive body, void *context) {
    api.easy_setopt(easy, CURLOPT_HEADERFUNCTION, head);
    api.easy_setopt(easy, CURLOPT_HEADERDATA, context);
    api.easy_setopt(easy, CURLOPT_WRITEFUNCTION, body);
    api.easy_setopt(easy, CURLOPT_WRITEDATA, context);
    return (int)api.easy_setopt(easy, CURLOPT_PRIVATE, context);
}
void *outbound_context(CURL *easy) {
    char *context = NULL;
    api.easy_getinfo(easy, CURLINFO_PRIVATE, &context);
    return context;
}
long outbound_status(CURL *easy) {
    long status = 0;
    api.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}
