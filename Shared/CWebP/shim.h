#pragma once
// libwebp's decoder and encoder; its configuration macros check an ABI number, which Swift cannot call.
#include <stdint.h>
#include <webp/decode.h>
#include <webp/encode.h>

typedef struct {
    int width, height, has_alpha, is_animated, is_lossless;
} cwebp_info;

// Reads the header. 0 on success, 1 when it is cut, 2 when it is none.
static inline int cwebp_probe(const uint8_t *bytes, size_t count, cwebp_info *info) {
    WebPBitstreamFeatures features;
    VP8StatusCode status = WebPGetFeatures(bytes, count, &features);
    if (status != VP8_STATUS_OK) return status == VP8_STATUS_NOT_ENOUGH_DATA ? 1 : 2;
    info->width = features.width;
    info->height = features.height;
    info->has_alpha = features.has_alpha;
    info->is_animated = features.has_animation;
    info->is_lossless = features.format == 2;
    return 0;
}

// Asked every few milliseconds whether the work is still wanted.
typedef int (*cwebp_must_stop)(void *context);

enum { CWEBP_DAMAGED = 1, CWEBP_STOPPED = 2 };

// Decodes into rows of RGB, or RGBA when the picture has alpha, a piece of the file at a time. 0 on
// success; a cut file is damaged.
static inline int cwebp_decode(
    const uint8_t *bytes, size_t count, int has_alpha, uint8_t *pixels, size_t pixel_bytes, int stride,
    cwebp_must_stop must_stop, void *context) {
    WebPIDecoder *decoder = WebPINewRGB(has_alpha ? MODE_RGBA : MODE_RGB, pixels, pixel_bytes, stride);
    if (decoder == NULL) return CWEBP_DAMAGED;
    // The smaller the file, the more pixels each of its bytes may stand for.
    size_t piece = count / 256, end = 0;
    if (piece < 64) piece = 64;
    if (piece > 32768) piece = 32768;
    int result = CWEBP_DAMAGED;
    while (end < count) {
        if (must_stop(context)) {
            result = CWEBP_STOPPED;
            break;
        }
        end = count - end > piece ? end + piece : count;
        VP8StatusCode status = WebPIUpdate(decoder, bytes, end);
        if (status == VP8_STATUS_OK) result = 0;
        if (status != VP8_STATUS_SUSPENDED) break;
    }
    WebPIDelete(decoder);
    return result;
}

typedef struct {
    cwebp_must_stop must_stop;
    void *context;
} cwebp_progress;

static inline int cwebp_goes_on(int percent, const WebPPicture *picture) {
    (void)percent;
    const cwebp_progress *progress = (const cwebp_progress *)picture->user_data;
    return !progress->must_stop(progress->context);
}

// Encodes planes of 4:2:0 without copying them. 0 on success, -2 when stopped, else the library's
// error; the bytes are freed by cwebp_free.
static inline int cwebp_encode(
    const uint8_t *y, const uint8_t *u, const uint8_t *v, int width, int height, float quality,
    cwebp_must_stop must_stop, void *context, uint8_t **bytes, size_t *count) {
    WebPConfig config;
    WebPPicture picture;
    if (!WebPConfigInit(&config) || !WebPPictureInit(&picture)) return -1;
    config.quality = quality;
    config.method = 0;
    WebPMemoryWriter writer;
    WebPMemoryWriterInit(&writer);
    picture.use_argb = 0;
    picture.colorspace = WEBP_YUV420;
    picture.width = width;
    picture.height = height;
    picture.y = (uint8_t *)y;
    picture.u = (uint8_t *)u;
    picture.v = (uint8_t *)v;
    picture.y_stride = width;
    picture.uv_stride = (width + 1) / 2;
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &writer;
    cwebp_progress progress = {must_stop, context};
    picture.user_data = &progress;
    picture.progress_hook = cwebp_goes_on;
    if (!WebPEncode(&config, &picture)) {
        WebPMemoryWriterClear(&writer);
        if (picture.error_code == VP8_ENC_ERROR_USER_ABORT) return -2;
        return picture.error_code == 0 ? -1 : (int)picture.error_code;
    }
    *bytes = writer.mem;
    *count = writer.size;
    return 0;
}

static inline void cwebp_free(uint8_t *bytes) { WebPFree(bytes); }
