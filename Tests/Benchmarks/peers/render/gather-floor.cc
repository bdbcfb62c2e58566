// The least that any renderer must do for a frame: fetch each luma sample and each pair of chroma
// samples once from wherever it is, and store them. Prints milliseconds a frame, one line a round.
//
// usage: gather-floor WIDTH HEIGHT FRAMES ROUNDS
#include <immintrin.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstdint>
#include <vector>

__attribute__((target("avx512f,avx512bw"))) static void fetch512(
    const uint32_t *luma, const uint32_t *chroma, const int32_t *where, uint8_t *out, size_t pixels) {
    for (size_t i = 0; i < pixels; i += 16) {
        const __m512i index = _mm512_loadu_si512(where + i);
        const __m512i value = _mm512_i32gather_epi32(index, luma, 4);
        _mm_storeu_si128(reinterpret_cast<__m128i *>(out + i), _mm512_cvtepi32_epi8(value));
    }
    for (size_t i = 0; i < pixels / 4; i += 16) {
        const __m512i index = _mm512_loadu_si512(where + i);
        const __m512i value = _mm512_i32gather_epi32(index, chroma, 4);
        _mm256_storeu_si256(
            reinterpret_cast<__m256i *>(out + pixels + i * 2), _mm512_cvtepi32_epi16(value));
    }
}

__attribute__((target("avx2"))) static void fetch256(
    const uint32_t *luma, const uint32_t *chroma, const int32_t *where, uint8_t *out, size_t pixels) {
    const __m256i low = _mm256_set1_epi32(0xFF);
    for (size_t i = 0; i < pixels + pixels / 4; i += 8) {
        const uint32_t *from = i < pixels ? luma : chroma;
        const __m256i index = _mm256_loadu_si256(
            reinterpret_cast<const __m256i *>(where + i % pixels));
        const __m256i value = _mm256_and_si256(
            _mm256_i32gather_epi32(reinterpret_cast<const int *>(from), index, 4), low);
        const __m128i half = _mm_packus_epi32(
            _mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1));
        _mm_storel_epi64(reinterpret_cast<__m128i *>(out + i), _mm_packus_epi16(half, half));
    }
}

int main(int count, char **words) {
    if (count != 5) return 2;
    const size_t width = std::atoi(words[1]), height = std::atoi(words[2]);
    const int frames = std::atoi(words[3]), rounds = std::atoi(words[4]);
    const size_t pixels = width * height;
    std::vector<uint32_t> luma(pixels + 64, 1), chroma(pixels + 64, 2);
    std::vector<int32_t> where(pixels + 64);
    // Neighbours read neighbours, a few pixels away, as in a pan.
    for (size_t i = 0; i < pixels; i++) {
        const size_t x = i % width;
        where[i] = int32_t(i + (x + 24 < width ? 8 + (x / 64) % 16 : 0));
    }
    std::vector<uint8_t> out(pixels * 2);
    const bool wide = __builtin_cpu_supports("avx512bw");
    if (!wide && !__builtin_cpu_supports("avx2")) return 3;
    for (int round = 0; round < rounds; round++) {
        const auto begin = std::chrono::steady_clock::now();
        for (int frame = 0; frame < frames; frame++)
            (wide ? fetch512 : fetch256)(luma.data(), chroma.data(), where.data(), out.data(), pixels);
        const std::chrono::duration<double, std::milli> time =
            std::chrono::steady_clock::now() - begin;
        std::printf("%.4f\n", time.count() / frames);
        std::fflush(stdout);
    }
}
