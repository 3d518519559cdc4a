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

PIXEL int clamp_index(int index, int size) { return index < 0 ? 0 : index < size ? index : size - 1; }

template <typename Real>
PIXEL Real square(Real value) {
    return value * value;
}
