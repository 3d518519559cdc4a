// Rows of an image on the CPU, for kernels that go row by row.
#pragma once
#include "gradient.cuh"

// Adds the squared gradient times four to a row of sums.
template <typename Real>
PIXEL void add_gradient_row(const Real* image, int y, int height, int width, Real* sums) {
    const Real *row = image + long(y) * width, *above = image + long(clamp_index(y - 1, height)) * width,
               *below = image + long(clamp_index(y + 1, height)) * width;
    sums[0] += squared_gradient(image, 0, y, height, width);
#pragma omp simd
    for (int x = 1; x < width - 1; ++x) sums[x] += square(row[x + 1] - row[x - 1]) + square(below[x] - above[x]);
    if (width > 1) sums[width - 1] += squared_gradient(image, width - 1, y, height, width);
}

// Repeats the edges of a row in `margin` pixels before and behind it; `row` is where the margin begins.
template <typename Real>
PIXEL void repeat_edges(Real* row, int margin, int width) {
    for (int k = 0; k < margin; ++k) {
        row[k] = row[margin];
        row[width + margin + k] = row[width + margin - 1];
    }
}
