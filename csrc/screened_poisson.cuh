// A step of Chebyshev's iteration (Saad 2003, algorithm 12.1) for the screened Poisson equation of the temporal
// objective, per pixel  weight x + smoothness sum over neighbours (x - neighbour) = right_side,  with the diagonal
// weight + 4 smoothness as preconditioner. Outside the image a neighbour repeats the pixel.
#pragma once
#include "portable.cuh"

template <typename Real>
PIXEL Real poisson_residual(Real right_side, Real value, Real left, Real right, Real above, Real below, Real weight,
                            Real smoothness) {
    const Real differences = 4 * value - left - right - above - below;
    return right_side - weight * value - smoothness * differences;
}
