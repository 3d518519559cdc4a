// RGB to 4:2:0 planes on the CPU: the pixel functions of yuv.cuh, plane by plane.
#include "export.hpp"
#include "yuv.cuh"

namespace {

template <typename Real>
PIXEL void fill_planes(const Real* image, Real red_weight, Real blue_weight, unsigned char* planes, int height,
                       int width) {
    const int area = height * width;
    for (int pixel = 0; pixel < area; ++pixel)
        planes[pixel] = luma_sample(image, pixel, area, red_weight, blue_weight);
    unsigned char *u = planes + area, *v = u + area / 4;
    for (int y = 0; y < height / 2; ++y)
        for (int x = 0; x < width / 2; ++x) {
            const Chroma<Real> chroma = chroma_sample(image, x, y, height, width, red_weight, blue_weight);
            *u++ = to_byte(chroma.u);
            *v++ = to_byte(chroma.v);
        }
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED rgb_to_yuv420##suffix(const Real* image, Real red_weight, Real blue_weight, unsigned char* planes,        \
                                   int height, int width) {                                                            \
        fill_planes(image, red_weight, blue_weight, planes, height, width);                                            \
    }

EXPORT(float, )
EXPORT(double, _double)
