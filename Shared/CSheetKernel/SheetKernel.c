#include "CSheetKernel.h"

#include <stddef.h>

#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang fp contract(off)

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi")))
#define WIDE_INLINE WIDE static inline __attribute__((always_inline))

enum { CELL_COLUMNS = 32, CELL_ROWS = 8 };

bool sheet_is_supported(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vbmi");
}

WIDE_INLINE __m512 clamped(__m512 x, float last) {
    return _mm512_min_ps(_mm512_max_ps(x, _mm512_setzero_ps()), _mm512_set1_ps(last));
}

// Depths by their indices. A load of two samples, of which the first counts.
WIDE_INLINE __m512 fetch(const sheet_view *v, const uint16_t *depth, __m512i index) {
    const __m512i samples =
        _mm512_and_si512(_mm512_i32gather_epi32(index, depth, 2), _mm512_set1_epi32(0xFFFF));
    return _mm512_mul_ps(_mm512_cvtepi32_ps(samples), _mm512_set1_ps(v->depth_unit));
}

// The pixel nearest to a place.
typedef struct {
    __m512i column, row;
} pixels;

WIDE_INLINE pixels nearest(const sheet_view *v, __m512 x, __m512 y) {
    const pixels p = {
        _mm512_cvtps_epi32(clamped(x, (float)(v->width - 1))),
        _mm512_cvtps_epi32(clamped(y, (float)(v->height - 1))),
    };
    return p;
}

// Depth at pixels anywhere.
WIDE_INLINE __m512 depth_at(const sheet_view *v, const uint16_t *depth, pixels p) {
    return fetch(
        v, depth,
        _mm512_add_epi32(_mm512_mullo_epi32(p.row, _mm512_set1_epi32(v->width)), p.column));
}

// Depth at pixels side by side. Most often they lie in 64 bytes of two rows, from which one
// permutation takes them: a march takes an eighth less time than with gathers alone.
WIDE_INLINE __m512 depth_along(const sheet_view *v, const uint16_t *depth, pixels p) {
    const int32_t first = _mm_cvtsi128_si32(_mm512_castsi512_si128(p.row));
    const int32_t last = _mm_extract_epi32(_mm512_extracti32x4_epi32(p.row, 3), 3);
    int32_t top = first < last ? first : last;
    top = top < v->height - 2 ? top : v->height - 2;
    int32_t left = _mm_cvtsi128_si32(_mm512_castsi512_si128(p.column));
    left = left < v->width - 32 ? left : v->width - 32;
    const __m512i across = _mm512_sub_epi32(p.column, _mm512_set1_epi32(left));
    const __m512i down = _mm512_sub_epi32(p.row, _mm512_set1_epi32(top));
    if (left < 0
        || (_mm512_cmple_epu32_mask(across, _mm512_set1_epi32(31))
            & _mm512_cmple_epu32_mask(down, _mm512_set1_epi32(1)))
            != 0xFFFF) {
        return depth_at(v, depth, p);
    }
    const uint16_t *at = depth + (int64_t)top * v->width + left;
    const __m512i samples = _mm512_maskz_permutex2var_epi16(
        0x55555555, _mm512_loadu_si512(at),
        _mm512_or_si512(across, _mm512_slli_epi32(down, 5)), _mm512_loadu_si512(at + v->width));
    return _mm512_mul_ps(_mm512_cvtepi32_ps(samples), _mm512_set1_ps(v->depth_unit));
}

// Depth between the four pixels around places.
WIDE_INLINE __m512 between(const sheet_view *v, __m512 x, __m512 y) {
    x = clamped(x, (float)(v->width - 1));
    y = clamped(y, (float)(v->height - 1));
    const __m512 column = _mm512_min_ps(
        _mm512_roundscale_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC),
        _mm512_set1_ps((float)(v->width - 2)));
    const __m512 row = _mm512_min_ps(
        _mm512_roundscale_ps(y, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC),
        _mm512_set1_ps((float)(v->height - 2)));
    const __m512 fx = _mm512_sub_ps(x, column), fy = _mm512_sub_ps(y, row);
    const __m512i index = _mm512_add_epi32(
        _mm512_mullo_epi32(_mm512_cvtps_epi32(row), _mm512_set1_epi32(v->width)),
        _mm512_cvtps_epi32(column));
    // One load has both neighbours.
    const __m512i low = _mm512_set1_epi32(0xFFFF);
    const __m512i upper = _mm512_i32gather_epi32(index, v->front_depth, 2);
    const __m512i lower = _mm512_i32gather_epi32(index, v->front_depth + v->width, 2);
    const __m512 unit = _mm512_set1_ps(v->depth_unit);
    const __m512 a = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_and_si512(upper, low)), unit);
    const __m512 b = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_srli_epi32(upper, 16)), unit);
    const __m512 c = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_and_si512(lower, low)), unit);
    const __m512 d = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_srli_epi32(lower, 16)), unit);
    const __m512 top = _mm512_add_ps(a, _mm512_mul_ps(_mm512_sub_ps(b, a), fx));
    const __m512 bottom = _mm512_add_ps(c, _mm512_mul_ps(_mm512_sub_ps(d, c), fx));
    return _mm512_add_ps(top, _mm512_mul_ps(_mm512_sub_ps(bottom, top), fy));
}

// Stores where sixteen samples look.
WIDE_INLINE void store_places(
    __m512 x, __m512 y, float last_x, float last_y, int32_t stride, int32_t *index,
    uint16_t *way) {
    x = clamped(x, last_x);
    y = clamped(y, last_y);
    const __m512 column = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    const __m512 row = _mm512_roundscale_ps(y, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    const __m512i right =
        _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_sub_ps(x, column), _mm512_set1_ps(64)));
    const __m512i down =
        _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_sub_ps(y, row), _mm512_set1_ps(32)));
    const __m512i place = _mm512_cvtps_epi32(
        _mm512_add_ps(_mm512_mul_ps(row, _mm512_set1_ps((float)stride)), column));
    _mm512_storeu_si512(index, place);
    _mm256_storeu_si256(
        (__m256i *)way,
        _mm512_cvtepi32_epi16(_mm512_or_si512(right, _mm512_slli_epi32(down, 8))));
}

// The nodes on a line across the cell, `fy` of the way from one row of nodes to the next.
WIDE_INLINE __m512 node_line(__m512 nodes, int64_t first, int64_t columns, float fy) {
    const __m512i lanes =
        _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i at = _mm512_add_epi32(lanes, _mm512_set1_epi32((int32_t)first));
    const __m512 upper = _mm512_permutexvar_ps(at, nodes);
    const __m512 lower = _mm512_permutexvar_ps(
        _mm512_add_epi32(at, _mm512_set1_epi32((int32_t)columns)), nodes);
    return _mm512_add_ps(
        upper, _mm512_mul_ps(_mm512_sub_ps(lower, upper), _mm512_set1_ps(fy)));
}

// Numbers that rise from node to node: `rising` of eight steps from the nodes `at` to the next.
WIDE_INLINE __m512 ramp(__m512 line, __m512i at, __m512 rising) {
    const __m512 left = _mm512_permutexvar_ps(at, line);
    const __m512 right =
        _mm512_permutexvar_ps(_mm512_add_epi32(at, _mm512_set1_epi32(1)), line);
    const __m512 step = _mm512_mul_ps(_mm512_sub_ps(right, left), _mm512_set1_ps(0.125f));
    return _mm512_add_ps(_mm512_mul_ps(rising, step), left);
}

WIDE_INLINE void prefetch_window(const uint8_t *at) {
    _mm_prefetch((const char *)at, _MM_HINT_T0);
    _mm_prefetch((const char *)at + 63, _MM_HINT_T0);
}

// Asks memory for what a part of a cell will fetch, a window of 64 bytes a row.
WIDE_INLINE void prefetch(const sheet_view *v, const sheet_cell *cell, int64_t column) {
    const int32_t *luma = cell->luma_index + column;
    for (int64_t row = 0; row < CELL_ROWS; row++) {
        prefetch_window(v->luma + luma[row * CELL_COLUMNS]);
    }
    prefetch_window(v->luma + luma[(CELL_ROWS - 1) * CELL_COLUMNS] + v->luma_stride);
    const int32_t *chroma = cell->chroma_index + column / 2;
    for (int64_t row = 0; row < CELL_ROWS / 2; row++) {
        const int32_t at = chroma[row * (CELL_COLUMNS / 2)];
        prefetch_window(v->cb + at);
        prefetch_window(v->cr + at);
    }
}

WIDE void sheet_surface(
    const sheet_view *v, const sheet_cell *cell, const float *node_x, const float *node_y,
    int64_t node_stride, int64_t segments, float near_depth, int64_t column, float *depth,
    int64_t depth_stride) {
    const int64_t columns = segments + 1;
    const unsigned row_mask = (1u << columns) - 1;
    __m512 px = _mm512_setzero_ps(), py = _mm512_setzero_ps();
    for (int64_t row = 0; row < 3; row++) {
        const __mmask16 mask = (__mmask16)(row_mask << (row * columns));
        px = _mm512_mask_expandloadu_ps(px, mask, node_x + row * node_stride);
        py = _mm512_mask_expandloadu_ps(py, mask, node_y + row * node_stride);
    }
    const __m512 zoom = _mm512_set1_ps(v->zoom), pivot = _mm512_set1_ps(v->pivot);
    const __m512 dx = _mm512_sub_ps(_mm512_set1_ps(v->shift_x), _mm512_mul_ps(px, zoom));
    const __m512 dy = _mm512_sub_ps(_mm512_set1_ps(v->shift_y), _mm512_mul_ps(py, zoom));
    const __m512 x = _mm512_add_ps(px, _mm512_set1_ps(v->centre_x));
    const __m512 y = _mm512_add_ps(py, _mm512_set1_ps(v->centre_y));
    __m512 t = _mm512_set1_ps(near_depth - v->pivot);
    for (int step = 0; step < 2; step++) {
        t = _mm512_sub_ps(
            depth_at(
                v, v->front_depth,
                nearest(
                    v, _mm512_add_ps(x, _mm512_mul_ps(t, dx)),
                    _mm512_add_ps(y, _mm512_mul_ps(t, dy)))),
            pivot);
    }
    const __m512 u = between(
        v, _mm512_add_ps(x, _mm512_mul_ps(t, dx)), _mm512_add_ps(y, _mm512_mul_ps(t, dy)));
    t = _mm512_sub_ps(u, pivot);
    const __m512 sx = _mm512_add_ps(x, _mm512_mul_ps(t, dx));
    const __m512 sy = _mm512_add_ps(y, _mm512_mul_ps(t, dy));

    const float last_x = (float)(v->width - 1), last_y = (float)(v->height - 1);
    // Two cells on, the same rows of depth will be wanted.
    const int32_t first_x = (int32_t)_mm512_cvtss_f32(clamped(sx, last_x));
    const int32_t first_y = (int32_t)_mm512_cvtss_f32(clamped(sy, last_y));
    const uint16_t *ahead =
        v->front_depth + (int64_t)first_y * v->width + first_x + 2 * CELL_COLUMNS;
    for (int64_t row = 0; row <= CELL_ROWS; row++) {
        _mm_prefetch((const char *)(ahead + row * v->width), _MM_HINT_T0);
    }
    const __m512 rising = _mm512_set_ps(7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i eights = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    for (int64_t row = 0; row < CELL_ROWS; row++) {
        const float fy = (float)(row % 4) * 0.25f;
        const __m512 line_x = node_line(sx, row / 4 * columns, columns, fy);
        const __m512 line_y = node_line(sy, row / 4 * columns, columns, fy);
        for (int64_t part = 0; part < segments / 2; part++) {
            const __m512i at = _mm512_add_epi32(eights, _mm512_set1_epi32((int32_t)part * 2));
            const int64_t to = row * CELL_COLUMNS + column + part * 16;
            store_places(
                ramp(line_x, at, rising), ramp(line_y, at, rising), last_x, last_y,
                v->luma_stride, cell->luma_index + to, cell->luma_way + to);
            if (depth != NULL) {
                const __m512 line = node_line(u, row / 4 * columns, columns, fy);
                _mm512_storeu_ps(depth + row * depth_stride + part * 16, ramp(line, at, rising));
            }
        }
    }
    // Chroma: two rows of eight or one of sixteen at a time.
    const __m512 middles = _mm512_set_ps(
        6.5f, 4.5f, 2.5f, 0.5f, 6.5f, 4.5f, 2.5f, 0.5f, 6.5f, 4.5f, 2.5f, 0.5f, 6.5f, 4.5f, 2.5f,
        0.5f);
    const __m512i fours = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
    const __m512 half = _mm512_set1_ps(0.5f), quarter = _mm512_set1_ps(0.25f);
    for (int64_t row = 0; row < CELL_ROWS / 2; row++) {
        const float fy = (float)(row % 2) * 0.5f + 0.125f;
        const int64_t first = row / 2 * columns;
        const __m512 cx = _mm512_sub_ps(
            _mm512_mul_ps(ramp(node_line(sx, first, columns, fy), fours, middles), half),
            quarter);
        const __m512 cy = _mm512_sub_ps(
            _mm512_mul_ps(ramp(node_line(sy, first, columns, fy), fours, middles), half),
            quarter);
        const int64_t to = row * (CELL_COLUMNS / 2) + column / 2;
        if (segments == 4) {
            store_places(
                cx, cy, last_x * 0.5f, last_y * 0.5f, v->chroma_stride, cell->chroma_index + to,
                cell->chroma_way + to);
        } else {
            int32_t index[16];
            uint16_t way[16];
            store_places(
                cx, cy, last_x * 0.5f, last_y * 0.5f, v->chroma_stride, index, way);
            __builtin_memcpy(cell->chroma_index + to, index, 8 * sizeof *index);
            __builtin_memcpy(cell->chroma_way + to, way, 8 * sizeof *way);
        }
    }
    prefetch(v, cell, column);
}

// Sixteen lines of candidates.
typedef struct {
    __m512 x, y, dx, dy;
} lines;

WIDE_INLINE __m512 depth_on(const sheet_view *v, const uint16_t *depth, lines l, __m512 u) {
    const __m512 t = _mm512_sub_ps(u, _mm512_set1_ps(v->pivot));
    return depth_along(
        v, depth,
        nearest(
            v, _mm512_add_ps(l.x, _mm512_mul_ps(l.dx, t)),
            _mm512_add_ps(l.y, _mm512_mul_ps(l.dy, t))));
}

// What a march knows of sixteen lines.
typedef struct {
    lines l;
    __m512 before, hits;
    __mmask16 searching;
} march;

WIDE_INLINE void march_begin(const sheet_view *v, march *m, float u) {
    const __m512 at = _mm512_set1_ps(u);
    m->before = _mm512_sub_ps(depth_on(v, v->front_depth, m->l, at), at);
}

// One step from u + du to u; `gap` is the front sheet's depth less u there.
WIDE_INLINE void march_step(const sheet_view *v, march *m, __m512 gap, float u, float du) {
    const __m512 at = _mm512_set1_ps(u), zero = _mm512_setzero_ps();
    const __m512 rise = _mm512_sub_ps(gap, m->before);
    const __mmask16 approaching =
        _mm512_mask_cmp_ps_mask(m->searching, m->before, zero, _CMP_LT_OQ);
    const __mmask16 reached = _mm512_cmp_ps_mask(gap, zero, _CMP_GE_OQ);
    const __mmask16 found = approaching & reached
        & _mm512_cmp_ps_mask(rise, _mm512_set1_ps(v->step + du), _CMP_LT_OQ);
    const __m512 refined = _mm512_add_ps(
        at, _mm512_div_ps(_mm512_mul_ps(_mm512_set1_ps(du), gap), rise));
    m->hits = _mm512_mask_mov_ps(m->hits, found, refined);
    m->searching &= (__mmask16)~found;
    // A thing about a pixel wide may lie under only one of two samples.
    const __mmask16 grazing = approaching & (__mmask16)~found
        & ((reached & _mm512_cmp_ps_mask(gap, _mm512_set1_ps(du), _CMP_LT_OQ))
           | ((__mmask16)~reached
              & _mm512_cmp_ps_mask(m->before, _mm512_set1_ps(-du), _CMP_GE_OQ)));
    if (grazing) {
        const __m512 where = _mm512_mask_mov_ps(
            _mm512_add_ps(_mm512_set1_ps(u + du), m->before), reached, _mm512_add_ps(at, gap));
        const __m512 off =
            _mm512_abs_ps(_mm512_sub_ps(depth_on(v, v->front_depth, m->l, where), where));
        const __mmask16 thin = _mm512_mask_cmp_ps_mask(
            grazing, off, _mm512_set1_ps(v->step * 0.25f), _CMP_LT_OQ);
        m->hits = _mm512_mask_mov_ps(m->hits, thin, where);
        m->searching &= (__mmask16)~thin;
    }
    m->before = gap;
}

// The nearest depths at which two rows of lines meet the front sheet. Two at a time: a step waits
// for its look-up longer than it computes.
WIDE_INLINE void first_hits(
    const sheet_view *v, march *upper, march *lower, const sheet_run *runs, int64_t run_count) {
    for (int64_t index = 0; index < run_count; index++) {
        float u = runs[index].from;
        const float du = runs[index].du;
        march_begin(v, upper, u);
        march_begin(v, lower, u);
        for (int64_t count = 0; count < runs[index].steps; count++) {
            u -= du;
            const __m512 at = _mm512_set1_ps(u);
            const __m512 gap0 = _mm512_sub_ps(depth_on(v, v->front_depth, upper->l, at), at);
            const __m512 gap1 = _mm512_sub_ps(depth_on(v, v->front_depth, lower->l, at), at);
            march_step(v, upper, gap0, u, du);
            march_step(v, lower, gap1, u, du);
            if (!(upper->searching | lower->searching)) return;
        }
    }
}

// Depth of the back sheet along lines that met no front sheet, from the farthest inward.
WIDE_INLINE __m512 hidden_depth(const sheet_view *v, lines l, __mmask16 missing) {
    __m512 u = _mm512_set1_ps(v->lowest);
    for (int step = 0; step < 5; step++) {
        const __m512 next = depth_on(v, v->back_depth, l, u);
        if (_mm512_mask_cmp_ps_mask(missing, next, u, _CMP_NEQ_UQ) == 0) break;
        u = next;
    }
    return u;
}

WIDE_INLINE __m512i place_of(__m512i x, __m512i y, int32_t stride) {
    return _mm512_add_epi32(
        _mm512_mullo_epi32(_mm512_srai_epi32(y, 8), _mm512_set1_epi32(stride)),
        _mm512_srai_epi32(x, 8));
}

WIDE_INLINE __m256i way_of(__m512i x, __m512i y) {
    const __m512i right = _mm512_and_si512(_mm512_srai_epi32(x, 2), _mm512_set1_epi32(63));
    const __m512i down = _mm512_and_si512(_mm512_srai_epi32(y, 3), _mm512_set1_epi32(31));
    return _mm512_cvtepi32_epi16(_mm512_or_si512(right, _mm512_slli_epi32(down, 8)));
}

// Chroma of two rows of sixteen pixels: see CellMarch.placeChroma.
WIDE_INLINE void place_chroma(const sheet_view *v, const sheet_cell *cell, int64_t row, int64_t column) {
    const int64_t above = row * 2 * CELL_COLUMNS + column, below = above + CELL_COLUMNS;
    const __m512i even =
        _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    // The lower eight lanes are those of the upper row, the others those of the lower one.
    const __m512i x0 = _mm512_loadu_si512(cell->x + above);
    const __m512i x1 = _mm512_loadu_si512(cell->x + below);
    const __m512i y0 = _mm512_loadu_si512(cell->y + above);
    const __m512i y1 = _mm512_loadu_si512(cell->y + below);
    const __m512i xe = _mm512_permutex2var_epi32(x0, even, x1);
    const __m512i xo = _mm512_permutex2var_epi32(x0, odd, x1);
    const __m512i ye = _mm512_permutex2var_epi32(y0, even, y1);
    const __m512i yo = _mm512_permutex2var_epi32(y0, odd, y1);
    const __m512i first_x = _mm512_shuffle_i64x2(xe, xe, 0x44);
    const __m512i first_y = _mm512_shuffle_i64x2(ye, ye, 0x44);
    const __m512i spread = _mm512_or_si512(
        _mm512_or_si512(
            _mm512_abs_epi32(_mm512_sub_epi32(xe, first_x)),
            _mm512_abs_epi32(_mm512_sub_epi32(xo, first_x))),
        _mm512_or_si512(
            _mm512_abs_epi32(_mm512_sub_epi32(ye, first_y)),
            _mm512_abs_epi32(_mm512_sub_epi32(yo, first_y))));
    const __m256i all =
        _mm256_or_si256(_mm512_castsi512_si256(spread), _mm512_extracti64x4_epi64(spread, 1));
    const __m512i sum_x = _mm512_add_epi32(xe, xo), sum_y = _mm512_add_epi32(ye, yo);
    const __m512i mean_x = _mm512_srai_epi32(
        _mm512_add_epi32(sum_x, _mm512_shuffle_i64x2(sum_x, sum_x, 0x4E)), 2);
    const __m512i mean_y = _mm512_srai_epi32(
        _mm512_add_epi32(sum_y, _mm512_shuffle_i64x2(sum_y, sum_y, 0x4E)), 2);
    const __m512i middle = _mm512_set1_epi32(128), zero = _mm512_setzero_si512();
    const __m512i cx =
        _mm512_max_epi32(zero, _mm512_srai_epi32(_mm512_sub_epi32(mean_x, middle), 1));
    const __m512i cy =
        _mm512_max_epi32(zero, _mm512_srai_epi32(_mm512_sub_epi32(mean_y, middle), 1));
    const int64_t to = row * (CELL_COLUMNS / 2) + column / 2;
    _mm256_storeu_si256(
        (__m256i *)(cell->chroma_index + to),
        _mm512_castsi512_si256(place_of(cx, cy, v->chroma_stride)));
    _mm_storeu_si128(
        (__m128i *)(cell->chroma_way + to), _mm256_castsi256_si128(way_of(cx, cy)));
    const __mmask8 apart = _mm256_cmpge_epu32_mask(all, _mm256_set1_epi32(1024));
    _mm256_storeu_si256(
        (__m256i *)(cell->is_apart + to), _mm256_movm_epi32(apart));
}

WIDE_INLINE march begun(const sheet_view *v, int64_t left, int64_t row) {
    const __m512 columns = _mm512_add_ps(
        _mm512_set_ps(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
        _mm512_set1_ps((float)left));
    const __m512 zoom = _mm512_set1_ps(v->zoom);
    const float below = (float)row;
    const __m512 w = _mm512_div_ps(
        _mm512_set1_ps(1),
        _mm512_add_ps(
            _mm512_mul_ps(columns, _mm512_set1_ps(v->gx)),
            _mm512_set1_ps(v->gy * below + v->g1)));
    const __m512 px = _mm512_mul_ps(
        _mm512_add_ps(
            _mm512_mul_ps(columns, _mm512_set1_ps(v->xx)),
            _mm512_set1_ps(v->xy * below + v->x1)), w);
    const __m512 py = _mm512_mul_ps(
        _mm512_add_ps(
            _mm512_mul_ps(columns, _mm512_set1_ps(v->yx)),
            _mm512_set1_ps(v->yy * below + v->y1)), w);
    const march m = {
        {
            _mm512_add_ps(px, _mm512_set1_ps(v->centre_x)),
            _mm512_add_ps(py, _mm512_set1_ps(v->centre_y)),
            _mm512_sub_ps(_mm512_set1_ps(v->shift_x), _mm512_mul_ps(px, zoom)),
            _mm512_sub_ps(_mm512_set1_ps(v->shift_y), _mm512_mul_ps(py, zoom)),
        },
        _mm512_setzero_ps(), _mm512_set1_ps(v->lowest), 0xFFFF,
    };
    return m;
}

// Stores a row of sixteen; returns how many of them the back sheet had to fill.
WIDE_INLINE int64_t settle(
    const sheet_view *v, const sheet_cell *cell, const march *m, int64_t at, float *depth) {
    __m512 hits = m->hits;
    if (m->searching) hits = _mm512_mask_mov_ps(hits, m->searching, hidden_depth(v, m->l, m->searching));
    const __m512 t = _mm512_sub_ps(hits, _mm512_set1_ps(v->pivot));
    const __m512 sx = clamped(
        _mm512_add_ps(m->l.x, _mm512_mul_ps(t, m->l.dx)), (float)(v->width - 1));
    const __m512 sy = clamped(
        _mm512_add_ps(m->l.y, _mm512_mul_ps(t, m->l.dy)), (float)(v->height - 1));
    const __m512 scale = _mm512_set1_ps(256);
    const __m512i x = _mm512_cvtps_epi32(_mm512_mul_ps(sx, scale));
    __m512i y = _mm512_cvtps_epi32(_mm512_mul_ps(sy, scale));
    y = _mm512_mask_add_epi32(y, m->searching, y, _mm512_set1_epi32(v->back_rows << 8));
    _mm512_storeu_si512(cell->x + at, x);
    _mm512_storeu_si512(cell->y + at, y);
    _mm512_storeu_si512(cell->luma_index + at, place_of(x, y, v->luma_stride));
    _mm256_storeu_si256((__m256i *)(cell->luma_way + at), way_of(x, y));
    if (depth != NULL) _mm512_storeu_ps(depth, hits);
    return __builtin_popcount(m->searching);
}

WIDE int64_t sheet_march(
    const sheet_view *v, const sheet_cell *cell, int64_t left, int64_t top,
    const sheet_run *runs, int64_t run_count, int64_t column, float *depth,
    int64_t depth_stride) {
    int64_t back_pixels = 0;
    for (int64_t row = 0; row < CELL_ROWS; row += 2) {
        march upper = begun(v, left, top + row), lower = begun(v, left, top + row + 1);
        first_hits(v, &upper, &lower, runs, run_count);
        const int64_t at = row * CELL_COLUMNS + column;
        float *to = depth != NULL ? depth + row * depth_stride : NULL;
        back_pixels += settle(v, cell, &upper, at, to);
        back_pixels += settle(
            v, cell, &lower, at + CELL_COLUMNS, to != NULL ? to + depth_stride : NULL);
        place_chroma(v, cell, row / 2, column);
    }
    prefetch(v, cell, column);
    return back_pixels;
}

// Mixes pairs of neighbours, the left one in the low byte, of two rows.
WIDE_INLINE __m512i mixed(__m512i upper, __m512i lower, __m512i way) {
    const __m512i fx = _mm512_and_si512(way, _mm512_set1_epi16(0xFF));
    const __m512i fy = _mm512_srli_epi16(way, 8);
    // 64 - fx in the low byte and fx in the high one.
    const __m512i across = _mm512_add_epi16(
        _mm512_sub_epi16(_mm512_slli_epi16(fx, 8), fx), _mm512_set1_epi16(64));
    const __m512i four = _mm512_set1_epi16(4);
    const __m512i top =
        _mm512_srli_epi16(_mm512_add_epi16(_mm512_maddubs_epi16(upper, across), four), 3);
    const __m512i bottom =
        _mm512_srli_epi16(_mm512_add_epi16(_mm512_maddubs_epi16(lower, across), four), 3);
    const __m512i sum = _mm512_add_epi16(
        _mm512_mullo_epi16(top, _mm512_sub_epi16(_mm512_set1_epi16(32), fy)),
        _mm512_mullo_epi16(bottom, fy));
    return _mm512_srli_epi16(_mm512_add_epi16(sum, _mm512_set1_epi16(128)), 8);
}

// The sixteen-bit halves of two times sixteen numbers, one after the other.
WIDE_INLINE __m512i packed(__m512i low, __m512i high) {
    return _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm512_cvtepi32_epi16(low)), _mm512_cvtepi32_epi16(high), 1);
}

// Pairs of neighbours of 32 places. Most often they all lie in 64 bytes of a row, from which one
// permutation takes them; gathers take ten times as long.
WIDE_INLINE void pairs(
    const uint8_t *plane, int32_t stride, __m512i low, __m512i high, int32_t base,
    __m512i *upper, __m512i *lower) {
    const __m512i origin = _mm512_set1_epi32(base);
    const __m512i near_low = _mm512_sub_epi32(low, origin);
    const __m512i near_high = _mm512_sub_epi32(high, origin);
    const __m512i most = _mm512_set1_epi32(62);
    if ((_mm512_cmple_epu32_mask(near_low, most) & _mm512_cmple_epu32_mask(near_high, most))
        == 0xFFFF) {
        const __m512i offset = packed(near_low, near_high);
        const __m512i both = _mm512_add_epi16(
            _mm512_or_si512(offset, _mm512_slli_epi16(offset, 8)), _mm512_set1_epi16(256));
        *upper = _mm512_permutexvar_epi8(both, _mm512_loadu_si512(plane + base));
        *lower = _mm512_permutexvar_epi8(both, _mm512_loadu_si512(plane + base + stride));
        return;
    }
    *upper = packed(
        _mm512_i32gather_epi32(low, plane, 1), _mm512_i32gather_epi32(high, plane, 1));
    *lower = packed(
        _mm512_i32gather_epi32(low, plane + stride, 1),
        _mm512_i32gather_epi32(high, plane + stride, 1));
}

WIDE void sheet_sample(
    const sheet_view *v, const sheet_cell *cell, uint8_t *luma, int64_t luma_stride,
    uint8_t *cb, uint8_t *cr, int64_t chroma_stride, int64_t rows) {
    for (int64_t row = 0; row < rows; row++) {
        const int32_t *index = cell->luma_index + row * CELL_COLUMNS;
        __m512i upper, lower;
        pairs(
            v->luma, v->luma_stride, _mm512_loadu_si512(index), _mm512_loadu_si512(index + 16),
            index[0], &upper, &lower);
        const __m512i way = _mm512_loadu_si512(cell->luma_way + row * CELL_COLUMNS);
        __builtin_prefetch(luma + row * luma_stride + 128, 1);
        _mm256_storeu_si256(
            (__m256i *)(luma + row * luma_stride),
            _mm512_cvtepi16_epi8(mixed(upper, lower, way)));
    }
    for (int64_t row = 0; row < (rows + 1) / 2; row++) {
        const int64_t at = row * (CELL_COLUMNS / 2);
        const __m512i index = _mm512_loadu_si512(cell->chroma_index + at);
        const int32_t base = cell->chroma_index[at];
        const __m512i way =
            _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(cell->chroma_way + at)));
        __builtin_prefetch(cb + row * chroma_stride + 64, 1);
        __builtin_prefetch(cr + row * chroma_stride + 64, 1);
        __m512i upper, lower;
        pairs(v->cb, v->chroma_stride, index, index, base, &upper, &lower);
        _mm_storeu_si128(
            (__m128i *)(cb + row * chroma_stride),
            _mm256_castsi256_si128(_mm512_cvtepi16_epi8(mixed(upper, lower, way))));
        pairs(v->cr, v->chroma_stride, index, index, base, &upper, &lower);
        _mm_storeu_si128(
            (__m128i *)(cr + row * chroma_stride),
            _mm256_castsi256_si128(_mm512_cvtepi16_epi8(mixed(upper, lower, way))));
    }
}

#else

bool sheet_is_supported(void) { return false; }

void sheet_surface(
    const sheet_view *view, const sheet_cell *cell, const float *node_x, const float *node_y,
    int64_t node_stride, int64_t segments, float near_depth, int64_t column, float *depth,
    int64_t depth_stride) {
    __builtin_trap();
}

int64_t sheet_march(
    const sheet_view *view, const sheet_cell *cell, int64_t left, int64_t top,
    const sheet_run *runs, int64_t run_count, int64_t column, float *depth,
    int64_t depth_stride) {
    __builtin_trap();
}

void sheet_sample(
    const sheet_view *view, const sheet_cell *cell, uint8_t *luma, int64_t luma_stride,
    uint8_t *cb, uint8_t *cr, int64_t chroma_stride, int64_t rows) {
    __builtin_trap();
}

#endif
