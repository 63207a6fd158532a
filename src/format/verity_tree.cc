// Building and checking verity trees: the part that hashes, with OpenSSL, on the host.
#include <openssl/evp.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>

#include "format/sha256_pair.h"
#include "format/verity.h"

namespace ashlar {
namespace {

constexpr std::uint64_t kDigestSize = 32;
constexpr std::uint64_t kNoBlock = ~std::uint64_t{0};

void require(int openssl_result) {
  if (openssl_result != 1) std::abort();  // only without memory: no hash could be trusted then
}

// SHA-256 of salt and block. One context serves all blocks of a thread: making one costs more than the salt does.
class BlockHasher {
 public:
  explicit BlockHasher(const Salt& salt) : salt_(salt) {
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    require(EVP_DigestInit_ex2(context_, algorithm, nullptr));
  }
  ~BlockHasher() { EVP_MD_CTX_free(context_); }
  BlockHasher(const BlockHasher&) = delete;
  BlockHasher& operator=(const BlockHasher&) = delete;

  void hash(ByteView block, std::uint8_t* digest) {
    require(EVP_DigestInit_ex2(context_, nullptr, nullptr));  // the same algorithm again
    require(EVP_DigestUpdate(context_, salt_.bytes.data(), salt_.bytes.size()));
    require(EVP_DigestUpdate(context_, block.data(), block.size()));
    require(EVP_DigestFinal_ex(context_, digest, nullptr));
  }

 private:
  const Salt& salt_;
  EVP_MD_CTX* context_ = EVP_MD_CTX_new();
};

ByteView block_at(ByteView area, std::uint64_t block) {
  return area.subspan(block * kVerityBlockSize, kVerityBlockSize);
}

// Runs work(first, end) over all of [0, count) in runs of blocks that `threads` threads fetch as they get free.
template <typename Work>
void in_parallel(std::uint64_t count, unsigned threads, const Work& work) {
  constexpr std::uint64_t kRun = 1024;  // blocks, 4 MiB of data
  std::atomic<std::uint64_t> next = 0;
  auto worker = [&] {
    for (std::uint64_t first; (first = next.fetch_add(kRun)) < count;) work(first, std::min(first + kRun, count));
  };
  std::vector<std::jthread> others;
  std::uint64_t useful = std::min<std::uint64_t>(std::max(1U, threads), round_up(count, kRun) / kRun);
  for (std::uint64_t i = 1; i < useful; ++i) others.emplace_back(worker);
  worker();
}

// Writes the digests of blocks [first, end) of `area` one after the other, two blocks at a time where that is faster.
void hash_run(ByteView area, std::uint64_t first, std::uint64_t end, const Salt& salt, std::uint8_t* digests) {
  static const std::optional<Sha256Pair> pair = Sha256Pair::where_supported();
  for (; pair && end - first >= 2; first += 2, digests += 2 * kDigestSize) {
    pair->hash(salt.bytes, {block_at(area, first), block_at(area, first + 1)}, {digests, digests + kDigestSize});
  }
  if (first == end) return;
  BlockHasher hasher(salt);
  for (; first < end; ++first, digests += kDigestSize) hasher.hash(block_at(area, first), digests);
}

// Writes the digests of `count` blocks of `area` one after the other.
void hash_blocks(ByteView area, std::uint64_t count, const Salt& salt, unsigned threads, std::uint8_t* digests) {
  in_parallel(count, threads, [&](std::uint64_t first, std::uint64_t end) {
    hash_run(area, first, end, salt, digests + first * kDigestSize);
  });
}

// The first of `count` blocks whose digest is not the one in `digests`, or kNoBlock.
std::uint64_t first_bad_block(ByteView area, std::uint64_t count, const Salt& salt, unsigned threads,
                              ByteView digests) {
  std::atomic<std::uint64_t> bad = kNoBlock;
  in_parallel(count, threads, [&](std::uint64_t first, std::uint64_t end) {
    if (first >= bad) return;
    Bytes found((end - first) * kDigestSize);
    hash_run(area, first, end, salt, found.data());
    auto [differs, expected] = std::ranges::mismatch(found, digests.subspan(first * kDigestSize, found.size()));
    if (differs == found.end()) return;
    std::uint64_t here = first + static_cast<std::uint64_t>(differs - found.begin()) / kDigestSize;
    std::uint64_t known = bad;
    while (here < known && !bad.compare_exchange_weak(known, here)) {
    }
  });
  return bad;
}

Status check_level(std::string_view what, ByteView area, std::uint64_t count, const Salt& salt, unsigned threads,
                   ByteView digests) {
  std::uint64_t bad = first_bad_block(area, count, salt, threads, digests);
  if (bad == kNoBlock) return {};
  return fail("verity: " + std::string(what) + " block " + std::to_string(bad) + " does not match its hash");
}

// Digests that are not all used must be zeros: the tree is a function of the data.
Status check_zero(std::string_view what, ByteView bytes) {
  if (std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; })) return {};
  return fail("verity: bytes other than zero " + std::string(what));
}

ByteView level_view(ByteView hash_area, const VerityLevel& level) {
  return hash_area.subspan(level.first_block * kVerityBlockSize, level.blocks * kVerityBlockSize);
}

}  // namespace

Result<VerityTree> build_verity(ByteView data, const Salt& salt, const Guid& uuid, unsigned threads) {
  if (data.size() % kVerityBlockSize != 0) {
    return fail("verity: " + std::to_string(data.size()) + " bytes are not a whole number of 4096-byte blocks");
  }
  VerityTree tree;
  tree.data_blocks = data.size() / kVerityBlockSize;
  VerityLayout layout = TRY(verity_layout(tree.data_blocks));
  tree.hash_area = build_verity_superblock({uuid, salt, tree.data_blocks});
  tree.hash_area.resize(layout.total_blocks * kVerityBlockSize);

  ByteView below = data;
  for (const VerityLevel& level : layout.levels) {
    std::uint8_t* digests = tree.hash_area.data() + level.first_block * kVerityBlockSize;
    hash_blocks(below, below.size() / kVerityBlockSize, salt, threads, digests);
    below = level_view(tree.hash_area, level);
  }
  BlockHasher(salt).hash(below, tree.root_hash.digest.bytes.data());
  return tree;
}

Status verify_verity(ByteView data, ByteView hash_area, const RootHash& root_hash, unsigned threads) {
  if (threads == 0) threads = std::thread::hardware_concurrency();
  VeritySuperblock superblock = TRY(parse_verity_superblock(hash_area));
  const Salt& salt = superblock.salt;
  VerityLayout layout = TRY(verity_layout(superblock.data_blocks));
  ByteView used_data = TRY(slice(data, 0, superblock.data_blocks * kVerityBlockSize, "verity: the data"));
  TRY(slice(hash_area, 0, layout.total_blocks * kVerityBlockSize, "verity: the tree"));

  // From the root down, so that every hash was checked before it is relied on.
  ByteView digests = root_hash.digest.bytes;
  for (std::size_t i = layout.levels.size(); i-- > 0;) {
    ByteView level = level_view(hash_area, layout.levels[i]);
    std::uint64_t count = layout.levels[i].blocks;
    TRY(check_level("tree level " + std::to_string(i), level, count, salt, threads, digests));
    TRY(check_zero("behind the hashes of tree level " + std::to_string(i + 1), digests.subspan(count * kDigestSize)));
    digests = level;
  }
  TRY(check_level("data", used_data, superblock.data_blocks, salt, threads, digests));
  TRY(check_zero("behind the hashes of tree level 0", digests.subspan(superblock.data_blocks * kDigestSize)));
  TRY(check_zero("behind the tree", hash_area.subspan(layout.total_blocks * kVerityBlockSize)));
  return check_zero("behind the data", data.subspan(used_data.size()));
}

}  // namespace ashlar
