// The inner loops of the parallax renderer for processors with AVX-512 (BW, VL, VBMI).
//
// What each does is said where the portable form is: Services/Render/Domain/Sheet. The results are
// the same but for the last bit of a depth between pixels, which may move a look-up by 1/64 pixel.
#ifndef CSHEETKERNEL_H
#define CSHEETKERNEL_H

#include <stdbool.h>
#include <stdint.h>

// One frame: the scene and the camera. All planes outlive the calls.
typedef struct {
    const uint16_t *front_depth, *back_depth;
    int32_t width, height;
    const uint8_t *luma, *cb, *cr;
    int32_t luma_stride, chroma_stride, back_rows;
    float centre_x, centre_y, shift_x, shift_y, zoom, pivot, lowest, step, depth_unit;
    float xx, xy, x1, yx, yy, y1, gx, gy, g1;
} sheet_view;

// Where the pixels of a cell of 32 x 8 look.
typedef struct {
    int32_t *luma_index;
    uint16_t *luma_way;
    int32_t *chroma_index;
    uint16_t *chroma_way;
    int32_t *x, *y, *is_apart;
} sheet_cell;

// A stretch of depths to march through.
typedef struct {
    float from, du;
    int64_t steps;
} sheet_run;

// Whether this processor can run what follows.
bool sheet_is_supported(void);

// A surface without jumps: nodes (8 x 4 pixels apart) are solved, the rest is interpolated. `depth`
// may be NULL.
void sheet_surface(
    const sheet_view *view, const sheet_cell *cell, const float *node_x, const float *node_y,
    int64_t node_stride, int64_t segments, float near_depth, int64_t column, float *depth,
    int64_t depth_stride);

// A half cell with jumps; returns how many pixels the back sheet had to fill.
int64_t sheet_march(
    const sheet_view *view, const sheet_cell *cell, int64_t left, int64_t top,
    const sheet_run *runs, int64_t run_count, int64_t column, float *depth, int64_t depth_stride);

// Fetches the colours of a cell: rows of 32 luma and 16 chroma samples.
void sheet_sample(
    const sheet_view *view, const sheet_cell *cell, uint8_t *luma, int64_t luma_stride,
    uint8_t *cb, uint8_t *cr, int64_t chroma_stride, int64_t rows);

#endif
