// A picture carried along a flow: p shows `image` at p + flow(p). The twin of `backward_warp` in streamstyle/ops/warp.py,
// bilinear and bicubic as warp.cuh says.
#include "warp.cuh"

// One thread a pixel, all channels: taps and weights are worked out once.
template <int N, typename TapsAt>
__device__ __forceinline__ void warp(const float* image, const float* flow, float* out, int channels, int height,
                                     int width, TapsAt taps_at) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height) return;
    const int area = height * width, here = y * width + x;
    const Taps<float, N> across = taps_at(float(x) + flow[here], width);
    const Taps<float, N> down = taps_at(float(y) + flow[area + here], height);
    for (int channel = 0; channel < channels; ++channel)
        out[channel * area + here] = gathered(image + channel * area, width, across, down);
}

struct Linear {
    __device__ Taps<float, 2> operator()(float place, int size) const { return linear_taps(place, size); }
};

struct Cubic {
    __device__ Taps<float, 4> operator()(float place, int size) const { return cubic_taps(place, size); }
};

// Launched on a grid of 32x8 blocks that covers the picture.
extern "C" __global__ void warp_bilinear(const float* image,  // [channels, height, width]
                                         const float* flow,   // [2, height, width] pixels, u right, v down
                                         float* out,          // [channels, height, width]
                                         int channels, int height, int width) {
    warp<2>(image, flow, out, channels, height, width, Linear());
}

extern "C" __global__ void warp_bicubic(const float* image, const float* flow, float* out, int channels, int height,
                                        int width) {
    warp<4>(image, flow, out, channels, height, width, Cubic());
}
