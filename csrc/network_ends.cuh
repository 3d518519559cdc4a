// What a style network does before its first convolution and after its last one (streamstyle/ops/network_ends.py).
//
// Before: faint differences d from the mean of some twenty pixels around are reduced to d^3 / (d^2 + f^2), the result is
// centred at 0, and 2x2 pixels become one position with 12 channels: channel 4 c + 2 (y mod 2) + x mod 2. Means are
// relative to the first pixel of the channel, so that a flat image is returned unchanged.
// After: 12 channels become 2x2 pixels of three, and the filter [1 2 1] / 4 in both directions removes a grid of two
// pixels; at the border the image is reflected.
#pragma once
#include "between.cuh"

const int MEAN_SIDE = 4;  // of the blocks that means are taken over

// Returns the mean of a block, relative to `first`; the pointer is to its first pixel.
template <typename Real>
PIXEL Real relative_mean(const Real* block, Real first, int width) {
    Real sum = Real(0);
    for (int y = 0; y < MEAN_SIDE; ++y)
        for (int x = 0; x < MEAN_SIDE; ++x) sum += block[y * width + x] - first;
    return sum / Real(MEAN_SIDE * MEAN_SIDE);
}

// `sharpness` is 1 / f^2.
template <typename Real>
PIXEL Real input_value(Real value, Real first, Real local, Real sharpness) {
    const Real difference = value - first - local;
    return (value - difference / (Real(1) + difference * difference * sharpness) - Real(0.5)) * Real(4);
}

PIXEL int reflect_index(int index, int size) { return index < 0 ? -index : index < size ? index : 2 * size - 2 - index; }

PIXEL int depth_index(int channel, int y, int x) { return 4 * channel + 2 * (y & 1) + (x & 1); }
