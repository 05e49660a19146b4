// bench/micro: the main function of these benches.
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
