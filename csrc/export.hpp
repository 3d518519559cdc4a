// What every .cpp here needs to be called from Python: a plain C ABI, each kernel `NAME` in float and `NAME_double` for
// tests. Arguments come as the table in streamstyle/gpu/kernels.py has them.
//
// One thread and sums in a fixed order, so that a result depends on nothing else. On x86-64 the compiler makes each loop
// several times over, and the loader picks what the processor has.
#pragma once

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

#if defined(_WIN32)
#define VISIBLE extern "C" __declspec(dllexport)
#else
#define VISIBLE extern "C" __attribute__((visibility("default")))
#endif

#define EXPORTED VISIBLE FOR_EACH_PROCESSOR void
