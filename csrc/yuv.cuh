// RGB to 4:2:0 planes for an encoder (ITU-R BT.601 and BT.709, limited range, 8 bits):
//     Y = 16 + 219 Y'                           Y' = red R + green G + blue B, weights that sum to 1
//     U = 128 + 224 (B - Y') / (2 - 2 blue)     V = 128 + 224 (R - Y') / (2 - 2 red)
// A chroma sample covers 2x2 pixels, at their centre. Horizontally it is their mean; vertically it is filtered over
// eight rows by Keys' cubic kernel with a = -0.6 (IEEE TASSP 29(6), 1981), stretched by 2, like libswscale's bicubic.
#pragma once
#include "portable.cuh"

template <typename Real>
struct Chroma {
    Real u, v;
};

// Returns the weight of a row, counted from 0 on either side of the sample: the kernel at (distance + 1/2) / 2,
// normalised over one side.
template <typename Real>
PIXEL Real chroma_tap(int distance) {
    return distance == 0   ? Real(0.4359375)
           : distance == 1 ? Real(0.1203125)
           : distance == 2 ? Real(-0.0421875)
                           : Real(-0.0140625);
}

template <typename Real>
PIXEL Real clip_channel(Real value) {
    return value > Real(0) ? (value < Real(1) ? value : Real(1)) : Real(0);
}

template <typename Real>
PIXEL unsigned char to_byte(Real level) {
    const Real rounded = level + Real(0.5);
    return rounded > Real(0) ? (rounded < Real(256) ? (unsigned char)(rounded) : 255) : 0;
}

template <typename Real>
PIXEL Real luma(Real red, Real green, Real blue, Real red_weight, Real blue_weight) {
    return red_weight * red + (Real(1) - red_weight - blue_weight) * green + blue_weight * blue;
}

template <typename Real>
PIXEL unsigned char luma_sample(const Real* image, int pixel, int area, Real red_weight, Real blue_weight) {
    const Real red = clip_channel(image[pixel]), green = clip_channel(image[pixel + area]);
    const Real blue = clip_channel(image[pixel + 2 * area]);
    return to_byte(Real(16) + Real(219) * luma(red, green, blue, red_weight, blue_weight));
}

// Returns U and V of the 2x2 pixels whose first is (2 x, 2 y), unrounded.
template <typename Real>
PIXEL Chroma<Real> chroma_sample(const Real* image, int x, int y, int height, int width, Real red_weight,
                                 Real blue_weight) {
    const int area = height * width;
    Real blue_difference = Real(0), red_difference = Real(0);
    for (int row = -3; row <= 4; ++row) {
        const Real weight = chroma_tap<Real>(row > 0 ? row - 1 : -row) / 2;
        const int first = clamp_index(2 * y + row, height) * width + 2 * x;
        for (int pixel = first; pixel <= first + 1; ++pixel) {
            const Real red = clip_channel(image[pixel]), green = clip_channel(image[pixel + area]);
            const Real blue = clip_channel(image[pixel + 2 * area]);
            const Real brightness = luma(red, green, blue, red_weight, blue_weight);
            blue_difference += weight * (blue - brightness);
            red_difference += weight * (red - brightness);
        }
    }
    return {Real(128) + Real(112) / (Real(1) - blue_weight) * blue_difference,
            Real(128) + Real(112) / (Real(1) - red_weight) * red_difference};
}
