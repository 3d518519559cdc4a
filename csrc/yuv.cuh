// A picture in RGB as an encoder wants it, in 4:2:0 (ITU-R BT.601 and BT.709, limited range, 8 bits):
//     Y = 16 + 219 Y'                      Y' = red R + green G + blue B, weights that sum up to 1
//     U = 128 + 224 (B - Y') / (2 - 2 blue)     V = 128 + 224 (R - Y') / (2 - 2 red)
// A sample of U and V stands for 2x2 pixels. Across it is their mean; down it is Keys' cubic kernel with a = -0.6 (IEEE
// TASSP 29(6), 1981), stretched to the distance of samples, over eight rows: what libswscale does by the same name.
#pragma once
#include "portable.cuh"

template <typename Real>
struct Chroma {
    Real u, v;
};

// The weight of the row `step` rows from the sample's middle, counted from 0 on either side: the kernel at
// (step + 1/2) / 2, scaled so that both sides sum up to 1.
template <typename Real>
PIXEL Real fall(int step) {
    return step == 0 ? Real(0.4359375) : step == 1 ? Real(0.1203125) : step == 2 ? Real(-0.0421875) : Real(-0.0140625);
}

template <typename Real>
PIXEL Real lit(Real value) {
    return value > Real(0) ? (value < Real(1) ? value : Real(1)) : Real(0);
}

template <typename Real>
PIXEL unsigned char stored(Real level) {
    const Real rounded = level + Real(0.5);
    return rounded > Real(0) ? (rounded < Real(256) ? (unsigned char)(rounded) : 255) : 0;
}

template <typename Real>
PIXEL Real brightness(Real red, Real green, Real blue, Real of_red, Real of_blue) {
    return of_red * red + (Real(1) - of_red - of_blue) * green + of_blue * blue;
}

template <typename Real>
PIXEL unsigned char luma(const Real* image, int place, int area, Real of_red, Real of_blue) {
    const Real red = lit(image[place]), green = lit(image[place + area]), blue = lit(image[place + 2 * area]);
    return stored(Real(16) + Real(219) * brightness(red, green, blue, of_red, of_blue));
}

// U and V of the 2x2 pixels whose first is (2 x, 2 y).
template <typename Real>
PIXEL Chroma<Real> chroma(const Real* image, int x, int y, int height, int width, Real of_red, Real of_blue) {
    const int area = height * width;
    Real towards_blue = Real(0), towards_red = Real(0);
    for (int row = -3; row <= 4; ++row) {
        const Real weight = fall<Real>(row > 0 ? row - 1 : -row) / 2;
        const int place = clamped(2 * y + row, height) * width + 2 * x;
        for (int here = place; here <= place + 1; ++here) {
            const Real red = lit(image[here]), green = lit(image[here + area]), blue = lit(image[here + 2 * area]);
            const Real bright = brightness(red, green, blue, of_red, of_blue);
            towards_blue += weight * (blue - bright);
            towards_red += weight * (red - bright);
        }
    }
    return {Real(128) + Real(112) / (Real(1) - of_blue) * towards_blue,
            Real(128) + Real(112) / (Real(1) - of_red) * towards_red};
}
