// Backward warp: the output at p is `image` sampled at p + flow(p), bilinear, bicubic or Lanczos as in warp.cuh. The torch twin
// is `torch_backward_warp` in streamstyle/ops/warp.py.
#include "warp.cuh"

struct LinearTaps {
    __device__ Taps<float, 2> operator()(float position, int size) const { return linear_taps(position, size); }
};

struct CubicTaps {
    __device__ Taps<float, 4> operator()(float position, int size) const { return cubic_taps(position, size); }
};

struct LanczosTaps {
    const float* table;
    __device__ Taps<float, LANCZOS_TAPS> operator()(float position, int size) const {
        return lanczos_taps(position, size, table);
    }
};

// One thread per pixel for all channels, so that taps are computed once. Blocks of 32x8 cover the image.
template <int N, typename TapsAt>
__device__ __forceinline__ void warp(const float* image, const float* flow, float* output, int channels, int height,
                                     int width, TapsAt taps_at) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height) return;
    const int area = height * width, pixel = y * width + x;
    const Taps<float, N> taps_x = taps_at(float(x) + flow[pixel], width);
    const Taps<float, N> taps_y = taps_at(float(y) + flow[area + pixel], height);
    for (int channel = 0; channel < channels; ++channel)
        output[channel * area + pixel] = interpolate(image + channel * area, width, taps_x, taps_y);
}

extern "C" __global__ void warp_bilinear(const float* image,  // [channels, height, width]
                                         const float* flow,   // [2, height, width] pixels, u right, v down
                                         float* output,       // [channels, height, width]
                                         int channels, int height, int width) {
    warp<2>(image, flow, output, channels, height, width, LinearTaps());
}

extern "C" __global__ void warp_bicubic(const float* image,  // [channels, height, width]
                                        const float* flow,   // [2, height, width] pixels, u right, v down
                                        float* output,       // [channels, height, width]
                                        int channels, int height, int width) {
    warp<4>(image, flow, output, channels, height, width, CubicTaps());
}

extern "C" __global__ void warp_lanczos(const float* image,  // [channels, height, width]
                                        const float* flow,   // [2, height, width] pixels, u right, v down
                                        const float* table,  // [PHASES, LANCZOS_TAPS]
                                        float* output,       // [channels, height, width]
                                        int channels, int height, int width) {
    warp<LANCZOS_TAPS>(image, flow, output, channels, height, width, LanczosTaps{table});
}
