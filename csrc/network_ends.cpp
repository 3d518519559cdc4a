// The functions of network_ends.cuh on the CPU, row by row.
#include <vector>
#include "export.hpp"
#include "network_ends.cuh"

namespace {

// `between` is [blocks + 2]: the means of a row of blocks, with repeated edges.
template <typename Real>
PIXEL void enlarge_means(const Real* between, Real* row, int blocks) {
    for (int b = 0; b < blocks; ++b) {
        UNROLL
        for (int x = 0; x < MEAN_SIDE; ++x) {  // as in the second of three blocks
            const Between<Real> across = between_blocks<Real>(MEAN_SIDE + x, MEAN_SIDE, 3);
            const Real* before = between + b + across.before;
            row[MEAN_SIDE * b + x] = mix(before[0], before[1], across.share);
        }
    }
}

// `buffer` is [2 width]: a row of interpolated means, behind the means between two rows of blocks.
template <typename Real>
PIXEL void fill_input(const Real* image, const Real* means, Real sharpness, Real* input, int height, int width,
                      Real* buffer) {
    const int blocks_y = height / MEAN_SIDE, blocks_x = width / MEAN_SIDE, half = width / 2;
    Real *row = buffer, *between = buffer + width;
    for (int c = 0; c < 3; ++c) {
        const Real* channel = image + long(c) * height * width;
        const Real* mean = means + long(c) * blocks_y * blocks_x;
        const Real first = channel[0];
        for (int y = 0; y < height; ++y) {
            const Between<Real> down = between_blocks<Real>(y, MEAN_SIDE, blocks_y);
            const Real *before = mean + long(down.before) * blocks_x, *after = mean + long(down.after) * blocks_x;
            for (int b = 0; b < blocks_x; ++b) between[b + 1] = mix(before[b], after[b], down.share);
            between[0] = between[1];
            between[blocks_x + 1] = between[blocks_x];
            enlarge_means(between, row, blocks_x);
            const Real* pixels = channel + long(y) * width;
            for (int x = 0; x < width; ++x) row[x] = input_value(pixels[x], first, row[x], sharpness);
            Real* places = input + long(y / 2) * half * 12 + depth_index(c, y, 0);
            for (int x = 0; x < half; ++x) {
                places[12 * x] = row[2 * x];
                places[12 * x + 1] = row[2 * x + 1];
            }
        }
    }
}

// Row y of a channel of the image that depth-to-space makes.
template <typename Real>
PIXEL void shuffle_row(const Real* features, Real* row, int channel, int y, int width) {
    const Real* places = features + long(y / 2) * width * 12 + depth_index(channel, y, 0);
    for (int x = 0; x < width; ++x) {
        row[2 * x] = places[12 * x];
        row[2 * x + 1] = places[12 * x + 1];
    }
}

// `buffer` is [4, 2 width]: three rows of the unfiltered image, in a ring, and their filtered sum.
template <typename Real>
PIXEL void fill_output(const Real* features, Real* image, int height, int width, Real* buffer) {
    const int rows = 2 * height, columns = 2 * width;
    Real* sum = buffer + 3 * long(columns);
    for (int c = 0; c < 3; ++c) {
        int next = 0;
        for (int y = 0; y < rows; ++y) {
            for (; next < rows && next <= y + 1; ++next)
                shuffle_row(features, buffer + long(next % 3) * columns, c, next, width);
            const Real* above = buffer + long(reflect_index(y - 1, rows) % 3) * columns;
            const Real* here = buffer + long(y % 3) * columns;
            const Real* below = buffer + long(reflect_index(y + 1, rows) % 3) * columns;
            for (int x = 0; x < columns; ++x) sum[x] = above[x] + Real(2) * here[x] + below[x];
            Real* output = image + (long(c) * rows + y) * columns;
            output[0] = (sum[0] + sum[1]) / 8;
            for (int x = 1; x < columns - 1; ++x) output[x] = (sum[x - 1] + Real(2) * sum[x] + sum[x + 1]) / 16;
            output[columns - 1] = (sum[columns - 1] + sum[columns - 2]) / 8;
        }
    }
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED relative_means##suffix(const Real* image, Real* means, int height, int width) {                           \
        for (int c = 0; c < 3; ++c) {                                                                                  \
            const Real* channel = image + long(c) * height * width;                                                    \
            for (int y = 0; y < height; y += MEAN_SIDE)                                                                \
                for (int x = 0; x < width; x += MEAN_SIDE)                                                             \
                    *means++ = relative_mean(channel + long(y) * width + x, channel[0], width);                        \
        }                                                                                                              \
    }                                                                                                                  \
    EXPORTED network_input##suffix(const Real* image, const Real* means, Real sharpness, Real* input, int height,      \
                                   int width) {                                                                        \
        std::vector<Real> buffer(2 * long(width));                                                                     \
        fill_input(image, means, sharpness, input, height, width, buffer.data());                                      \
    }                                                                                                                  \
    EXPORTED depth_to_space##suffix(const Real* features, Real* image, int height, int width) {                        \
        std::vector<Real> buffer(8 * long(width));                                                                     \
        fill_output(features, image, height, width, buffer.data());                                                    \
    }

EXPORT(float, )
EXPORT(double, _double)
