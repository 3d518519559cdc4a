// The squared gradient of an image, |grad I|^2, by central differences; edge pixels are repeated outside the image.
#pragma once
#include "portable.cuh"

// Returns it times four: differences are taken over two pixels.
template <typename Real>
PIXEL Real squared_gradient(const Real* image, int x, int y, int height, int width) {
    const Real* row = image + y * width;
    const Real dx = row[clamp_index(x + 1, width)] - row[clamp_index(x - 1, width)];
    const Real dy =
        image[clamp_index(y + 1, height) * width + x] - image[clamp_index(y - 1, height) * width + x];
    return square(dx) + square(dy);
}
