// The widest instruction set that both the processor and the operating system support. Compiled into
// the baseline module only, which runs anywhere.
#pragma once

namespace convproof {

// 0: baseline, 1: AVX2 and FMA, 2: AVX-512 F, VL, DQ and BW. GCC's builtins look at CPUID and at the
// register state the system saves (XGETBV).
inline int widest_isa() {
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  return avx2 && avx512 ? 2 : avx2 ? 1 : 0;
#else
  return 0;
#endif
}

}  // namespace convproof
