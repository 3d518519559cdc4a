// Definitions that let g++ and NVRTC compile the same pixel functions. A pixel function is a template: kernels use it
// in float, and tests also in double, where finite differences are accurate.
#pragma once

#ifdef __CUDACC__
#define PIXEL __host__ __device__ __forceinline__
#define UNROLL _Pragma("unroll")
#else
#define PIXEL inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 4")
#endif

PIXEL int clamp_index(int index, int size) {
    const int inside = index > 0 ? index : 0;
    return inside < size ? inside : size - 1;
}

template <typename Real>
PIXEL Real square(Real value) {
    return value * value;
}
