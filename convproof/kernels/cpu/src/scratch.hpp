// Scratch<T>: a typed working array for the length of one task.
//
// Its memory comes from a small pool of the calling thread, so that repeated calls touch warm
// pages and need no lock. The pool keeps at most `kept_blocks` blocks of at most `kept_bytes`
// each; whatever is larger goes back to the system when the task ends. Contents are undefined
// until written: a kernel must write an element before it reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <type_traits>

namespace convproof {

using std::int64_t;

class ScratchPool {
 public:
  static constexpr int kept_blocks = 4;
  static constexpr std::size_t kept_bytes = std::size_t(8) << 20;
  static constexpr std::size_t alignment = 64;

  struct Block {
    void* memory = nullptr;
    std::size_t bytes = 0;
  };

  static ScratchPool& of_this_thread() {
    static thread_local ScratchPool pool;
    return pool;
  }

  Block take(std::size_t bytes) {
    int best = -1;
    for (int i = 0; i < kept_blocks; i++) {
      if (kept_[i].bytes >= bytes && kept_[i].memory && (best < 0 || kept_[i].bytes < kept_[best].bytes)) best = i;
    }
    if (best >= 0) {
      Block block = kept_[best];
      kept_[best] = Block{};
      return block;
    }
    bytes = (bytes + alignment - 1) / alignment * alignment;
    return Block{::operator new(bytes, std::align_val_t(alignment)), bytes};
  }

  // Keeps the larger blocks: they serve the smaller requests too.
  void give_back(Block block) {
    if (block.bytes > kept_bytes) return release(block);
    int smallest = 0;
    for (int i = 1; i < kept_blocks; i++) {
      if (kept_[i].bytes < kept_[smallest].bytes) smallest = i;
    }
    if (block.bytes <= kept_[smallest].bytes) return release(block);
    release(kept_[smallest]);
    kept_[smallest] = block;
  }

  ~ScratchPool() {
    for (Block& block : kept_) release(block);
  }

 private:
  static void release(Block block) {
    if (block.memory) ::operator delete(block.memory, std::align_val_t(alignment));
  }
  Block kept_[kept_blocks];
};

template <class T>
class Scratch {
 public:
  explicit Scratch(int64_t count) {
    if (count < 0 || static_cast<std::uint64_t>(count) > std::numeric_limits<std::size_t>::max() / 2 / sizeof(T)) {
      throw std::bad_alloc();
    }
    if constexpr (std::is_arithmetic_v<T>) {
      block_ = ScratchPool::of_this_thread().take(static_cast<std::size_t>(count) * sizeof(T));
      data_ = static_cast<T*>(block_.memory);
    } else {
      data_ = new T[static_cast<std::size_t>(count)];
    }
  }
  ~Scratch() {
    if constexpr (std::is_arithmetic_v<T>) ScratchPool::of_this_thread().give_back(block_);
    else delete[] data_;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  T* data() const { return data_; }

 private:
  ScratchPool::Block block_;
  T* data_ = nullptr;
};

}  // namespace convproof
