#pragma once
// Runs a model with ONNX Runtime, which is loaded when it is asked for and never linked.
#include <stddef.h>
#include <stdint.h>

typedef struct onnx_model onnx_model;

// Loads the library and the model; NULL with a message when that fails.
onnx_model *onnx_open(
    const char *library, const char *path, int threads, char *message, size_t message_size);
void onnx_close(onnx_model *model);

// Height and width that the model wants; 0 where it takes any.
void onnx_input_size(const onnx_model *model, int64_t *height, int64_t *width);

// Asked every few milliseconds whether the run is still wanted.
typedef int (*onnx_must_stop)(void *context);

// Runs the model on one picture of three planes, on a thread of its own while the caller's asks
// must_stop. 0 on success: the last two sides of the first output and its values, which are freed
// by onnx_free. What is stopped fails.
int onnx_run(
    onnx_model *model, float *planes, int64_t height, int64_t width, onnx_must_stop must_stop,
    void *context, float **values, int64_t *out_height, int64_t *out_width, char *message,
    size_t message_size);
void onnx_free(float *values);
