// Values of blocks of pixels, interpolated linearly to pixels, with those at the edge repeated.
#pragma once
#include "portable.cuh"

const int BLOCK = 8;  // side in pixels of the blocks that local means are taken over

PIXEL int inside_block(int first, int size) { return first + BLOCK < size ? BLOCK : size - first; }

// The block before a position on one axis, the next one, and the share of the next one.
template <typename Real>
struct Between {
    int before, after;
    Real share;
};

// Returns where a pixel lies between the centres of `count` blocks of `side` pixels, an even number.
template <typename Real>
PIXEL Between<Real> between_blocks(int pixel, int side, int count) {
    const int centre = 2 * pixel + 1 - side;  // from the centre of the first block, in half pixels
    const int before = centre < 0 ? 0 : centre / (2 * side);
    const Real share = centre < 0 ? Real(0) : Real(centre % (2 * side)) / Real(2 * side);
    return {before, clamp_index(before + 1, count), share};
}

template <typename Real>
PIXEL Real mix(Real from, Real to, Real share) {
    return from + share * (to - from);
}
