// What both halves of the kernel share: 32 numbers of sixteen bits at a time.
#ifndef WIDE_H
#define WIDE_H

#if defined(__x86_64__)

#include "CSheetKernel.h"

#include <immintrin.h>
#include <stddef.h>

#pragma clang fp contract(off)

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi")))
#define WIDE_INLINE WIDE static inline __attribute__((always_inline))

enum { CELL_COLUMNS = 32, CELL_ROWS = 8, HALF_COLUMNS = 16 };

// The value of a stored depth of one, and the depths that a march tells apart.
#define DEPTH_UNIT (1.0f / 65535)
#define DEPTH_LEVELS (65535.0f / 4)

WIDE_INLINE __m512i numbers(int16_t number) { return _mm512_set1_epi16(number); }

WIDE_INLINE int16_t held_number(int64_t number) {
    return (int16_t)(number < INT16_MIN ? INT16_MIN : number > INT16_MAX ? INT16_MAX : number);
}

// Sixteen-bit numbers held between two.
WIDE_INLINE __m512i held(__m512i x, int64_t low, int64_t high) {
    return _mm512_min_epi16(
        _mm512_max_epi16(x, numbers(held_number(low))), numbers(held_number(high)));
}

// The sixteen-bit halves of two times sixteen numbers, one after the other.
WIDE_INLINE __m512i packed(__m512i low, __m512i high) {
    return _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm512_cvtepi32_epi16(low)), _mm512_cvtepi32_epi16(high), 1);
}

// Mixes pairs of neighbours, the left one in the low byte, of two rows: `right` of 64 and `down` of
// 32.
WIDE_INLINE __m512i mixed(__m512i upper, __m512i lower, __m512i right, __m512i down) {
    // 64 - right in the low byte and right in the high one.
    const __m512i across = _mm512_add_epi16(
        _mm512_sub_epi16(_mm512_slli_epi16(right, 8), right), numbers(64));
    const __m512i top =
        _mm512_srli_epi16(_mm512_add_epi16(_mm512_maddubs_epi16(upper, across), numbers(4)), 3);
    const __m512i bottom =
        _mm512_srli_epi16(_mm512_add_epi16(_mm512_maddubs_epi16(lower, across), numbers(4)), 3);
    const __m512i sum = _mm512_add_epi16(
        _mm512_mullo_epi16(top, _mm512_sub_epi16(numbers(32), down)),
        _mm512_mullo_epi16(bottom, down));
    return _mm512_srli_epi16(_mm512_add_epi16(sum, numbers(128)), 8);
}

// Pairs of neighbours in two rows, at 32 places.
typedef struct {
    __m512i upper, lower;
} pairs;

// What 64 bytes of two rows have of the places in `lanes`; `both` are the bytes of a pair.
WIDE_INLINE void take(
    pairs *p, const uint8_t *at, int64_t stride, __m512i both, __mmask32 lanes) {
    p->upper = _mm512_mask_blend_epi16(
        lanes, p->upper, _mm512_permutexvar_epi8(both, _mm512_loadu_si512(at)));
    p->lower = _mm512_mask_blend_epi16(
        lanes, p->lower, _mm512_permutexvar_epi8(both, _mm512_loadu_si512(at + stride)));
}

// The two bytes of a pair that begins so many bytes after the first.
WIDE_INLINE __m512i both_bytes(__m512i offset) {
    return _mm512_add_epi16(
        _mm512_or_si512(offset, _mm512_slli_epi16(offset, 8)), numbers(256));
}

#endif

#endif
