#pragma once
// Encoding and headers are libturbojpeg's. It decodes a picture in one call that nothing ends, so
// decoding is done with the libjpeg interface of the same library: it reports errors by longjmp,
// which must never cross a Swift frame, and this one function keeps all of that inside C.
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <turbojpeg.h>

#include <jpeglib.h>

#define CJPEG_MESSAGE_BYTES 200
// A file of very many scans is a known way to burn time.
#define CJPEG_SCANS_MAX 500
#define CJPEG_ROWS 16

// Asked every few rows, of each scan where there are several, whether the work is still wanted.
typedef int (*cjpeg_must_stop)(void *context);

typedef struct {
    // The first two are what the library knows of this.
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    cjpeg_must_stop must_stop;
    void *context;
    int is_stopped;
    char message[CJPEG_MESSAGE_BYTES];
} cjpeg_reader;

static void cjpeg_failed(j_common_ptr jpeg) {
    cjpeg_reader *reader = (cjpeg_reader *)jpeg->err;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    strncpy(reader->message, text, CJPEG_MESSAGE_BYTES - 1);
    reader->message[CJPEG_MESSAGE_BYTES - 1] = 0;
    longjmp(reader->jump, 1);
}

// A warning means damaged data.
static void cjpeg_warned(j_common_ptr jpeg, int level) {
    if (level < 0) cjpeg_failed(jpeg);
}

static void cjpeg_ignore(j_common_ptr jpeg) { (void)jpeg; }

static void cjpeg_progressed(j_common_ptr jpeg) {
    cjpeg_reader *reader = (cjpeg_reader *)jpeg->err;
    if (((j_decompress_ptr)jpeg)->input_scan_number > CJPEG_SCANS_MAX) {
        strncpy(reader->message, "too many scans", CJPEG_MESSAGE_BYTES - 1);
        longjmp(reader->jump, 1);
    }
    if (reader->must_stop && reader->must_stop(reader->context)) {
        reader->is_stopped = 1;
        longjmp(reader->jump, 1);
    }
}

/// Decodes into `pixels`, which must hold height * row_bytes bytes of the size that the header
/// gives, divided by `denominator` and rounded up: 8-bit grey when is_grey is not 0, else RGB. 0 on
/// success, else the reader holds a message.
static inline int cjpeg_decode(
    cjpeg_reader *reader, const uint8_t *bytes, size_t count, int is_grey, int denominator,
    uint32_t width, uint32_t height, uint8_t *pixels, size_t row_bytes
) {
    struct jpeg_decompress_struct jpeg;
    memset(&jpeg, 0, sizeof jpeg);
    jpeg.err = jpeg_std_error(&reader->errors);
    reader->errors.error_exit = cjpeg_failed;
    reader->errors.emit_message = cjpeg_warned;
    reader->errors.output_message = cjpeg_ignore;
    reader->progress.progress_monitor = cjpeg_progressed;
    if (setjmp(reader->jump)) {
        jpeg_destroy_decompress(&jpeg);
        return 1;
    }
    jpeg_create_decompress(&jpeg);
    jpeg.progress = &reader->progress;
    jpeg_mem_src(&jpeg, bytes, count);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.out_color_space = is_grey ? JCS_GRAYSCALE : JCS_RGB;
    jpeg.scale_num = 1;
    jpeg.scale_denom = (unsigned)denominator;
    jpeg_start_decompress(&jpeg);
    if (jpeg.output_width != width || jpeg.output_height != height ||
        (size_t)jpeg.output_width * (size_t)jpeg.output_components != row_bytes) {
        strncpy(reader->message, "size changed while reading", CJPEG_MESSAGE_BYTES - 1);
        longjmp(reader->jump, 1);
    }
    while (jpeg.output_scanline < height) {
        JSAMPROW rows[CJPEG_ROWS];
        for (uint32_t i = 0; i < CJPEG_ROWS; i++) {
            uint32_t y = jpeg.output_scanline + i;
            rows[i] = pixels + (size_t)(y < height ? y : height - 1) * row_bytes;
        }
        uint32_t left = height - jpeg.output_scanline;
        jpeg_read_scanlines(&jpeg, rows, left < CJPEG_ROWS ? left : CJPEG_ROWS);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    return 0;
}
