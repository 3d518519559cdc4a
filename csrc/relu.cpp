// ReLU and max pooling by two of features with the channels last, and their gradients, as the loss network needs them
// (streamstyle/ops/relu.py). On the CPU only: torch spends a quarter of an evaluation of the slim loss network on them,
// since it converts bfloat16 to float and back for every comparison.
//
// bfloat16 is passed as its bits, an int16: among numbers that are not negative they are in the order of their values,
// and all others are below 0. (A negative NaN is therefore 0 after ReLU.)
#include <cstdint>
#include "export.hpp"
#include "portable.cuh"

namespace {

const int GROUP = 8;  // channels at a time, a length that compilers vectorise

template <typename Value>
PIXEL Value largest(Value a, Value b) {
    return a > b ? a : b;
}

// One position of the pooled features: the largest of 2x2 positions, or 0. `across` and `down` are the distances to the
// next position and to the next row.
template <typename Value, int COUNT>
PIXEL void pool_channels(const Value* features, long across, long down, Value* pooled) {
#pragma omp simd
    for (int c = 0; c < COUNT; ++c) {
        const Value upper = largest(features[c], features[across + c]);
        const Value lower = largest(features[down + c], features[down + across + c]);
        pooled[c] = largest(largest(upper, lower), Value(0));
    }
}

// The gradient goes to the first of 2x2 positions that is the largest, and nowhere if none is above 0.
template <typename Value, int COUNT>
PIXEL void unpool_channels(const Value* gradient, const Value* features, long across, long down, Value* result) {
#pragma omp simd
    for (int c = 0; c < COUNT; ++c) {
        const Value upper = features[c], next = features[across + c];
        const Value lower = features[down + c], last = features[down + across + c];
        const Value top = largest(largest(upper, next), largest(lower, last)), none = Value(0);
        const Value slope = top > none ? gradient[c] : none;
        const Value after = upper == top ? none : slope;
        const Value after_next = next == top ? none : after;
        const Value after_lower = lower == top ? none : after_next;
        result[c] = upper == top ? slope : none;
        result[across + c] = next == top ? after : none;
        result[down + c] = lower == top ? after_next : none;
        result[down + across + c] = after_lower;
    }
}

template <typename Value, int COUNT>
PIXEL void pool(const Value* features, Value* pooled, int height, int width, int channels) {
    const long row = long(width) * channels;
    for (int y = 0; y < height / 2; ++y)
        for (int x = 0; x < width / 2; ++x)
            for (int c = 0; c < channels; c += COUNT, pooled += COUNT)
                pool_channels<Value, COUNT>(features + 2 * y * row + 2L * x * channels + c, channels, row, pooled);
}

template <typename Value, int COUNT>
PIXEL void unpool(const Value* gradient, const Value* features, Value* result, int height, int width, int channels) {
    const long row = long(width) * channels, pairs = width / 2 * 2L * channels;
    for (int y = 0; y < height / 2; ++y) {
        for (int x = 0; x < width / 2; ++x)
            for (int c = 0; c < channels; c += COUNT, gradient += COUNT) {
                const long first = 2 * y * row + 2L * x * channels + c;
                unpool_channels<Value, COUNT>(gradient, features + first, channels, row, result + first);
            }
        for (int k = 0; k < 2; ++k)  // a last column that is not pooled
            for (long i = pairs; i < row; ++i) result[(2 * y + k) * row + i] = Value(0);
    }
    for (long i = height / 2 * 2L * row; i < height * row; ++i) result[i] = Value(0);
}

}  // namespace

#define EXPORT(Value, suffix)                                                                                         \
    EXPORTED relu_pool##suffix(const Value* features, Value* pooled, int height, int width, int channels) {           \
        if (channels % GROUP == 0)                                                                                    \
            pool<Value, GROUP>(features, pooled, height, width, channels);                                            \
        else                                                                                                          \
            pool<Value, 1>(features, pooled, height, width, channels);                                                \
    }                                                                                                                 \
    EXPORTED relu_pool_backward##suffix(const Value* gradient, const Value* features, Value* result, int height,      \
                                        int width, int channels) {                                                    \
        if (channels % GROUP == 0)                                                                                    \
            unpool<Value, GROUP>(gradient, features, result, height, width, channels);                                \
        else                                                                                                          \
            unpool<Value, 1>(gradient, features, result, height, width, channels);                                    \
    }

EXPORT(float, )
EXPORT(double, _double)
EXPORT(int16_t, _bfloat16)
