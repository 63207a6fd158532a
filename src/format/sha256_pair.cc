#include "format/sha256_pair.h"

#include <cpuid.h>
#include <immintrin.h>

#include <algorithm>
#include <cstring>

namespace ashlar {
namespace {

constexpr std::size_t kChunk = 64;
constexpr std::size_t kPrefix = 32;

// FIPS 180-4, 4.2.2.
alignas(16) constexpr std::array<std::uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define ASHLAR_SHA __attribute__((target("sha,sse4.1,ssse3"), always_inline)) inline

// The eight words of the state, in the order the instructions want them.
struct State {
  __m128i abef;
  __m128i cdgh;
};

// FIPS 180-4, 5.3.3.
ASHLAR_SHA State initial_state() {
  return {_mm_set_epi32(0x6a09e667, static_cast<int>(0xbb67ae85), 0x510e527f, static_cast<int>(0x9b05688c)),
          _mm_set_epi32(0x3c6ef372, static_cast<int>(0xa54ff53a), 0x1f83d9ab, 0x5be0cd19)};
}

ASHLAR_SHA __m128i big_endian(__m128i words) {
  return _mm_shuffle_epi8(words, _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

// One chunk into each of the two states: FIPS 180-4, 6.2.2, four rounds at a time.
ASHLAR_SHA void compress(std::array<State, 2>& states, const std::array<const std::uint8_t*, 2>& chunks) {
  __m128i words[2][4];  // the last sixteen words of the message schedule
  std::array<State, 2> before = states;
  for (int i = 0; i < 2; ++i) {
    for (int w = 0; w < 4; ++w) {
      words[i][w] = big_endian(_mm_loadu_si128(reinterpret_cast<const __m128i*>(chunks[i] + 16 * w)));
    }
  }
#pragma GCC unroll 16
  for (int group = 0; group < 16; ++group) {
    const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(&kRound[4 * group]));
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      State& state = states[i];
      __m128i& oldest = words[i][group % 4];
      __m128i sum = _mm_add_epi32(oldest, constants);
      state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, sum);
      state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, _mm_shuffle_epi32(sum, 0x0e));
      if (group >= 12) continue;
      const __m128i newest = words[i][(group + 3) % 4];
      __m128i next = _mm_sha256msg1_epu32(oldest, words[i][(group + 1) % 4]);
      next = _mm_add_epi32(next, _mm_alignr_epi8(newest, words[i][(group + 2) % 4], 4));
      oldest = _mm_sha256msg2_epu32(next, newest);
    }
  }
  for (int i = 0; i < 2; ++i) {
    states[i].abef = _mm_add_epi32(states[i].abef, before[i].abef);
    states[i].cdgh = _mm_add_epi32(states[i].cdgh, before[i].cdgh);
  }
}

ASHLAR_SHA void store(const State& state, std::uint8_t* digest) {
  const __m128i abcd = _mm_unpackhi_epi64(state.cdgh, state.abef);  // lowest first: d c b a
  const __m128i efgh = _mm_unpacklo_epi64(state.cdgh, state.abef);
  const __m128i reversed = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(digest), _mm_shuffle_epi8(abcd, reversed));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(digest + 16), _mm_shuffle_epi8(efgh, reversed));
}

// The chunk behind the blocks' last 32 bytes: FIPS 180-4, 5.1.1.
void pad(std::uint8_t* half, std::uint64_t message_bytes) {
  std::memset(half, 0, kChunk - kPrefix);
  half[0] = 0x80;
  for (int i = 0; i < 8; ++i) half[31 - i] = static_cast<std::uint8_t>((message_bytes * 8) >> (8 * i));
}

__attribute__((target("sha,sse4.1,ssse3"))) void hash_pair(ByteView prefix, const std::array<ByteView, 2>& blocks,
                                                           const std::array<std::uint8_t*, 2>& digests) {
  const std::size_t size = blocks[0].size();
  std::array<State, 2> states = {initial_state(), initial_state()};
  std::array<std::array<std::uint8_t, kChunk>, 2> edges{};
  const std::array<const std::uint8_t*, 2> edge = {edges[0].data(), edges[1].data()};
  for (std::size_t i = 0; i < 2; ++i) {
    std::copy_n(prefix.data(), kPrefix, edges[i].data());
    std::copy_n(blocks[i].data(), kChunk - kPrefix, edges[i].data() + kPrefix);
  }
  compress(states, edge);
  for (std::size_t at = kChunk - kPrefix; at + kChunk <= size; at += kChunk) {
    compress(states, {blocks[0].data() + at, blocks[1].data() + at});
  }
  for (std::size_t i = 0; i < 2; ++i) {
    std::copy_n(blocks[i].data() + size - kPrefix, kPrefix, edges[i].data());
    pad(edges[i].data() + kPrefix, kPrefix + size);
  }
  compress(states, edge);
  for (std::size_t i = 0; i < 2; ++i) store(states[i], digests[i]);
}

}  // namespace

std::optional<Sha256Pair> Sha256Pair::where_supported() {
  constexpr unsigned kSse41 = 1U << 19;  // leaf 1, ECX; implies SSSE3
  constexpr unsigned kSha = 1U << 29;    // leaf 7, EBX
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kSse41) == 0) return std::nullopt;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (b & kSha) == 0) return std::nullopt;
  return Sha256Pair();
}

void Sha256Pair::hash(ByteView prefix, std::array<ByteView, 2> blocks, std::array<std::uint8_t*, 2> digests) const {
  hash_pair(prefix, blocks, digests);
}

}  // namespace ashlar
