// Between a decoder's planes (8 bits, one chroma sample for 2x2 pixels) and planar RGB in [0, 1], resized on the way.
// ITU-T H.273: with K the weights of red and blue in brightness, Kg = 1 - Kr - Kb,
//     Y = Kr R + Kg G + Kb B,   Cb = (B - Y) / (2 (1 - Kb)),   Cr = (R - Y) / (2 (1 - Kr))
// Chroma lies on every other pixel's column and between two rows, as in MPEG-2 and all that came after it. A sample is
// the mean of those around its place under a triangle two samples wide, of whichever side has the larger ones.
#pragma once
#include "portable.cuh"

template <typename Real>
struct Coding {
    Real red, blue;           // Kr and Kb
    Real black, luma, chroma;  // level of black; levels from black to white; levels of chroma from end to end
};

// Where along one axis an output sample lies among `size` input samples, and how wide its triangle is.
template <typename Real>
struct Window {
    Real place, radius;
    int first, last;
};

// Output sample k lies at k * step + offset.
template <typename Real>
PIXEL Window<Real> window(int k, Real step, Real offset, int size) {
    const Real place = Real(k) * step + offset, radius = step > Real(1) ? step : Real(1);
    const int first = int(place - radius + Real(size)) - size + 1, last = int(place + radius + Real(1)) - 1;
    return {place, radius, first < 0 ? 0 : first, last < size ? last : size - 1};
}

template <typename Real>
PIXEL Real under(const Window<Real>& window, int k) {
    const Real apart = (Real(k) > window.place ? Real(k) - window.place : window.place - Real(k)) / window.radius;
    return apart < Real(1) ? Real(1) - apart : Real(0);
}

// `at(x, y)` reads an input sample.
template <typename Real, typename At>
PIXEL Real mean_under(const Window<Real>& across, const Window<Real>& down, At at) {
    Real total = Real(0), weights = Real(0);
    for (int y = down.first; y <= down.last; ++y)
        for (int x = across.first; x <= across.last; ++x) {
            const Real weight = under(down, y) * under(across, x);
            total += weight * Real(at(x, y));
            weights += weight;
        }
    return total / weights;
}

// A plane of samples that lie `step` apart: 1 in yuv420p, 2 where nv12 has Cb and Cr by turns.
template <typename Sample>
struct Plane {
    const Sample* first;
    int width, step;
    PIXEL Sample operator()(int x, int y) const { return first[(y * width + x) * step]; }
};

template <typename Real>
PIXEL Real unit(Real value) {
    return value > Real(0) ? (value < Real(1) ? value : Real(1)) : Real(0);
}

template <typename Real>
struct Triple {
    Real a, b, c;
};

template <typename Real>
PIXEL Triple<Real> rgb_of(Real y, Real cb, Real cr, const Coding<Real>& coding) {  // levels to [0, 1]
    const Real luma = (y - coding.black) / coding.luma;
    const Real red = luma + 2 * (1 - coding.red) * (cr - 128) / coding.chroma;
    const Real blue = luma + 2 * (1 - coding.blue) * (cb - 128) / coding.chroma;
    const Real green = (luma - coding.red * red - coding.blue * blue) / (1 - coding.red - coding.blue);
    return {unit(red), unit(green), unit(blue)};
}

template <typename Real>
PIXEL Triple<Real> yuv_of(Real red, Real green, Real blue, const Coding<Real>& coding) {  // [0, 1] to levels
    const Real luma = coding.red * red + (1 - coding.red - coding.blue) * green + coding.blue * blue;
    return {coding.black + coding.luma * luma, 128 + coding.chroma * (blue - luma) / (2 * (1 - coding.blue)),
            128 + coding.chroma * (red - luma) / (2 * (1 - coding.red))};
}

template <typename Real>
PIXEL unsigned char level(Real value) {  // to the nearest, and what lies between two to the even one, as torch rounds
    const Real kept = value > Real(0) ? (value < Real(255) ? value : Real(255)) : Real(0);
    const int below = int(kept);
    const Real part = kept - Real(below);
    return (unsigned char)(below + (part > Real(0.5) || (part == Real(0.5) && (below & 1))));
}

// One RGB pixel of a width x height picture out of the planes of a source_width x source_height one.
template <typename Real>
PIXEL Triple<Real> rgb_pixel(const Plane<unsigned char>& luma, const Plane<unsigned char>& cb,
                             const Plane<unsigned char>& cr, int source_height, int source_width, int x, int y,
                             int height, int width, const Coding<Real>& coding) {
    const Real right = Real(source_width) / Real(width), down = Real(source_height) / Real(height);
    const Real first_x = (right - 1) / 2, first_y = (down - 1) / 2;
    const Window<Real> over = window(x, right, first_x, source_width), along = window(y, down, first_y, source_height);
    const Window<Real> chroma_over = window(x, right / 2, first_x / 2, cb.width);
    const Window<Real> chroma_along = window(y, down / 2, first_y / 2 - Real(0.25), (source_height + 1) / 2);
    return rgb_of(mean_under(over, along, luma), mean_under(chroma_over, chroma_along, cb),
                  mean_under(chroma_over, chroma_along, cr), coding);
}

// One sample of luma, or of chroma where `coarse` is 2, of a width x height picture out of planar RGB.
template <typename Real, typename At>
PIXEL Triple<Real> yuv_sample(At red, At green, At blue, int source_height, int source_width, int x, int y, int height,
                              int width, int coarse, const Coding<Real>& coding) {
    const Real right = Real(source_width) / Real(width), down = Real(source_height) / Real(height);
    const Real first_x = (right - 1) / 2, first_y = (down - 1) / 2 + (coarse == 2 ? down / 2 : Real(0));
    const Window<Real> over = window(x, right * coarse, first_x, source_width);
    const Window<Real> along = window(y, down * coarse, first_y, source_height);
    return yuv_of(mean_under(over, along, red), mean_under(over, along, green), mean_under(over, along, blue), coding);
}

// Half precision without its header, to nearest even; finite values of magnitude up to 65504.
union Bits {
    float value;
    unsigned int bits;
};

PIXEL unsigned short to_half(float value) {
    Bits all, magic;
    all.value = value;
    const unsigned int sign = (all.bits >> 16) & 0x8000u;
    all.bits &= 0x7fffffffu;
    if (all.bits < 0x38800000u) {  // below 2^-14 halves are counted in steps of 2^-24: let the addition round
        magic.bits = 0x3f000000u;  // 0.5, whose own steps are those
        all.value += magic.value;
        return (unsigned short)(sign | (all.bits - magic.bits));
    }
    const unsigned int odd = (all.bits >> 13) & 1u;
    return (unsigned short)(sign | ((all.bits - 0x38000000u + 0xfffu + odd) >> 13));
}

PIXEL float from_half(unsigned short half) {
    Bits all, scale;
    all.bits = (half & 0x7fffu) << 13;
    scale.bits = 0x77800000u;  // 2^112, between the two biases; exact for denormals too
    all.value *= scale.value;
    all.bits |= (unsigned int)(half & 0x8000u) << 16;
    return all.value;
}

struct HalfPlane {
    const unsigned short* first;
    int width;
    PIXEL float operator()(int x, int y) const { return from_half(first[y * width + x]); }
};
