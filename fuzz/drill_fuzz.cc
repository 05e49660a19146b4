// A libFuzzer target: any bytes as a script of `leat drill`. Built with clang only; run it as
//   build/clang/fuzz/drill_fuzz -dict=fuzz/drill.dict CORPUS tests/scripts
#include "drill/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  leat::drill::drill_fuzz(data, size);
  return 0;
}
