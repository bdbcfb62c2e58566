#include "Wide.h"

#if defined(__x86_64__)

bool sheet_is_supported(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vbmi");
}

WIDE_INLINE __m512 clamped(__m512 x, float last) {
    return _mm512_min_ps(_mm512_max_ps(x, _mm512_setzero_ps()), _mm512_set1_ps(last));
}

// Depths by their indices. A load of two samples, of which the first counts.
WIDE_INLINE __m512 fetch(const uint16_t *depth, __m512i index) {
    const __m512i samples =
        _mm512_and_si512(_mm512_i32gather_epi32(index, depth, 2), _mm512_set1_epi32(0xFFFF));
    return _mm512_mul_ps(_mm512_cvtepi32_ps(samples), _mm512_set1_ps(DEPTH_UNIT));
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
        depth,
        _mm512_add_epi32(_mm512_mullo_epi32(p.row, _mm512_set1_epi32(v->width)), p.column));
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
    const __m512 unit = _mm512_set1_ps(DEPTH_UNIT);
    const __m512 a = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_and_si512(upper, low)), unit);
    const __m512 b = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_srli_epi32(upper, 16)), unit);
    const __m512 c = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_and_si512(lower, low)), unit);
    const __m512 d = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_srli_epi32(lower, 16)), unit);
    const __m512 top = _mm512_add_ps(a, _mm512_mul_ps(_mm512_sub_ps(b, a), fx));
    const __m512 bottom = _mm512_add_ps(c, _mm512_mul_ps(_mm512_sub_ps(d, c), fx));
    return _mm512_add_ps(top, _mm512_mul_ps(_mm512_sub_ps(bottom, top), fy));
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
WIDE_INLINE __m512 line_ramp(__m512 line, __m512i at, __m512 rising) {
    const __m512 left = _mm512_permutexvar_ps(at, line);
    const __m512 right =
        _mm512_permutexvar_ps(_mm512_add_epi32(at, _mm512_set1_epi32(1)), line);
    const __m512 step = _mm512_mul_ps(_mm512_sub_ps(right, left), _mm512_set1_ps(0.125f));
    return _mm512_add_ps(_mm512_mul_ps(rising, step), left);
}

// The depth between the nodes.
WIDE static void draw_depth(__m512 u, const sheet_target *target, int64_t segments) {
    const int64_t columns = segments + 1;
    const __m512 rising = _mm512_set_ps(7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i eights = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    for (int64_t row = 0; row < CELL_ROWS; row++) {
        const __m512 line = node_line(u, row / 4 * columns, columns, (float)(row % 4) * 0.25f);
        for (int64_t part = 0; part < segments / 2; part++) {
            const __m512i at = _mm512_add_epi32(eights, _mm512_set1_epi32((int32_t)part * 2));
            _mm512_storeu_ps(
                target->depth + row * target->depth_stride + part * 16,
                line_ramp(line, at, rising));
        }
    }
}

// Fetches pairs from one or two planes whose places have columns within 62 of `left`. A window of
// 64 bytes a row holds them: one permutation takes what lies in it, where gathers take ten times as
// long. Most often the first sixteen are in one row and the others in one.
WIDE_INLINE void fetch_rows(
    const uint8_t *one, const uint8_t *other, int64_t stride, __m512i column, __m512i row,
    int32_t left, pairs *of_one, pairs *of_other) {
    const __m512i both = both_bytes(_mm512_sub_epi16(column, numbers((int16_t)left)));
    const int16_t first = (int16_t)_mm_cvtsi128_si32(_mm512_castsi512_si128(row));
    int64_t at = (int64_t)first * stride + left;
    of_one->upper = _mm512_permutexvar_epi8(both, _mm512_loadu_si512(one + at));
    of_one->lower = _mm512_permutexvar_epi8(both, _mm512_loadu_si512(one + at + stride));
    if (other != NULL) {
        of_other->upper = _mm512_permutexvar_epi8(both, _mm512_loadu_si512(other + at));
        of_other->lower = _mm512_permutexvar_epi8(both, _mm512_loadu_si512(other + at + stride));
    }
    __mmask32 rest = _mm512_cmpneq_epi16_mask(row, numbers(first));
    if (rest == 0) return;
    int16_t next = (int16_t)_mm_cvtsi128_si32(_mm512_extracti32x4_epi32(row, 2));
    int16_t rows[32];
    while (true) {
        const __mmask32 lanes = _mm512_mask_cmpeq_epi16_mask(rest, row, numbers(next));
        at = (int64_t)next * stride + left;
        take(of_one, one + at, stride, both, lanes);
        if (other != NULL) take(of_other, other + at, stride, both, lanes);
        rest &= ~lanes;
        if (rest == 0) return;
        _mm512_storeu_si512(rows, row);
        next = rows[__builtin_ctz(rest)];
    }
}

// What a part of a cell needs between its nodes.
typedef struct {
    __m512i nodes;
    int64_t columns;
} node_numbers;

// Numbers between the nodes of a row: `bend` times what two nodes differ by more than `nominal`,
// divided by two to the power of `shift`.
WIDE_INLINE __m512i ramp(
    node_numbers n, int64_t first, __m512i segment, int16_t nominal, __m512i base, __m512i bend,
    int shift) {
    const __m512i at = _mm512_add_epi16(segment, numbers((int16_t)first));
    const __m512i left = _mm512_permutexvar_epi16(at, n.nodes);
    const __m512i right =
        _mm512_permutexvar_epi16(_mm512_add_epi16(at, numbers(1)), n.nodes);
    const __m512i more =
        _mm512_sub_epi16(_mm512_sub_epi16(right, left), numbers(nominal));
    return _mm512_add_epi16(
        _mm512_add_epi16(base, left),
        _mm512_srai_epi16(_mm512_mullo_epi16(more, bend), (unsigned)shift));
}

// Asks memory for what the next cell will look at.
WIDE_INLINE void prefetch_next(
    const sheet_view *v, const uint8_t *luma, const uint8_t *cb, const uint8_t *cr,
    const uint16_t *depth) {
    for (int64_t row = -4; row < 6; row++) sheet_prefetch(luma + row * v->luma_stride + 80);
    for (int64_t row = -2; row < 3; row++) {
        sheet_prefetch(cb + row * v->chroma_stride + 56);
        sheet_prefetch(cr + row * v->chroma_stride + 56);
    }
    for (int64_t row = -5; row < 6; row++) sheet_prefetch(depth + row * v->width + 64);
}

// SurfacePainter.draw for a whole part; `anchor` is the place that the numbers count from.
WIDE_INLINE void draw_between(
    const sheet_view *v, const sheet_target *target, node_numbers n, sheet_anchor anchor,
    int64_t segments, bool is_inside) {
    const uint8_t *luma =
        v->luma + (int64_t)anchor.y * v->luma_stride + anchor.x;
    const int64_t chroma_at = (int64_t)(anchor.y >> 1) * v->chroma_stride + (anchor.x >> 1);
    const uint8_t *cb = v->cb + chroma_at, *cr = v->cr + chroma_at;
    prefetch_next(
        v, luma, cb, cr, v->front_depth + (int64_t)anchor.y * v->width + anchor.x);
    const int64_t low_x = (int64_t)anchor.x * -256, low_y = (int64_t)anchor.y * -256;
    const int64_t last_x = (int64_t)(v->width - 1) * 256, last_y = (int64_t)(v->height - 1) * 256;

    const __m512i lane = _mm512_set_epi16(
        31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9,
        8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i last_segment = numbers((int16_t)(segments - 1));
    const __m512i segment = _mm512_min_epi16(_mm512_srli_epi16(lane, 3), last_segment);
    const __m512i rising = _mm512_and_si512(lane, numbers(7));
    const __m512i base = _mm512_slli_epi16(rising, 8), zero = _mm512_setzero_si512();
    __m512i top_x = ramp(n, 0, segment, 2048, base, rising, 3);
    __m512i top_y = ramp(n, 16, segment, 0, zero, rising, 3);
    for (int64_t gap = 0; gap < 2; gap++) {
        const int64_t below = (gap + 1) * n.columns;
        const __m512i bottom_x = ramp(n, below, segment, 2048, base, rising, 3);
        const __m512i bottom_y = ramp(n, 16 + below, segment, 0, zero, rising, 3);
        const __m512i down_x = _mm512_sub_epi16(bottom_x, top_x);
        const __m512i down_y = _mm512_sub_epi16(bottom_y, top_y);
        for (int16_t row = 0; row < 4; row++) {
            __m512i x = _mm512_add_epi16(
                top_x, _mm512_srai_epi16(_mm512_mullo_epi16(down_x, numbers(row)), 2));
            __m512i y = _mm512_add_epi16(
                top_y, _mm512_srai_epi16(_mm512_mullo_epi16(down_y, numbers(row)), 2));
            if (!is_inside) {
                x = held(x, low_x, low_x + last_x);
                y = held(y, low_y, low_y + last_y);
            }
            const __m512i column = _mm512_srai_epi16(x, 8);
            pairs p;
            fetch_rows(
                luma, NULL, v->luma_stride, column, _mm512_srai_epi16(y, 8),
                (int16_t)_mm_cvtsi128_si32(_mm512_castsi512_si128(column)), &p, NULL);
            const __m256i drawn = _mm512_cvtepi16_epi8(mixed(
                p.upper, p.lower, _mm512_and_si512(_mm512_srli_epi16(x, 2), numbers(63)),
                _mm512_and_si512(_mm512_srli_epi16(y, 3), numbers(31))));
            uint8_t *out = target->luma + (gap * 4 + row) * target->luma_stride;
            if (segments == 4) {
                __builtin_prefetch(out + 128, 1);
                _mm256_storeu_si256((__m256i *)out, drawn);
            } else {
                _mm_storeu_si128((__m128i *)out, _mm256_castsi256_si128(drawn));
            }
        }
        top_x = bottom_x;
        top_y = bottom_y;
    }
    // Chroma: two rows of sixteen at a time.
    const __m512i chroma_segment = _mm512_min_epi16(
        _mm512_and_si512(_mm512_srli_epi16(lane, 2), numbers(3)), last_segment);
    // 1, 5, 9, 13 of sixteen steps from node to node.
    const __m512i sixteenths =
        _mm512_add_epi16(_mm512_slli_epi16(_mm512_and_si512(lane, numbers(3)), 2), numbers(1));
    const __m512i chroma_base = _mm512_slli_epi16(sixteenths, 7);
    const __m512i eighths = _mm512_mask_blend_epi16(0xFFFF0000, numbers(1), numbers(5));
    top_x = ramp(n, 0, chroma_segment, 2048, chroma_base, sixteenths, 4);
    top_y = ramp(n, 16, chroma_segment, 0, zero, sixteenths, 4);
    for (int64_t gap = 0; gap < 2; gap++) {
        const int64_t below = (gap + 1) * n.columns;
        const __m512i bottom_x =
            ramp(n, below, chroma_segment, 2048, chroma_base, sixteenths, 4);
        const __m512i bottom_y = ramp(n, 16 + below, chroma_segment, 0, zero, sixteenths, 4);
        __m512i x = _mm512_add_epi16(
            top_x,
            _mm512_srai_epi16(
                _mm512_mullo_epi16(_mm512_sub_epi16(bottom_x, top_x), eighths), 3));
        __m512i y = _mm512_add_epi16(
            top_y,
            _mm512_srai_epi16(
                _mm512_mullo_epi16(_mm512_sub_epi16(bottom_y, top_y), eighths), 3));
        x = _mm512_sub_epi16(_mm512_srai_epi16(x, 1), numbers(63));
        y = _mm512_sub_epi16(_mm512_srai_epi16(y, 1), numbers(62));
        if (!is_inside) {
            x = held(x, low_x / 2, low_x / 2 + last_x / 2);
            y = held(y, low_y / 2, low_y / 2 + last_y / 2);
        }
        const __m512i column = _mm512_srai_epi16(x, 8);
        const int16_t upper_left = (int16_t)_mm_cvtsi128_si32(_mm512_castsi512_si128(column));
        const int16_t lower_left =
            (int16_t)_mm_cvtsi128_si32(_mm512_extracti32x4_epi32(column, 2));
        pairs blue, red;
        fetch_rows(
            cb, cr, v->chroma_stride, column, _mm512_srai_epi16(y, 8),
            upper_left < lower_left ? upper_left : lower_left, &blue, &red);
        const __m512i right = _mm512_and_si512(_mm512_srli_epi16(x, 2), numbers(63));
        const __m512i down = _mm512_and_si512(_mm512_srli_epi16(y, 3), numbers(31));
        const __m256i drawn_cb = _mm512_cvtepi16_epi8(mixed(blue.upper, blue.lower, right, down));
        const __m256i drawn_cr = _mm512_cvtepi16_epi8(mixed(red.upper, red.lower, right, down));
        for (int64_t row = 0; row < 2; row++) {
            const int64_t to = (gap * 2 + row) * target->chroma_stride;
            const __m128i of_cb =
                row == 0 ? _mm256_castsi256_si128(drawn_cb) : _mm256_extracti128_si256(drawn_cb, 1);
            const __m128i of_cr =
                row == 0 ? _mm256_castsi256_si128(drawn_cr) : _mm256_extracti128_si256(drawn_cr, 1);
            if (segments == 4) {
                __builtin_prefetch(target->cb + to + 64, 1);
                __builtin_prefetch(target->cr + to + 64, 1);
                _mm_storeu_si128((__m128i *)(target->cb + to), of_cb);
                _mm_storeu_si128((__m128i *)(target->cr + to), of_cr);
            } else {
                _mm_storel_epi64((__m128i *)(target->cb + to), of_cb);
                _mm_storel_epi64((__m128i *)(target->cr + to), of_cr);
            }
        }
        top_x = bottom_x;
        top_y = bottom_y;
    }
}

// CellSearch.isWithinReach.
WIDE_INLINE bool is_within_reach(
    const sheet_view *v, __m512 x, __m512 y, int64_t columns) {
    const __m512i lanes =
        _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i right = _mm512_add_epi32(lanes, _mm512_set1_epi32(1));
    const __m512i below = _mm512_add_epi32(lanes, _mm512_set1_epi32((int32_t)columns));
    const __mmask16 has_right = columns == 5 ? 0x3DEF : 0xDB;
    const __mmask16 has_below = columns == 5 ? 0x3FF : 0x3F;
    const __mmask16 is_node = columns == 5 ? 0x7FFF : 0x1FF;
    const __m512 most = _mm512_set1_ps(42);
    const __m512 rx = _mm512_sub_ps(
        _mm512_sub_ps(_mm512_permutexvar_ps(right, x), x), _mm512_set1_ps(8));
    const __m512 ry = _mm512_sub_ps(_mm512_permutexvar_ps(right, y), y);
    const __m512 bx = _mm512_sub_ps(_mm512_permutexvar_ps(below, x), x);
    const __m512 by = _mm512_sub_ps(
        _mm512_sub_ps(_mm512_permutexvar_ps(below, y), y), _mm512_set1_ps(4));
    return (_mm512_cmp_ps_mask(
                _mm512_add_ps(_mm512_mul_ps(rx, rx), _mm512_mul_ps(ry, ry)), most, _CMP_LT_OQ)
            & has_right)
            == has_right
        && (_mm512_cmp_ps_mask(
                _mm512_add_ps(_mm512_mul_ps(bx, bx), _mm512_mul_ps(by, by)), most, _CMP_LT_OQ)
            & has_below)
            == has_below
        && (_mm512_cmp_ps_mask(
                _mm512_mul_ps(y, y), _mm512_set1_ps(v->rows_max * v->rows_max), _CMP_LT_OQ)
            & _mm512_cmp_ps_mask(
                _mm512_mul_ps(x, x), _mm512_set1_ps(120 * 120), _CMP_LT_OQ)
            & is_node)
            == is_node;
}

// The even number below the nearest one to x that is within 0..<end.
WIDE_INLINE int32_t even_within(__m128 x, int32_t end) {
    const int32_t nearest = _mm_cvtss_si32(x);
    return (nearest < 0 ? 0 : nearest > end - 1 ? end - 1 : nearest) & ~1;
}

WIDE bool sheet_surface(
    const sheet_view *v, const sheet_target *target, const float *node_x,
    const float *node_y, int64_t node_stride, int64_t segments, float depth, int32_t look_ups,
    bool is_inside) {
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
    __m512 t = _mm512_set1_ps(depth - v->pivot);
    for (int32_t step = 0; step < look_ups; step++) {
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
    __m512 sx = _mm512_add_ps(x, _mm512_mul_ps(t, dx));
    __m512 sy = _mm512_add_ps(y, _mm512_mul_ps(t, dy));

    const __m512i centre = _mm512_set1_epi32((int32_t)(columns + columns / 2));
    const sheet_anchor anchor = {
        even_within(_mm512_castps512_ps128(_mm512_permutexvar_ps(centre, sx)), v->width),
        even_within(_mm512_castps512_ps128(_mm512_permutexvar_ps(centre, sy)), v->height),
    };
    sx = _mm512_sub_ps(sx, _mm512_set1_ps((float)anchor.x));
    sy = _mm512_sub_ps(sy, _mm512_set1_ps((float)anchor.y));
    if (!is_within_reach(v, sx, sy, columns)) return false;
    if (target->depth != NULL) draw_depth(u, target, segments);
    // Half of the last place that a look-up keeps, so that it is rounded.
    const __m512 scale = _mm512_set1_ps(256);
    const node_numbers n = {
        packed(
            _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(sx, scale)), _mm512_set1_epi32(2)),
            _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(sy, scale)), _mm512_set1_epi32(4))),
        columns,
    };
    if (segments == 4 && is_inside) {
        draw_between(v, target, n, anchor, 4, true);
    } else {
        draw_between(v, target, n, anchor, segments, is_inside);
    }
    return true;
}

#else

#include "CSheetKernel.h"

bool sheet_is_supported(void) { return false; }

bool sheet_surface(
    const sheet_view *view, const sheet_target *target, const float *node_x,
    const float *node_y, int64_t node_stride, int64_t segments, float depth, int32_t look_ups,
    bool is_inside) {
    __builtin_trap();
}

#endif
