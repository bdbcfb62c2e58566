#include "COnnxRuntime.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// The library hands out one table of functions that only ever grows at its end, so places are
// stable. Only the places used here are named; the numbers are those of the public C interface.
enum {
    API_VERSION = 11,
    GET_ERROR_MESSAGE = 2,
    CREATE_ENV = 3,
    CREATE_SESSION = 7,
    RUN = 9,
    CREATE_SESSION_OPTIONS = 10,
    DISABLE_CPU_MEM_ARENA = 19,
    SET_INTRA_OP_NUM_THREADS = 24,
    SESSION_GET_INPUT_TYPE_INFO = 33,
    SESSION_GET_INPUT_NAME = 36,
    SESSION_GET_OUTPUT_NAME = 37,
    CREATE_RUN_OPTIONS = 39,
    RUN_OPTIONS_SET_TERMINATE = 46,
    CREATE_TENSOR_WITH_DATA = 49,
    GET_TENSOR_MUTABLE_DATA = 51,
    CAST_TYPE_INFO_TO_TENSOR_INFO = 55,
    GET_TENSOR_ELEMENT_TYPE = 60,
    GET_DIMENSIONS_COUNT = 61,
    GET_DIMENSIONS = 62,
    GET_TENSOR_TYPE_AND_SHAPE = 65,
    CREATE_CPU_MEMORY_INFO = 69,
    ALLOCATOR_FREE = 76,
    GET_DEFAULT_ALLOCATOR = 78,
    RELEASE_ENV = 92,
    RELEASE_STATUS = 93,
    RELEASE_MEMORY_INFO = 94,
    RELEASE_SESSION = 95,
    RELEASE_VALUE = 96,
    RELEASE_RUN_OPTIONS = 97,
    RELEASE_TYPE_INFO = 98,
    RELEASE_TENSOR_INFO = 99,
    RELEASE_SESSION_OPTIONS = 100,
};

enum { LOG_FATAL = 4, ARENA_ALLOCATOR = 1, MEMORY_DEFAULT = 0, ELEMENT_FLOAT = 1 };

typedef void (*entry)(void);

typedef struct {
    const entry *(*get_api)(uint32_t version);
    const char *(*get_version)(void);
} api_base;

struct onnx_model {
    void *library;
    const entry *api;
    void *env, *options, *session, *memory, *allocator;
    char *input, *output;
    int64_t height, width;
};

// A failed call's message is kept and its status released. Nonzero on failure.
static int failed(const entry *api, void *status, char *message, size_t size) {
    if (!status) return 0;
    const char *text = ((const char *(*)(const void *))api[GET_ERROR_MESSAGE])(status);
    snprintf(message, size, "%s", text ? text : "unknown");
    ((void (*)(void *))api[RELEASE_STATUS])(status);
    return 1;
}

static void release(const entry *api, int place, void *object) {
    if (object) ((void (*)(void *))api[place])(object);
}

// Height and width of a tensor of 3 or 4 dimensions.
static int sides(
    const entry *api, const void *info, int64_t *height, int64_t *width, char *message,
    size_t size) {
    int type = 0;
    size_t count = 0;
    int64_t dimensions[8] = {0};
    if (failed(api, ((void *(*)(const void *, int *))api[GET_TENSOR_ELEMENT_TYPE])(info, &type),
               message, size) ||
        failed(api, ((void *(*)(const void *, size_t *))api[GET_DIMENSIONS_COUNT])(info, &count),
               message, size))
        return 1;
    if (type != ELEMENT_FLOAT || count < 2 || count > 8) {
        snprintf(message, size, "a tensor of type %d with %zu dimensions", type, count);
        return 1;
    }
    if (failed(api,
               ((void *(*)(const void *, int64_t *, size_t))api[GET_DIMENSIONS])(
                   info, dimensions, count),
               message, size))
        return 1;
    *height = dimensions[count - 2] > 0 ? dimensions[count - 2] : 0;
    *width = dimensions[count - 1] > 0 ? dimensions[count - 1] : 0;
    // Everything before the sides and, of an input, the planes is one picture.
    for (size_t i = 0; i + 3 < count; i++) {
        if (dimensions[i] > 1) {
            snprintf(message, size, "a batch of %lld", (long long)dimensions[i]);
            return 1;
        }
    }
    return 0;
}

static int open_session(
    onnx_model *m, const char *path, int threads, char *message, size_t size) {
    const entry *api = m->api;
    void *type_info = NULL;
    const void *tensor_info = NULL;
    if (failed(api,
               ((void *(*)(int, const char *, void **))api[CREATE_ENV])(
                   LOG_FATAL, "render", &m->env),
               message, size) ||
        failed(api, ((void *(*)(void **))api[CREATE_SESSION_OPTIONS])(&m->options), message, size) ||
        failed(api,
               ((void *(*)(void *, int))api[SET_INTRA_OP_NUM_THREADS])(m->options, threads),
               message, size) ||
        // What a run took is given back after it instead of being kept for the next.
        failed(api, ((void *(*)(void *))api[DISABLE_CPU_MEM_ARENA])(m->options), message, size) ||
        failed(api,
               ((void *(*)(const void *, const char *, const void *, void **))api[CREATE_SESSION])(
                   m->env, path, m->options, &m->session),
               message, size) ||
        failed(api, ((void *(*)(void **))api[GET_DEFAULT_ALLOCATOR])(&m->allocator), message, size) ||
        failed(api,
               ((void *(*)(const void *, size_t, void *, char **))api[SESSION_GET_INPUT_NAME])(
                   m->session, 0, m->allocator, &m->input),
               message, size) ||
        failed(api,
               ((void *(*)(const void *, size_t, void *, char **))api[SESSION_GET_OUTPUT_NAME])(
                   m->session, 0, m->allocator, &m->output),
               message, size) ||
        failed(api,
               ((void *(*)(int, int, void **))api[CREATE_CPU_MEMORY_INFO])(
                   ARENA_ALLOCATOR, MEMORY_DEFAULT, &m->memory),
               message, size) ||
        failed(api,
               ((void *(*)(const void *, size_t, void **))api[SESSION_GET_INPUT_TYPE_INFO])(
                   m->session, 0, &type_info),
               message, size))
        return 1;
    int is_wrong =
        failed(api,
               ((void *(*)(const void *, const void **))api[CAST_TYPE_INFO_TO_TENSOR_INFO])(
                   type_info, &tensor_info),
               message, size);
    if (!is_wrong && !tensor_info) {
        snprintf(message, size, "the first input is no tensor");
        is_wrong = 1;
    }
    if (!is_wrong) is_wrong = sides(api, tensor_info, &m->height, &m->width, message, size);
    release(api, RELEASE_TYPE_INFO, type_info);
    return is_wrong;
}

onnx_model *onnx_open(
    const char *library, const char *path, int threads, char *message, size_t size) {
    onnx_model *m = calloc(1, sizeof *m);
    if (!m) {
        snprintf(message, size, "no memory");
        return NULL;
    }
    m->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!m->library) {
        const char *why = dlerror();
        snprintf(message, size, "%s", why ? why : "the library cannot be loaded");
        onnx_close(m);
        return NULL;
    }
    const api_base *(*get_base)(void) = (const api_base *(*)(void))dlsym(m->library, "OrtGetApiBase");
    const api_base *base = get_base ? get_base() : NULL;
    m->api = base ? base->get_api(API_VERSION) : NULL;
    if (!m->api) {
        snprintf(message, size, "the library is no ONNX Runtime of interface %d", API_VERSION);
        onnx_close(m);
        return NULL;
    }
    if (open_session(m, path, threads, message, size)) {
        onnx_close(m);
        return NULL;
    }
    return m;
}

void onnx_close(onnx_model *m) {
    if (!m) return;
    if (m->api) {
        char *names[] = {m->input, m->output};
        for (int i = 0; i < 2; i++) {
            if (!names[i]) continue;
            void *status =
                ((void *(*)(void *, void *))m->api[ALLOCATOR_FREE])(m->allocator, names[i]);
            release(m->api, RELEASE_STATUS, status);
        }
        release(m->api, RELEASE_MEMORY_INFO, m->memory);
        release(m->api, RELEASE_SESSION, m->session);
        release(m->api, RELEASE_SESSION_OPTIONS, m->options);
        release(m->api, RELEASE_ENV, m->env);
    }
    // The library keeps threads and hooks of its own and is not unloaded.
    free(m);
}

void onnx_input_size(const onnx_model *m, int64_t *height, int64_t *width) {
    *height = m->height;
    *width = m->width;
}

// A run on a thread of its own.
typedef struct {
    const onnx_model *model;
    const void *input, *options;
    void *output, *status;
    int is_done;
    pthread_mutex_t mutex;
    pthread_cond_t done;
} run_state;

static void *run(void *argument) {
    run_state *state = argument;
    const onnx_model *m = state->model;
    const char *inputs[] = {m->input}, *outputs[] = {m->output};
    const void *const in[] = {state->input};
    state->status =
        ((void *(*)(void *, const void *, const char *const *, const void *const *, size_t,
                    const char *const *, size_t, void **))m->api[RUN])(
            m->session, state->options, inputs, in, 1, outputs, 1, &state->output);
    pthread_mutex_lock(&state->mutex);
    state->is_done = 1;
    pthread_cond_signal(&state->done);
    pthread_mutex_unlock(&state->mutex);
    return NULL;
}

// Waits for a run, which ends between two of its operations when it must stop.
static void wait_for(run_state *state, void *options, onnx_must_stop must_stop, void *context) {
    const entry *api = state->model->api;
    int is_stopped = 0;
    pthread_mutex_lock(&state->mutex);
    while (!state->is_done) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 5000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&state->done, &state->mutex, &until);
        if (state->is_done || is_stopped || !must_stop(context)) continue;
        is_stopped = 1;
        release(api, RELEASE_STATUS,
                ((void *(*)(void *))api[RUN_OPTIONS_SET_TERMINATE])(options));
    }
    pthread_mutex_unlock(&state->mutex);
}

// The first output of the model for an input; nonzero on failure.
static int run_on_thread(
    onnx_model *m, const void *input, onnx_must_stop must_stop, void *context, void **output,
    char *message, size_t size) {
    void *options = NULL;
    if (failed(m->api, ((void *(*)(void **))m->api[CREATE_RUN_OPTIONS])(&options), message, size))
        return 1;
    run_state state = {.model = m, .input = input, .options = options};
    pthread_mutex_init(&state.mutex, NULL);
    pthread_cond_init(&state.done, NULL);
    pthread_t thread;
    int is_wrong = pthread_create(&thread, NULL, run, &state) != 0;
    if (is_wrong) {
        snprintf(message, size, "no thread");
    } else {
        wait_for(&state, options, must_stop, context);
        pthread_join(thread, NULL);
        is_wrong = failed(m->api, state.status, message, size);
        *output = state.output;
    }
    pthread_cond_destroy(&state.done);
    pthread_mutex_destroy(&state.mutex);
    release(m->api, RELEASE_RUN_OPTIONS, options);
    return is_wrong;
}

int onnx_run(
    onnx_model *m, float *planes, int64_t height, int64_t width, onnx_must_stop must_stop,
    void *context, float **values, int64_t *out_height, int64_t *out_width, char *message,
    size_t size) {
    const entry *api = m->api;
    const int64_t shape[4] = {1, 3, height, width};
    void *input = NULL, *output = NULL, *info = NULL;
    float *data = NULL;
    int is_wrong = 1;
    if (failed(api,
               ((void *(*)(const void *, void *, size_t, const int64_t *, size_t, int,
                           void **))api[CREATE_TENSOR_WITH_DATA])(
                   m->memory, planes, (size_t)(3 * height * width) * sizeof(float), shape, 4,
                   ELEMENT_FLOAT, &input),
               message, size))
        return 1;
    if (!run_on_thread(m, input, must_stop, context, &output, message, size) &&
        !failed(api,
                ((void *(*)(const void *, void **))api[GET_TENSOR_TYPE_AND_SHAPE])(output, &info),
                message, size) &&
        !sides(api, info, out_height, out_width, message, size) &&
        !failed(api, ((void *(*)(void *, void **))api[GET_TENSOR_MUTABLE_DATA])(
                         output, (void **)&data),
                message, size)) {
        const int64_t count = *out_height * *out_width;
        if (count <= 0 || count > (1 << 26)) {
            snprintf(message, size, "an empty or huge output");
        } else if (!(*values = malloc((size_t)count * sizeof(float)))) {
            snprintf(message, size, "no memory");
        } else {
            memcpy(*values, data, (size_t)count * sizeof(float));
            is_wrong = 0;
        }
    }
    release(api, RELEASE_TENSOR_INFO, info);
    release(api, RELEASE_VALUE, output);
    release(api, RELEASE_VALUE, input);
    return is_wrong;
}

void onnx_free(float *values) { free(values); }
