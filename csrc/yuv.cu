// RGB to 4:2:0 planes as in yuv.cuh. The torch twin is `torch_rgb_to_yuv420` in streamstyle/ops/yuv.py.
#include "yuv.cuh"

// One thread per 2x2 pixels, in blocks of 32x8: it writes four samples of Y, one of U and one of V.
extern "C" __global__ void rgb_to_yuv420(const float* image,     // [3, height, width] in [0, 1], both sides even
                                         float red_weight,       // of luma
                                         float blue_weight,      // of luma
                                         unsigned char* planes,  // [height, width] Y, [height / 2, width / 2] U and V
                                         int height, int width) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    const int area = height * width, quarter = area / 4, sample = y * (width / 2) + x;
    if (x >= width / 2 || y >= height / 2) return;
    for (int row = 2 * y; row < 2 * y + 2; ++row)
        for (int pixel = row * width + 2 * x, end = pixel + 2; pixel < end; ++pixel)
            planes[pixel] = luma_sample(image, pixel, area, red_weight, blue_weight);
    const Chroma<float> chroma = chroma_sample(image, x, y, height, width, red_weight, blue_weight);
    planes[area + sample] = to_byte(chroma.u);
    planes[area + quarter + sample] = to_byte(chroma.v);
}
