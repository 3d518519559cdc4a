// The planes of yuv.cuh on a CPU.
#include "export.hpp"
#include "yuv.cuh"

namespace {

template <typename Real>
PIXEL void fill_planes(const Real* image, Real red, Real blue, unsigned char* planes, int height, int width) {
    const int area = height * width;
    for (int place = 0; place < area; ++place) planes[place] = luma(image, place, area, red, blue);
    unsigned char *u = planes + area, *v = u + area / 4;
    for (int y = 0; y < height / 2; ++y)
        for (int x = 0; x < width / 2; ++x) {
            const Chroma<Real> found = chroma(image, x, y, height, width, red, blue);
            *u++ = stored(found.u);
            *v++ = stored(found.v);
        }
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED rgb_to_yuv420##suffix(const Real* image, Real red, Real blue, unsigned char* planes, int height,          \
                                   int width) {                                                                        \
        fill_planes(image, red, blue, planes, height, width);                                                          \
    }

EXPORT(float, )
EXPORT(double, _double)
