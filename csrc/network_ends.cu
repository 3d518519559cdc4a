// The functions of network_ends.cuh. The torch twins are in streamstyle/ops/network_ends.py.
#include "network_ends.cuh"

// One thread per block of MEAN_SIDE x MEAN_SIDE pixels.
extern "C" __global__ void relative_means(const float* image,  // [3, height, width], both sides multiples of MEAN_SIDE
                                          float* means,        // [3, height / MEAN_SIDE, width / MEAN_SIDE]
                                          int height, int width) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y * blockDim.y + threadIdx.y;
    const int columns = width / MEAN_SIDE, rows = height / MEAN_SIDE;
    if (column >= columns || row >= rows) return;
    for (int c = 0; c < 3; ++c) {
        const float* channel = image + c * height * width;
        means[(c * rows + row) * columns + column] =
            relative_mean(channel + (row * width + column) * MEAN_SIDE, channel[0], width);
    }
}

// One thread per 2x2 pixels: it writes the 12 channels of one position.
extern "C" __global__ void network_input(const float* image,  // [3, height, width], both sides multiples of MEAN_SIDE
                                         const float* means,  // [3, height / MEAN_SIDE, width / MEAN_SIDE]: local means
                                         float sharpness,     // 1 / f^2
                                         float* input,        // [height / 2, width / 2, 12]
                                         int height, int width) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y * blockDim.y + threadIdx.y;
    const int blocks_y = height / MEAN_SIDE, blocks_x = width / MEAN_SIDE;
    if (column >= width / 2 || row >= height / 2) return;
    for (int y = 2 * row; y < 2 * row + 2; ++y)
        for (int x = 2 * column; x < 2 * column + 2; ++x) {
            const Between<float> down = between_blocks<float>(y, MEAN_SIDE, blocks_y);
            const Between<float> across = between_blocks<float>(x, MEAN_SIDE, blocks_x);
            for (int c = 0; c < 3; ++c) {
                const float* channel = image + c * height * width;
                const float* before = means + (c * blocks_y + down.before) * blocks_x;
                const float* after = means + (c * blocks_y + down.after) * blocks_x;
                const float local = mix(mix(before[across.before], after[across.before], down.share),
                                        mix(before[across.after], after[across.after], down.share), across.share);
                input[(row * (width / 2) + column) * 12 + depth_index(c, y, x)] =
                    input_value(channel[y * width + x], channel[0], local, sharpness);
            }
        }
}

// One thread per position of the features: it writes 2x2 pixels of three channels, from nine positions.
extern "C" __global__ void depth_to_space(const float* features,  // [height, width, 12]
                                          float* image,           // [3, 2 height, 2 width]
                                          int height, int width) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y * blockDim.y + threadIdx.y;
    const int rows = 2 * height, columns = 2 * width;
    if (column >= width || row >= height) return;
    for (int c = 0; c < 3; ++c)
        for (int y = 2 * row; y < 2 * row + 2; ++y)
            for (int x = 2 * column; x < 2 * column + 2; ++x) {
                float sum = 0;
                for (int down = -1; down <= 1; ++down)
                    for (int across = -1; across <= 1; ++across) {
                        const int from_y = reflect_index(y + down, rows), from_x = reflect_index(x + across, columns);
                        const float weight = (down ? 1.0f : 2.0f) * (across ? 1.0f : 2.0f);
                        sum += weight * features[(from_y / 2 * width + from_x / 2) * 12 + depth_index(c, from_y, from_x)];
                    }
                image[(c * rows + y) * columns + x] = sum / 16;
            }
}
