// The inner loops of the parallax renderer for processors with AVX-512 (BW, VL, VBMI).
//
// What each does is said where the portable form is: Services/Render/Domain/Sheet. The results are
// the same.
#ifndef CSHEETKERNEL_H
#define CSHEETKERNEL_H

#include <stdbool.h>
#include <stdint.h>

// Asks memory for what will be read soon; changes nothing.
static inline void sheet_prefetch(const void *address) { __builtin_prefetch(address); }

// One frame: the scene and the camera. All planes outlive the calls; `matte` is NULL where edges are
// hard.
typedef struct {
    const uint16_t *front_depth, *back_depth;
    int32_t width, height;
    const uint8_t *matte, *luma, *cb, *cr;
    int32_t luma_stride, chroma_stride, back_rows;
    float centre_x, centre_y, shift_x, shift_y, zoom, pivot, lowest, step, rows_max;
    float xx, xy, x1, yx, yy, y1, gx, gy, g1;
} sheet_view;

// A cell of 32 x 8 pixels or a half of one: where its colours go, and the depth of each pixel
// unless that is NULL.
typedef struct {
    uint8_t *luma, *cb, *cr;
    int64_t luma_stride, chroma_stride;
    float *depth;
    int64_t depth_stride;
} sheet_target;

// Where the pixels of half a marched cell look: see Cell in Services/Render/Domain/Sheet.
typedef struct {
    int16_t *x, *y, *is_back, *cover, *behind_x, *behind_y, *is_soft;
} sheet_cell;

// The place that the numbers of half a cell count from.
typedef struct {
    int32_t x, y;
} sheet_anchor;

// A stretch of depths to march through, in at most 31 steps.
typedef struct {
    float from, du;
    int64_t steps;
} sheet_run;

// Whether this processor can run what follows.
bool sheet_is_supported(void);

// Draws a surface without jumps: nodes (8 x 4 pixels apart) are solved, the rest is interpolated.
// `depth` and `look_ups` are those of CellSearch.Surface. Returns whether it did.
bool sheet_surface(
    const sheet_view *view, const sheet_target *target, const float *node_x,
    const float *node_y, int64_t node_stride, int64_t segments, float depth, int32_t look_ups,
    bool is_inside);

// Draws half a cell with jumps; returns how many pixels the back sheet had to fill.
int64_t sheet_march(
    const sheet_view *view, const sheet_target *target, sheet_anchor anchor, bool is_inside,
    const sheet_cell *cell, int64_t left, int64_t top, const sheet_run *runs, int64_t run_count);

#endif
