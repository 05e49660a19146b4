// Instructions: BPF code under construction, with labels for jumps forward. Used by RedirectProgram.
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace leat::xdp {

class Instructions {
 public:
  using Register = std::uint8_t;
  /// The width of a load or store in bytes.
  enum class Width : std::uint8_t { byte = BPF_B, half = BPF_H, word = BPF_W };
  using Label = std::size_t;

  void load(Width width, Register to, Register from, std::int16_t at) {
    add(BPF_LDX | BPF_MEM | code(width), to, from, at, 0);
  }
  void store(Width width, Register to, std::int16_t at, Register from) {
    add(BPF_STX | BPF_MEM | code(width), to, from, at, 0);
  }
  void store_number(Width width, Register to, std::int16_t at, std::int32_t number) {
    add(BPF_ST | BPF_MEM | code(width), to, 0, at, number);
  }
  void copy(Register to, Register from) { add(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  void set(Register to, std::int32_t number) { add(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, number); }
  /// `operation` is BPF_ADD, BPF_AND, …
  void compute(int operation, Register to, std::int32_t number) {
    add(BPF_ALU64 | operation | BPF_K, to, 0, 0, number);
  }
  void compute_with(int operation, Register to, Register other) { add(BPF_ALU64 | operation | BPF_X, to, other, 0, 0); }
  /// The address of the map with this descriptor.
  void set_map(Register to, int map) {
    add(BPF_LD | BPF_DW | BPF_IMM, to, BPF_PSEUDO_MAP_FD, 0, map);  // NOLINT(misc-redundant-expression)
    add(0, 0, 0, 0, 0);
  }
  void call(bpf_func_id function) { add(BPF_JMP | BPF_CALL, 0, 0, 0, static_cast<std::int32_t>(function)); }
  void leave() { add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

  Label label() {
    labels_.push_back(0);
    return labels_.size() - 1;
  }
  /// Places the label here. Call once for each label, after all of its jumps.
  void here(Label label) { labels_[label] = code_.size(); }
  /// Jumps when the lower 32 bits compare with a number by `comparison` (BPF_JEQ, BPF_JNE, BPF_JLT, …).
  void jump_if(int comparison, Register left, std::uint32_t right, Label to) {
    jumps_.emplace_back(code_.size(), to);
    add(BPF_JMP32 | comparison | BPF_K, left, 0, 0, static_cast<std::int32_t>(right));
  }
  /// Jumps by a comparison of two addresses.
  void jump_if_above(Register left, Register right, Label to) {
    jumps_.emplace_back(code_.size(), to);
    add(BPF_JMP | BPF_JGT | BPF_X, left, right, 0, 0);
  }
  void jump_if_null(Register address, Label to) { jump_on_address(BPF_JEQ, address, to); }
  void jump_unless_null(Register address, Label to) { jump_on_address(BPF_JNE, address, to); }

  /// The program, with every jump resolved.
  std::vector<bpf_insn> finish() && {
    for (const auto& [at, label] : jumps_) {
      LEAT_ASSERT(labels_[label] > at);
      code_[at].off = static_cast<std::int16_t>(labels_[label] - at - 1);
    }
    return std::move(code_);
  }

 private:
  static int code(Width width) { return static_cast<int>(width); }
  void jump_on_address(int comparison, Register address, Label to) {
    jumps_.emplace_back(code_.size(), to);
    add(BPF_JMP | comparison | BPF_K, address, 0, 0, 0);
  }
  void add(int code, Register to, Register from, std::int16_t offset, std::int32_t number) {
    bpf_insn i{};
    i.code = static_cast<std::uint8_t>(code);
    i.dst_reg = to & 0x0fu;
    i.src_reg = from & 0x0fu;
    i.off = offset;
    i.imm = number;
    code_.push_back(i);
  }

  std::vector<bpf_insn> code_;
  std::vector<std::size_t> labels_;
  std::vector<std::pair<std::size_t, Label>> jumps_;
};

}  // namespace leat::xdp
