// Images at other sizes: the means of blocks of BLOCK x BLOCK pixels, those of 2x2 pixels, and an image at half the size,
// enlarged linearly and added to one at full size, with what is outside [0, 1] clipped. Edge pixels are repeated outside the image.
#pragma once
#include "between.cuh"

// Returns the mean of the block of `rows` x `columns` pixels that begins at `image`.
template <typename Real>
PIXEL Real block_mean(const Real* image, int rows, int columns, int width) {
    Real sum = Real(0);
    for (int j = 0; j < rows; ++j)
        for (int i = 0; i < columns; ++i) sum += image[long(j) * width + i];
    return sum / Real(rows * columns);
}

template <typename Real>
PIXEL Real mean_of_four(Real first, Real second, Real third, Real fourth) {
    return ((first + second) + (third + fourth)) * Real(0.25);
}

template <typename Real>
PIXEL Real add_clipped(Real value, Real change) {
    const Real sum = value + change;
    return sum > Real(0) ? (sum < Real(1) ? sum : Real(1)) : Real(0);
}
