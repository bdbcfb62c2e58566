#pragma once
// libpng reports errors by longjmp, which must never cross a Swift frame. These two functions keep
// every libpng call and its setjmp inside C and answer with a status and a message instead.
#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CPNG_MESSAGE_BYTES 96

// Asked every few rows whether the work is still wanted; NULL: it is.
typedef int (*cpng_must_stop)(void *context);

typedef struct {
    const uint8_t *bytes;
    size_t count;
    size_t offset;
    cpng_must_stop must_stop;
    void *context;
    int is_stopped;
    char message[CPNG_MESSAGE_BYTES];
} cpng_reader;

typedef struct {
    uint8_t *bytes;
    size_t count;
    size_t capacity;
    cpng_must_stop must_stop;
    void *context;
    int is_stopped;
    char message[CPNG_MESSAGE_BYTES];
} cpng_writer;

static inline void cpng_keep_message(char *into, const char *text) {
    strncpy(into, text, CPNG_MESSAGE_BYTES - 1);
    into[CPNG_MESSAGE_BYTES - 1] = 0;
}

static void cpng_read_failed(png_structp png, png_const_charp text) {
    cpng_keep_message(((cpng_reader *)png_get_error_ptr(png))->message, text);
    png_longjmp(png, 1);
}

static void cpng_write_failed(png_structp png, png_const_charp text) {
    cpng_keep_message(((cpng_writer *)png_get_error_ptr(png))->message, text);
    png_longjmp(png, 1);
}

static void cpng_ignore_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void cpng_read_bytes(png_structp png, png_bytep into, size_t count) {
    cpng_reader *reader = (cpng_reader *)png_get_io_ptr(png);
    if (count > reader->count - reader->offset) png_error(png, "file ends early");
    memcpy(into, reader->bytes + reader->offset, count);
    reader->offset += count;
}

static void cpng_write_bytes(png_structp png, png_bytep from, size_t count) {
    cpng_writer *writer = (cpng_writer *)png_get_io_ptr(png);
    if (writer->count + count > writer->capacity) {
        size_t capacity = writer->capacity * 2 + count + 4096;
        uint8_t *grown = (uint8_t *)realloc(writer->bytes, capacity);
        if (grown == NULL) png_error(png, "no memory");
        writer->bytes = grown;
        writer->capacity = capacity;
    }
    memcpy(writer->bytes + writer->count, from, count);
    writer->count += count;
}

static inline int cpng_is_stopped(
    cpng_must_stop must_stop, void *context, uint32_t row, int *is_stopped
) {
    if (row % 16 == 0 && must_stop && must_stop(context)) *is_stopped = 1;
    return *is_stopped;
}

static void cpng_flush(png_structp png) { (void)png; }

/// Decodes into `pixels`, which must hold height * row_bytes bytes of the size that the header
/// gives: RGB8 when is_grey is 0, else native-endian 16-bit grey. 0 on success, else the reader
/// holds a message.
static inline int cpng_decode(
    cpng_reader *reader, int is_grey, uint32_t width, uint32_t height, uint32_t side_max,
    uint8_t *pixels, size_t row_bytes
) {
    png_structp png = png_create_read_struct(
        PNG_LIBPNG_VER_STRING, reader, cpng_read_failed, cpng_ignore_warning);
    if (png == NULL) return 1;
    png_infop info = png_create_info_struct(png);
    if (info == NULL) {
        png_destroy_read_struct(&png, NULL, NULL);
        return 1;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return 1;
    }
    png_set_user_limits(png, side_max, side_max);
    png_set_chunk_malloc_max(png, 8u << 20);
    png_set_chunk_cache_max(png, 64);
    png_set_read_fn(png, reader, cpng_read_bytes);
    png_read_info(png, info);
    if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height)
        png_error(png, "size changed while reading");

    int colour = png_get_color_type(png, info);
    png_set_expand(png);
    if (is_grey) {
        png_set_expand_16(png);
        png_set_swap(png);
        if (colour & PNG_COLOR_MASK_COLOR) png_set_rgb_to_gray(png, 1, -1, -1);
        png_set_strip_alpha(png);
    } else {
        png_set_scale_16(png);
        if (!(colour & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
        // Transparent pixels have no colour of their own: they are seen over white.
        if ((colour & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, info, PNG_INFO_tRNS)) {
            png_color_16 white = {0, 255, 255, 255, 255};
            if (png_get_bit_depth(png, info) == 16)
                white.red = white.green = white.blue = white.gray = 65535;
            png_set_background(png, &white, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1.0);
        }
    }
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != row_bytes) png_error(png, "unexpected row size");
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < height; y++) {
            if (cpng_is_stopped(reader->must_stop, reader->context, y, &reader->is_stopped))
                png_error(png, "stopped");
            png_read_row(png, pixels + y * row_bytes, NULL);
        }
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
}

/// Encodes rows of `channels` (1 or 3) samples of `bits` (8, or native-endian 16) each. The
/// writer's bytes are malloc'ed and the caller's to free, on failure as well. 0 on success.
static inline int cpng_encode(
    cpng_writer *writer, const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
    int bits, int level
) {
    png_structp png = png_create_write_struct(
        PNG_LIBPNG_VER_STRING, writer, cpng_write_failed, cpng_ignore_warning);
    if (png == NULL) return 1;
    png_infop info = png_create_info_struct(png);
    if (info == NULL) {
        png_destroy_write_struct(&png, NULL);
        return 1;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return 1;
    }
    png_set_write_fn(png, writer, cpng_write_bytes, cpng_flush);
    png_set_compression_level(png, level);
    png_set_IHDR(
        png, info, width, height, bits, channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
        PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    if (bits == 16) png_set_swap(png);
    size_t row_bytes = (size_t)width * (size_t)channels * (size_t)(bits / 8);
    for (uint32_t y = 0; y < height; y++) {
        if (cpng_is_stopped(writer->must_stop, writer->context, y, &writer->is_stopped))
            png_error(png, "stopped");
        png_write_row(png, pixels + y * row_bytes);
    }
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return 0;
}
