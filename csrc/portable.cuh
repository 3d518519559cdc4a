// What lets g++ and NVRTC read the same arithmetic. A pixel function is a template over float, which the kernels use,
// and double, in which a test takes its derivatives.
#pragma once

#ifdef __CUDACC__
#define PIXEL __host__ __device__ __forceinline__
#define UNROLL _Pragma("unroll")
#else
#define PIXEL inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 4")
#endif

PIXEL int clamped(int value, int size) { return value < 0 ? 0 : value < size ? value : size - 1; }

template <typename Real>
PIXEL Real squared(Real value) {
    return value * value;
}
