// A step of Chebyshev's iteration: the pixel function of screened_poisson.cuh. The torch twin is `torch_chebyshev_step`
// in streamstyle/ops/screened_poisson.py.
#include "screened_poisson.cuh"

// Each step: 64 bytes per pixel, ten floats read and six written, but for neighbours that are not in the cache. One
// thread per pixel, channel after channel.
extern "C" __global__ void screened_poisson_step(const float* right_side,  // [3, height, width]
                                                 const float* estimate,    // [3, height, width]
                                                 const float* step,        // [3, height, width]
                                                 const float* weight,      // [height, width]
                                                 float smoothness, float step_factor, float residual_factor,
                                                 float* next,       // [3, height, width]
                                                 float* next_step,  // [3, height, width]
                                                 int height, int width) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height) return;
    const int left = y * width + clamp_index(x - 1, width), right = y * width + clamp_index(x + 1, width);
    const int above = clamp_index(y - 1, height) * width + x, below = clamp_index(y + 1, height) * width + x;
    const int pixel = y * width + x, area = height * width;
    for (int channel = 0; channel < 3; ++channel) {
        const int first = channel * area, index = first + pixel;
        const float residual =
            poisson_residual(right_side[index], estimate[index], estimate[first + left], estimate[first + right],
                             estimate[first + above], estimate[first + below], weight[pixel], smoothness) /
            (weight[pixel] + 4 * smoothness);
        const float following = step_factor * step[index] + residual_factor * residual;
        next_step[index] = following;
        next[index] = estimate[index] + following;
    }
}
