#include "Wide.h"

#if defined(__x86_64__)

// Two times sixteen lines of candidates, those of two rows of the frame: pixels from the anchor at
// the pivot depth, and pixels of shift per unit of depth.
typedef struct {
    __m512 x, y, dx, dy;
} lines;

// Places of the pixels of two rows in 1/64 pixel, or depths in 1/DEPTH_LEVELS, are 32 numbers.
typedef struct {
    __m512i x, y;
} places;

// Where the march is.
typedef struct {
    const sheet_view *v;
    sheet_anchor anchor;
    bool is_inside;
    lines rows[2];
} half;

WIDE_INLINE lines row_lines(
    const sheet_view *v, sheet_anchor anchor, int64_t left, int64_t row) {
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
    const lines l = {
        _mm512_add_ps(px, _mm512_set1_ps(v->centre_x - (float)anchor.x)),
        _mm512_add_ps(py, _mm512_set1_ps(v->centre_y - (float)anchor.y)),
        _mm512_sub_ps(_mm512_set1_ps(v->shift_x), _mm512_mul_ps(px, zoom)),
        _mm512_sub_ps(_mm512_set1_ps(v->shift_y), _mm512_mul_ps(py, zoom)),
    };
    return l;
}

// Rounded to whole numbers; outside held within what may still be stepped from.
WIDE_INLINE __m512i whole(__m512 x, bool is_inside) {
    if (!is_inside) {
        x = _mm512_min_ps(_mm512_max_ps(x, _mm512_set1_ps(-30000)), _mm512_set1_ps(30000));
    }
    return _mm512_cvtps_epi32(x);
}

WIDE_INLINE __m512 along(__m512 x, __m512 dx, __m512 t) {
    return _mm512_mul_ps(_mm512_add_ps(x, _mm512_mul_ps(dx, t)), _mm512_set1_ps(64));
}

// The places at depths, given relative to the pivot.
WIDE_INLINE places places_at(const half *h, __m512 upper, __m512 lower) {
    const lines *a = &h->rows[0], *b = &h->rows[1];
    const places p = {
        packed(
            whole(along(a->x, a->dx, upper), h->is_inside),
            whole(along(b->x, b->dx, lower), h->is_inside)),
        packed(
            whole(along(a->y, a->dy, upper), h->is_inside),
            whole(along(b->y, b->dy, lower), h->is_inside)),
    };
    return p;
}

// The same with a half of a pixel added: the whole part is that of the nearest one.
WIDE_INLINE places pixels_at(const half *h, __m512 upper, __m512 lower) {
    places p = places_at(h, upper, lower);
    p.x = _mm512_add_epi16(p.x, numbers(32));
    p.y = _mm512_add_epi16(p.y, numbers(32));
    return p;
}

WIDE_INLINE int64_t at_least(int64_t x, int64_t least) { return x < least ? least : x; }

WIDE_INLINE int64_t at_most(int64_t x, int64_t most) { return x > most ? most : x; }

// Held within the picture.
WIDE_INLINE places within(const half *h, places p) {
    const sheet_view *v = h->v;
    const int64_t x = h->anchor.x, y = h->anchor.y;
    const places inner = {
        held(p.x, at_least(x * -64, -32000), at_most((v->width - 1 - x) * 64, 32000)),
        held(p.y, at_least(y * -64, -32000), at_most((v->height - 1 - y) * 64, 32000)),
    };
    return inner;
}

WIDE_INLINE __m512i widened(__m512i numbers, int part) {
    return _mm512_cvtepi16_epi32(
        part == 0 ? _mm512_castsi512_si256(numbers) : _mm512_extracti64x4_epi64(numbers, 1));
}

// A sheet's depth at pixels whose first is about `first`. Most often they lie in 64 bytes of four
// rows, from which permutations take them.
WIDE_INLINE __m512i levels_at(
    const half *h, const uint16_t *sheet, places p, int32_t first_x, int32_t first_y) {
    const sheet_view *v = h->v;
    const int32_t width = v->width, height = v->height;
    __m512i column = _mm512_srai_epi16(p.x, 6), row = _mm512_srai_epi16(p.y, 6);
    if (!h->is_inside) {
        column = held(column, -(int64_t)h->anchor.x, (int64_t)width - 1 - h->anchor.x);
        row = held(row, -(int64_t)h->anchor.y, (int64_t)height - 1 - h->anchor.y);
    }
    int32_t left = h->anchor.x + (first_x >> 6) - 3, top = h->anchor.y + (first_y >> 6) - 1;
    left = left > width - 32 ? width - 32 : left;
    left = left < 0 ? 0 : left;
    top = top > height - 4 ? height - 4 : top;
    top = top < 0 ? 0 : top;
    const __m512i across = _mm512_sub_epi16(column, numbers((int16_t)(left - h->anchor.x)));
    const __m512i down = _mm512_sub_epi16(row, numbers((int16_t)(top - h->anchor.y)));
    if (width >= 32 && height >= 4
        && (_mm512_cmple_epu16_mask(across, numbers(31))
            & _mm512_cmple_epu16_mask(down, numbers(3)))
            == 0xFFFFFFFF) {
        const uint16_t *at = sheet + (int64_t)top * width + left;
        const __m512i index =
            _mm512_or_si512(across, _mm512_slli_epi16(_mm512_and_si512(down, numbers(1)), 5));
        const __m512i upper = _mm512_permutex2var_epi16(
            _mm512_loadu_si512(at), index, _mm512_loadu_si512(at + width));
        const __m512i lower = _mm512_permutex2var_epi16(
            _mm512_loadu_si512(at + 2 * width), index, _mm512_loadu_si512(at + 3 * width));
        const __mmask32 is_lower = _mm512_cmpge_epu16_mask(down, numbers(2));
        return _mm512_srli_epi16(_mm512_mask_blend_epi16(is_lower, upper, lower), 2);
    }
    __m512i part[2];
    for (int i = 0; i < 2; i++) {
        const __m512i x =
            _mm512_add_epi32(widened(column, i), _mm512_set1_epi32(h->anchor.x));
        const __m512i y = _mm512_add_epi32(widened(row, i), _mm512_set1_epi32(h->anchor.y));
        // A load of two samples, of which the first counts.
        part[i] = _mm512_i32gather_epi32(
            _mm512_add_epi32(_mm512_mullo_epi32(y, _mm512_set1_epi32(width)), x), sheet, 2);
    }
    return _mm512_srli_epi16(packed(part[0], part[1]), 2);
}

// Where lines have met the front sheet: see CellSearch.Hits.
typedef struct {
    __m512i level, rise, gap, du;
    __mmask32 missing;
} hits;

WIDE_INLINE void keep(
    hits *h, __m512i level, __m512i gap, __m512i rise, __m512i du, __mmask32 met) {
    h->level = _mm512_mask_mov_epi16(h->level, met, level);
    h->gap = _mm512_mask_mov_epi16(h->gap, met, gap);
    h->rise = _mm512_mask_mov_epi16(h->rise, met, rise);
    h->du = _mm512_mask_mov_epi16(h->du, met, du);
    h->missing &= ~met;
}

WIDE_INLINE __m512 depth_of(__m512i level) {
    return _mm512_mul_ps(_mm512_cvtepi32_ps(level), _mm512_set1_ps(1 / DEPTH_LEVELS));
}

WIDE_INLINE __m512 hit_depth(const hits *h, int part) {
    const __m512 more = _mm512_div_ps(
        _mm512_mul_ps(
            _mm512_cvtepi32_ps(widened(h->du, part)), _mm512_cvtepi32_ps(widened(h->gap, part))),
        _mm512_cvtepi32_ps(widened(h->rise, part)));
    return _mm512_mul_ps(
        _mm512_add_ps(_mm512_cvtepi32_ps(widened(h->level, part)), more),
        _mm512_set1_ps(1 / DEPTH_LEVELS));
}

WIDE_INLINE int32_t first_number(__m512i numbers) {
    return (int16_t)_mm_cvtsi128_si32(_mm512_castsi512_si128(numbers));
}

WIDE_INLINE __m512i levels_on(const half *h, const uint16_t *sheet, __m512 upper, __m512 lower) {
    const __m512 pivot = _mm512_set1_ps(h->v->pivot);
    const places p =
        pixels_at(h, _mm512_sub_ps(upper, pivot), _mm512_sub_ps(lower, pivot));
    return levels_at(h, sheet, p, first_number(p.x), first_number(p.y));
}

// CellSearch.keepThin.
WIDE static void keep_thin(
    const half *h, hits *found, int16_t level, __m512i gap, __m512i before, int16_t du,
    __mmask32 grazing) {
    const __mmask32 is_under = _mm512_movepi16_mask(gap);
    const __m512i at = _mm512_mask_mov_epi16(
        _mm512_add_epi16(numbers(level), gap), is_under,
        _mm512_add_epi16(numbers((int16_t)(level + du)), before));
    const __m512i there =
        levels_on(h, h->v->front_depth, depth_of(widened(at, 0)), depth_of(widened(at, 1)));
    const __m512i off = _mm512_abs_epi16(_mm512_sub_epi16(there, at));
    const int16_t most = (int16_t)_mm_cvtss_si32(_mm_set_ss(h->v->step * DEPTH_LEVELS * 0.25f));
    const __mmask32 is_thin = grazing & _mm512_cmplt_epi16_mask(off, numbers(most));
    const __m512i zero = _mm512_setzero_si512();
    keep(found, at, zero, numbers(1), zero, is_thin);
}

WIDE_INLINE int16_t level_of(float depth) {
    return (int16_t)_mm_cvtss_si32(_mm_set_ss(depth * DEPTH_LEVELS));
}

// CellSearch.firstHits.
WIDE_INLINE void find_hits(
    const half *h, hits *found, const sheet_run *runs, int64_t run_count) {
    const sheet_view *v = h->v;
    for (int64_t index = 0; index < run_count; index++) {
        float u = runs[index].from;
        const float run_du = runs[index].du;
        const __m512 t = _mm512_set1_ps(u - v->pivot);
        const places start = pixels_at(h, t, t);
        const __m512 per_step = _mm512_set1_ps(run_du * -1024);
        const lines *a = &h->rows[0], *b = &h->rows[1];
        const places step = {
            packed(
                _mm512_cvtps_epi32(_mm512_mul_ps(a->dx, per_step)),
                _mm512_cvtps_epi32(_mm512_mul_ps(b->dx, per_step))),
            packed(
                _mm512_cvtps_epi32(_mm512_mul_ps(a->dy, per_step)),
                _mm512_cvtps_epi32(_mm512_mul_ps(b->dy, per_step))),
        };
        const int32_t first_x = first_number(start.x), first_y = first_number(start.y);
        const int32_t step_x = first_number(step.x), step_y = first_number(step.y);
        const int16_t du = level_of(run_du);
        const int16_t limit = (int16_t)(level_of(v->step) + du);
        __m512i before = _mm512_sub_epi16(
            levels_at(h, v->front_depth, start, first_x, first_y), numbers(level_of(u)));
        for (int32_t count = 1; count <= (int32_t)runs[index].steps; count++) {
            u -= run_du;
            const int16_t level = level_of(u);
            const __m512i steps = numbers((int16_t)count);
            const places p = {
                _mm512_add_epi16(
                    start.x, _mm512_srai_epi16(_mm512_mullo_epi16(step.x, steps), 4)),
                _mm512_add_epi16(
                    start.y, _mm512_srai_epi16(_mm512_mullo_epi16(step.y, steps), 4)),
            };
            const __m512i gap = _mm512_sub_epi16(
                levels_at(
                    h, v->front_depth, p, first_x + ((step_x * count) >> 4),
                    first_y + ((step_y * count) >> 4)),
                numbers(level));
            const __mmask32 approaching = found->missing & _mm512_movepi16_mask(before);
            const __mmask32 is_under = _mm512_movepi16_mask(gap);
            const __m512i rise = _mm512_sub_epi16(gap, before);
            const __mmask32 met = approaching & ~is_under
                & _mm512_movepi16_mask(_mm512_sub_epi16(rise, numbers(limit)));
            if (met) {
                keep(found, numbers(level), gap, rise, numbers(du), met);
                if (!found->missing) return;
            }
            // Either sample alone within one step of the sheet.
            const __mmask32 grazing = approaching & ~met
                & ((~is_under & _mm512_movepi16_mask(_mm512_sub_epi16(gap, numbers(du))))
                   | (is_under & ~_mm512_movepi16_mask(_mm512_add_epi16(before, numbers(du)))));
            if (grazing) keep_thin(h, found, level, gap, before, du, grazing);
            before = gap;
        }
    }
}

// CellSearch.hiddenDepths: what counts is where lines miss the front sheet.
WIDE_INLINE void hidden_depths(const half *h, __mmask32 missing, __m512 *upper, __m512 *lower) {
    __m512i level = numbers(level_of(h->v->lowest));
    __m512 a = depth_of(widened(level, 0)), b = a;
    for (int step = 0; step < 5; step++) {
        const __m512i next = levels_on(h, h->v->back_depth, a, b);
        if (_mm512_mask_cmpneq_epi16_mask(missing, next, level) == 0) break;
        level = next;
        a = depth_of(widened(level, 0));
        b = depth_of(widened(level, 1));
    }
    *upper = a;
    *lower = b;
}

// Two rows of 32 bytes.
WIDE_INLINE __m512i two_rows(const uint8_t *at, int64_t stride) {
    return _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)at)),
        _mm256_loadu_si256((const __m256i *)(at + stride)), 1);
}

// Takes the pairs in `lanes` from five rows of 32 bytes; `both` are the bytes of a pair.
WIDE_INLINE void take_block(
    pairs *p, const uint8_t *at, int64_t stride, __m512i both, __mmask32 lanes) {
    const __m512i first = two_rows(at, stride), third = two_rows(at + 2 * stride, stride);
    const __m512i fifth = _mm512_castsi256_si512(
        _mm256_loadu_si256((const __m256i *)(at + 4 * stride)));
    // From the second half of the one to the first half of the next.
    const __m512i second = _mm512_shuffle_i64x2(first, third, 0x4E);
    const __m512i fourth = _mm512_shuffle_i64x2(third, fifth, 0x4E);
    p->upper = _mm512_mask_mov_epi16(
        p->upper, lanes, _mm512_permutex2var_epi8(first, both, third));
    p->lower = _mm512_mask_mov_epi16(
        p->lower, lanes, _mm512_permutex2var_epi8(second, both, fourth));
}

// A plane or two of one shape; addresses count from the anchor, before which lie so many columns
// and rows.
typedef struct {
    const uint8_t *one, *other;
    int64_t stride;
    int32_t columns_before, rows_before;
} planes;

// Fetches pairs wherever their places are: what lies within a block of 31 columns and four rows is
// taken at once. The first place is about that of the block, and `above` rows below its first.
WIDE_INLINE void fetch_anywhere(
    planes from, __m512i column, __m512i row, int32_t above, pairs *of_one, pairs *of_other) {
    int16_t columns[32], rows[32];
    _mm512_storeu_si512(columns, column);
    _mm512_storeu_si512(rows, row);
    const __m512i zero = _mm512_setzero_si512();
    of_one->upper = of_one->lower = of_other->upper = of_other->lower = zero;
    for (__mmask32 left_over = 0xFFFFFFFF; left_over != 0;) {
        const int lane = __builtin_ctz(left_over);
        const int32_t left = (int32_t)at_least(columns[lane] - 6, -from.columns_before);
        const int32_t top = (int32_t)at_least(rows[lane] - above, -from.rows_before);
        const __m512i across = _mm512_sub_epi16(column, numbers((int16_t)left));
        const __m512i down = _mm512_sub_epi16(row, numbers((int16_t)top));
        const __mmask32 lanes = _mm512_mask_cmple_epu16_mask(
            _mm512_cmple_epu16_mask(across, numbers(30)), down, numbers(3));
        const int64_t at = top * from.stride + left;
        const __m512i both = both_bytes(_mm512_or_si512(across, _mm512_slli_epi16(down, 5)));
        take_block(of_one, from.one + at, from.stride, both, lanes);
        if (from.other != NULL) take_block(of_other, from.other + at, from.stride, both, lanes);
        left_over &= ~lanes;
    }
}

WIDE_INLINE planes luma_planes(const half *h, const uint8_t *luma) {
    const int64_t stride = h->v->luma_stride;
    const planes p = {
        luma + (int64_t)h->anchor.y * stride + h->anchor.x, NULL, stride, h->anchor.x,
        h->anchor.y,
    };
    return p;
}

WIDE_INLINE planes chroma_planes(const half *h) {
    const sheet_view *v = h->v;
    const int32_t x = h->anchor.x >> 1, y = h->anchor.y >> 1;
    const int64_t at = (int64_t)y * v->chroma_stride + x;
    const planes p = {v->cb + at, v->cr + at, v->chroma_stride, x, y};
    return p;
}

// Where the chroma of two rows looks: see CellSampler.drawChroma. Eight numbers each; returns which
// samples must be mixed of their four pixels.
WIDE_INLINE __mmask8 place_chroma(
    const half *h, const sheet_cell *cell, int64_t row, int16_t *x, int16_t *y,
    int16_t *is_back) {
    const int64_t at = row * 2 * HALF_COLUMNS;
    const __m512i pairs_x = _mm512_loadu_si512(cell->x + at);
    const __m512i pairs_y = _mm512_loadu_si512(cell->y + at);
    const __m512i pairs_back = _mm512_loadu_si512(cell->is_back + at);
    const __m512i left_x = _mm512_srai_epi32(_mm512_slli_epi32(pairs_x, 16), 16);
    const __m512i left_y = _mm512_srai_epi32(_mm512_slli_epi32(pairs_y, 16), 16);
    const __m512i left_back = _mm512_srai_epi32(_mm512_slli_epi32(pairs_back, 16), 16);
    const __m512i right_x = _mm512_srai_epi32(pairs_x, 16);
    const __m512i right_y = _mm512_srai_epi32(pairs_y, 16);
    const __m512i right_back = _mm512_srai_epi32(pairs_back, 16);
    // The first of four, in both halves.
    const __m512i from_x = _mm512_sub_epi32(
        _mm512_shuffle_i64x2(left_x, left_x, 0x44), _mm512_set1_epi32(256));
    const __m512i from_y = _mm512_sub_epi32(
        _mm512_shuffle_i64x2(left_y, left_y, 0x44), _mm512_set1_epi32(256));
    const __m512i from_back = _mm512_shuffle_i64x2(left_back, left_back, 0x44);
    __m512i apart = _mm512_or_si512(
        _mm512_srai_epi32(_mm512_sub_epi32(left_x, from_x), 9),
        _mm512_srai_epi32(_mm512_sub_epi32(right_x, from_x), 9));
    apart = _mm512_or_si512(
        apart,
        _mm512_or_si512(
            _mm512_srai_epi32(_mm512_sub_epi32(left_y, from_y), 9),
            _mm512_srai_epi32(_mm512_sub_epi32(right_y, from_y), 9)));
    apart = _mm512_or_si512(
        apart,
        _mm512_or_si512(
            _mm512_xor_si512(left_back, from_back), _mm512_xor_si512(right_back, from_back)));
    // What is covered wholly is covered by 64.
    const __m512i covers = _mm512_xor_si512(
        _mm512_loadu_si512(cell->cover + at), _mm512_set1_epi16(64));
    apart = _mm512_or_si512(apart, covers);
    const __m256i is_apart =
        _mm256_or_si256(_mm512_castsi512_si256(apart), _mm512_extracti64x4_epi64(apart, 1));
    const __m512i sum_x = _mm512_add_epi32(left_x, right_x);
    const __m512i sum_y = _mm512_add_epi32(left_y, right_y);
    const __m256i sixteen = _mm256_set1_epi32(16);
    const __m256i mean_x = _mm256_sub_epi32(
        _mm256_srai_epi32(
            _mm256_add_epi32(
                _mm512_castsi512_si256(sum_x), _mm512_extracti64x4_epi64(sum_x, 1)), 3),
        sixteen);
    const __m256i mean_y = _mm256_sub_epi32(
        _mm256_srai_epi32(
            _mm256_add_epi32(
                _mm512_castsi512_si256(sum_y), _mm512_extracti64x4_epi64(sum_y, 1)), 3),
        sixteen);
    _mm_storeu_si128(
        (__m128i *)x,
        _mm256_cvtepi32_epi16(
            _mm256_max_epi32(mean_x, _mm256_set1_epi32(h->anchor.x * -32))));
    _mm_storeu_si128(
        (__m128i *)y,
        _mm256_cvtepi32_epi16(
            _mm256_max_epi32(mean_y, _mm256_set1_epi32(h->anchor.y * -32))));
    _mm_storeu_si128(
        (__m128i *)is_back, _mm256_cvtepi32_epi16(_mm512_castsi512_si256(left_back)));
    return _mm256_test_epi32_mask(_mm256_set1_epi32(-1), is_apart);
}

WIDE_INLINE __m512i row_of(__m512i y, __m512i is_back, int32_t back_rows) {
    return _mm512_add_epi16(
        _mm512_srai_epi16(y, 6), _mm512_and_si512(is_back, numbers((int16_t)back_rows)));
}

WIDE_INLINE __m512i mixed_at(pairs p, __m512i x, __m512i y) {
    return mixed(
        p.upper, p.lower, _mm512_and_si512(x, numbers(63)),
        _mm512_and_si512(_mm512_srli_epi16(y, 1), numbers(31)));
}

// Both chroma samples at the places of two rows of luma.
WIDE_INLINE void chroma_at(
    const half *h, __m512i x, __m512i y, __m512i is_back, __m512i *blue, __m512i *red) {
    x = _mm512_max_epi16(
        _mm512_srai_epi16(_mm512_sub_epi16(x, numbers(32)), 1),
        numbers(held_number((int64_t)h->anchor.x * -32)));
    y = _mm512_max_epi16(
        _mm512_srai_epi16(_mm512_sub_epi16(y, numbers(32)), 1),
        numbers(held_number((int64_t)h->anchor.y * -32)));
    pairs of_cb, of_cr;
    fetch_anywhere(
        chroma_planes(h), _mm512_srai_epi16(x, 6), row_of(y, is_back, h->v->back_rows / 2), 1,
        &of_cb, &of_cr);
    *blue = mixed_at(of_cb, x, y);
    *red = mixed_at(of_cr, x, y);
}

WIDE_INLINE __m512i blended(__m512i there, __m512i behind, __m512i cover) {
    const __m512i sum = _mm512_add_epi16(
        _mm512_mullo_epi16(there, cover),
        _mm512_mullo_epi16(behind, _mm512_sub_epi16(numbers(64), cover)));
    return _mm512_srli_epi16(_mm512_add_epi16(sum, numbers(32)), 6);
}

// The means of eight times four numbers of two rows.
WIDE_INLINE __m128i means_of_four(__m512i samples) {
    const __m512i sums = _mm512_madd_epi16(samples, numbers(1));
    const __m256i all =
        _mm256_add_epi32(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64(sums, 1));
    return _mm256_cvtepi32_epi8(
        _mm256_srli_epi32(_mm256_add_epi32(all, _mm256_set1_epi32(2)), 2));
}

// CellSampler.mixChroma for a row of samples, in `cb` and `cr`.
WIDE static void mix_chroma(
    const half *h, const sheet_cell *cell, int64_t row, __mmask8 apart, uint8_t *cb, uint8_t *cr) {
    const int64_t at = row * 2 * HALF_COLUMNS;
    __m512i blue, red;
    chroma_at(
        h, _mm512_loadu_si512(cell->x + at), _mm512_loadu_si512(cell->y + at),
        _mm512_loadu_si512(cell->is_back + at), &blue, &red);
    if (cell->is_soft[row]) {
        __m512i blue_behind, red_behind;
        chroma_at(
            h, _mm512_loadu_si512(cell->behind_x + at), _mm512_loadu_si512(cell->behind_y + at),
            _mm512_set1_epi16(-1), &blue_behind, &red_behind);
        const __m512i cover = _mm512_loadu_si512(cell->cover + at);
        blue = blended(blue, blue_behind, cover);
        red = blended(red, red_behind, cover);
    }
    _mm_mask_storeu_epi8(cb, apart, means_of_four(blue));
    _mm_mask_storeu_epi8(cr, apart, means_of_four(red));
}

// Fetches the colours of half a cell whose places are known.
WIDE_INLINE void draw_half(const half *h, const sheet_cell *cell, const sheet_target *target) {
    const sheet_view *v = h->v;
    const planes luma = luma_planes(h, v->luma);
    for (int64_t row = 0; row < CELL_ROWS; row += 2) {
        const int64_t at = row * HALF_COLUMNS;
        const __m512i x = _mm512_loadu_si512(cell->x + at), y = _mm512_loadu_si512(cell->y + at);
        const __m512i is_back = _mm512_loadu_si512(cell->is_back + at);
        pairs p, none;
        fetch_anywhere(
            luma, _mm512_srai_epi16(x, 6), row_of(y, is_back, v->back_rows), 1, &p, &none);
        __m512i there = mixed_at(p, x, y);
        if (cell->is_soft[row / 2]) {
            const __m512i behind_x = _mm512_loadu_si512(cell->behind_x + at);
            const __m512i behind_y = _mm512_loadu_si512(cell->behind_y + at);
            fetch_anywhere(
                luma, _mm512_srai_epi16(behind_x, 6),
                row_of(behind_y, _mm512_set1_epi16(-1), v->back_rows), 1, &p, &none);
            const __m512i cover = _mm512_loadu_si512(cell->cover + at);
            there = blended(there, mixed_at(p, behind_x, behind_y), cover);
        }
        const __m256i drawn = _mm512_cvtepi16_epi8(there);
        uint8_t *out = target->luma + row * target->luma_stride;
        _mm_storeu_si128((__m128i *)out, _mm256_castsi256_si128(drawn));
        _mm_storeu_si128(
            (__m128i *)(out + target->luma_stride), _mm256_extracti128_si256(drawn, 1));
    }
    int16_t xs[32], ys[32], backs[32];
    __mmask8 apart[CELL_ROWS / 2];
    for (int64_t row = 0; row < CELL_ROWS / 2; row++) {
        apart[row] = place_chroma(h, cell, row, xs + row * 8, ys + row * 8, backs + row * 8);
    }
    const __m512i x = _mm512_loadu_si512(xs), y = _mm512_loadu_si512(ys);
    pairs blue, red;
    fetch_anywhere(
        chroma_planes(h), _mm512_srai_epi16(x, 6),
        row_of(y, _mm512_loadu_si512(backs), v->back_rows / 2), 0, &blue, &red);
    uint8_t cb[32], cr[32];
    _mm256_storeu_si256((__m256i *)cb, _mm512_cvtepi16_epi8(mixed_at(blue, x, y)));
    _mm256_storeu_si256((__m256i *)cr, _mm512_cvtepi16_epi8(mixed_at(red, x, y)));
    for (int64_t row = 0; row < CELL_ROWS / 2; row++) {
        if (apart[row]) mix_chroma(h, cell, row, apart[row], cb + row * 8, cr + row * 8);
        __builtin_memcpy(target->cb + row * target->chroma_stride, cb + row * 8, 8);
        __builtin_memcpy(target->cr + row * target->chroma_stride, cr + row * 8, 8);
    }
}

// CellSearch.cover: how much of the front sheet there is at places, of 64.
WIDE_INLINE __m512i cover_at(const half *h, places p) {
    const sheet_view *v = h->v;
    const uint8_t *matte = v->matte + (int64_t)h->anchor.y * v->luma_stride + h->anchor.x;
    const __m512i column = _mm512_srai_epi16(p.x, 6), row = _mm512_srai_epi16(p.y, 6);
    const int32_t left = first_number(column) - 4, top = first_number(row) - 1;
    // Most often they lie within 31 pixels of four rows, and nothing is soft around.
    if ((_mm512_cmple_epu16_mask(_mm512_sub_epi16(column, numbers((int16_t)left)), numbers(30))
         & _mm512_cmple_epu16_mask(_mm512_sub_epi16(row, numbers((int16_t)top)), numbers(3)))
            == 0xFFFFFFFF
        && h->anchor.y + top >= 0 && h->anchor.y + top + 5 <= v->height
        && h->anchor.x + left >= 0) {
        const uint8_t *at = matte + (int64_t)top * v->luma_stride + left;
        __m512i all = _mm512_loadu_si512(at);
        for (int64_t line = 1; line < 5; line++) {
            all = _mm512_and_si512(all, _mm512_loadu_si512(at + line * v->luma_stride));
        }
        const __mmask64 soft = _mm512_cmpneq_epi8_mask(all, _mm512_set1_epi8(-1));
        if ((uint32_t)soft == 0) return numbers(64);
    }
    pairs found, none;
    fetch_anywhere(luma_planes(h, v->matte), column, row, 1, &found, &none);
    return _mm512_srli_epi16(_mm512_add_epi16(mixed_at(found, p.x, p.y), numbers(2)), 2);
}

// CellSearch.placeBehind; returns how much is covered.
WIDE_INLINE __m512i place_behind(
    const half *h, const sheet_cell *cell, places p, __m512i cover, __mmask32 soft, int64_t at,
    const sheet_run *runs, int64_t run_count) {
    const sheet_view *v = h->v;
    const __m512 pivot = _mm512_set1_ps(v->pivot);
    __m512 upper, lower;
    hidden_depths(h, soft, &upper, &lower);
    places behind = places_at(h, _mm512_sub_ps(upper, pivot), _mm512_sub_ps(lower, pivot));
    if (!h->is_inside) behind = within(h, behind);
    behind.y = _mm512_add_epi16(behind.y, numbers(1));
    _mm512_storeu_si512(cell->behind_x + at, behind.x);
    _mm512_storeu_si512(cell->behind_y + at, behind.y);
    const __m512i apart = _mm512_add_epi16(
        _mm512_abs_epi16(_mm512_sub_epi16(behind.x, p.x)),
        _mm512_abs_epi16(_mm512_sub_epi16(behind.y, p.y)));
    const __m512i seen = _mm512_srai_epi16(
        _mm512_mullo_epi16(
            _mm512_sub_epi16(numbers(64), cover), _mm512_min_epi16(apart, numbers(64))), 6);
    const __m512 levels = _mm512_set1_ps(DEPTH_LEVELS);
    const __m512i level = packed(
        _mm512_cvtps_epi32(_mm512_mul_ps(upper, levels)),
        _mm512_cvtps_epi32(_mm512_mul_ps(lower, levels)));
    const float slack = v->step * 0.25f;
    __mmask32 met = 0;
    for (int64_t index = 0; index < run_count; index++) {
        const float from = runs[index].from;
        const float far = from - runs[index].du * (float)runs[index].steps - slack;
        met |= _mm512_cmpge_epi16_mask(level, numbers(level_of(far)))
            & _mm512_cmple_epi16_mask(level, numbers(level_of(from + slack)));
    }
    return _mm512_sub_epi16(numbers(64), _mm512_maskz_mov_epi16(met, seen));
}

// Asks memory for the depths that the next half of a cell will look at.
WIDE_INLINE void prefetch_next_half(const half *h) {
    const sheet_view *v = h->v;
    const int64_t depth = (int64_t)h->anchor.y * v->width + h->anchor.x + 32;
    const int64_t cover = (int64_t)h->anchor.y * v->luma_stride + h->anchor.x;
    for (int64_t row = -4; row < 6; row++) {
        sheet_prefetch(v->front_depth + depth + row * v->width);
        sheet_prefetch(v->back_depth + depth + row * v->width);
        if (v->matte == NULL) continue;
        sheet_prefetch(v->matte + cover + row * v->luma_stride);
        sheet_prefetch(v->matte + cover + row * v->luma_stride + 32);
    }
}

WIDE_INLINE void prefetch_colours(const sheet_view *v, int64_t x, int64_t y) {
    const uint8_t *at = v->luma + y * v->luma_stride + x - 8;
    for (int64_t row = -4; row < 6; row++) sheet_prefetch(at + row * v->luma_stride);
    const int64_t chroma = (y >> 1) * v->chroma_stride + (x >> 1) - 4;
    for (int64_t row = -2; row < 3; row++) {
        sheet_prefetch(v->cb + chroma + row * v->chroma_stride);
        sheet_prefetch(v->cr + chroma + row * v->chroma_stride);
    }
}

// Asks memory for the colours that this half of a cell may show: what lies about the depth of each
// run, and what lies behind. The portable form is not fast enough to wait for them.
WIDE_INLINE void prefetch_shown(
    const half *h, int64_t left, int64_t top, const sheet_run *runs, int64_t run_count) {
    const sheet_view *v = h->v;
    const lines middle = row_lines(v, h->anchor, left, top + CELL_ROWS / 2);
    const int lane = HALF_COLUMNS / 2, runs_asked = 3;
    for (int64_t index = 0; index < run_count && index < runs_asked; index++) {
        const float t =
            runs[index].from - runs[index].du * (float)runs[index].steps * 0.5f - v->pivot;
        const __m128 across = _mm_set_ss(middle.x[lane] + middle.dx[lane] * t);
        const __m128 down = _mm_set_ss(middle.y[lane] + middle.dy[lane] * t);
        const int64_t x = at_least(at_most(h->anchor.x + _mm_cvtss_si32(across), v->width - 1), 0);
        const int64_t y = at_least(at_most(h->anchor.y + _mm_cvtss_si32(down), v->height - 1), 0);
        prefetch_colours(v, x, y);
        if (index > 0 && index == run_count - 1) prefetch_colours(v, x, y + v->back_rows);
    }
}

WIDE int64_t sheet_march(
    const sheet_view *v, const sheet_target *target, sheet_anchor anchor, bool is_inside,
    const sheet_cell *cell, int64_t left, int64_t top, const sheet_run *runs, int64_t run_count) {
    int64_t back_pixels = 0;
    half h = {.v = v, .anchor = anchor, .is_inside = is_inside};
    prefetch_next_half(&h);
    prefetch_shown(&h, left, top, runs, run_count);
    const __m512 pivot = _mm512_set1_ps(v->pivot);
    for (int64_t row = 0; row < CELL_ROWS; row += 2) {
        h.rows[0] = row_lines(v, anchor, left, top + row);
        h.rows[1] = row_lines(v, anchor, left, top + row + 1);
        const __m512i zero = _mm512_setzero_si512();
        hits found = {zero, numbers(1), zero, zero, 0xFFFFFFFF};
        find_hits(&h, &found, runs, run_count);
        __m512 upper = hit_depth(&found, 0), lower = hit_depth(&found, 1);
        if (found.missing) {
            __m512 hidden_upper, hidden_lower;
            hidden_depths(&h, found.missing, &hidden_upper, &hidden_lower);
            upper = _mm512_mask_mov_ps(upper, (__mmask16)found.missing, hidden_upper);
            lower = _mm512_mask_mov_ps(lower, (__mmask16)(found.missing >> 16), hidden_lower);
        }
        places p = places_at(&h, _mm512_sub_ps(upper, pivot), _mm512_sub_ps(lower, pivot));
        if (!is_inside) p = within(&h, p);
        // Half of the last place that a look-up keeps, so that it is rounded.
        p.y = _mm512_add_epi16(p.y, numbers(1));
        const int64_t at = row * HALF_COLUMNS;
        _mm512_storeu_si512(cell->x + at, p.x);
        _mm512_storeu_si512(cell->y + at, p.y);
        _mm512_storeu_si512(cell->is_back + at, _mm512_movm_epi16(found.missing));
        cell->is_soft[row / 2] = 0;
        if (v->matte != NULL) {
            __m512i cover = numbers(64);
            // With something between near and far, the back sheet is not what is behind.
            if (run_count <= 2) {
                cover = _mm512_mask_mov_epi16(cover_at(&h, p), found.missing, cover);
            }
            const __mmask32 soft = _mm512_cmplt_epi16_mask(cover, numbers(64));
            if (soft) cover = place_behind(&h, cell, p, cover, soft, at, runs, run_count);
            cell->is_soft[row / 2] = soft != 0 ? -1 : 0;
            _mm512_storeu_si512(cell->cover + at, cover);
        }
        if (target->depth != NULL) {
            _mm512_storeu_ps(target->depth + row * target->depth_stride, upper);
            _mm512_storeu_ps(target->depth + (row + 1) * target->depth_stride, lower);
        }
        back_pixels += __builtin_popcount(found.missing);
    }
    draw_half(&h, cell, target);
    return back_pixels;
}

#else

#include "CSheetKernel.h"

int64_t sheet_march(
    const sheet_view *view, const sheet_target *target, sheet_anchor anchor, bool is_inside,
    const sheet_cell *cell, int64_t left, int64_t top, const sheet_run *runs, int64_t run_count) {
    __builtin_trap();
}

#endif
