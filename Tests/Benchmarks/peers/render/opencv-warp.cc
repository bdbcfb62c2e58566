// The plain way to move a camera over a picture with depth: one step from the depth of the target
// pixel, a map for cv::remap, one thread. What it prints is the time of a frame in milliseconds.
//
// usage: opencv-warp picture.rgb depth.gray WIDTH HEIGHT FRAMES ROUNDS
// The files hold plain rows: 3 bytes a pixel, and 1 byte a pixel with 255 near.
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

static std::vector<unsigned char> contents(const char *path, size_t size) {
    std::vector<unsigned char> bytes(size);
    FILE *file = std::fopen(path, "rb");
    if (!file || std::fread(bytes.data(), 1, size, file) != size) {
        std::fprintf(stderr, "cannot read %zu bytes of %s\n", size, path);
        std::exit(1);
    }
    std::fclose(file);
    return bytes;
}

int main(int count, char **words) {
    if (count != 7) return 2;
    const int width = std::atoi(words[3]), height = std::atoi(words[4]);
    const int frames = std::atoi(words[5]), rounds = std::atoi(words[6]);
    auto pixels = contents(words[1], size_t(width) * height * 3);
    auto depths = contents(words[2], size_t(width) * height);
    cv::setNumThreads(1);
    const cv::Mat picture(height, width, CV_8UC3, pixels.data());
    std::vector<float> weights(depths.size());
    const float strength = 0.4f, pivot = 0.5f;
    for (size_t i = 0; i < depths.size(); i++) weights[i] = strength * (depths[i] / 255.0f - pivot);

    cv::Mat x(height, width, CV_32FC1), y(height, width, CV_32FC1), frame;
    for (int round = 0; round < rounds; round++) {
        const auto begin = std::chrono::steady_clock::now();
        for (int index = 0; index < frames; index++) {
            const float t = frames > 1 ? float(index) / (frames - 1) : 0;
            const float shift = (0.15f - 0.3f * t) * height;
            for (int row = 0; row < height; row++) {
                const float *weight = weights.data() + size_t(row) * width;
                float *toX = x.ptr<float>(row), *toY = y.ptr<float>(row);
                for (int column = 0; column < width; column++) {
                    toX[column] = column + weight[column] * shift;
                    toY[column] = row;
                }
            }
            cv::remap(picture, frame, x, y, cv::INTER_LINEAR, cv::BORDER_REFLECT_101);
        }
        const std::chrono::duration<double, std::milli> time =
            std::chrono::steady_clock::now() - begin;
        std::printf("%.4f\n", time.count() / frames);
        std::fflush(stdout);
    }
}
