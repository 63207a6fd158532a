// veritysetup: the same bytes for the same data, salt and UUID.
#include <algorithm>

#include "format/verity.h"
#include "oracle.h"

namespace ashlar {
namespace {

using namespace oracle;

Guid random_guid(std::mt19937_64& random) {
  Guid guid;
  std::ranges::copy(random_bytes(random, guid.raw.size()), guid.raw.begin());
  return guid;
}

Salt random_salt(std::mt19937_64& random) {
  Salt salt;
  std::ranges::copy(random_bytes(random, salt.bytes.size()), salt.bytes.begin());
  return salt;
}

std::string root_hash_in(const std::string& output) {
  std::size_t label = output.find("Root hash:");
  std::size_t start = label == output.npos ? label : output.find_first_of("0123456789abcdef", label + 10);
  return start == output.npos ? "" : output.substr(start, 64);
}

void compare(std::size_t blocks, std::mt19937_64& random) {
  SCOPED_TRACE(std::to_string(blocks) + " blocks, seed " + std::to_string(seed()));
  TempDir directory;
  Bytes data = random_bytes(random, blocks * kVerityBlockSize);
  Salt salt = random_salt(random);
  Guid uuid = random_guid(random);
  VerityTree ours = build_verity(data, salt, uuid, 2).value();

  std::string data_path = directory.put("data", data).string();
  std::string theirs_path = directory.path("theirs").string();
  std::string output =
      succeed({"veritysetup", "format", "--salt", salt.hex(), "--uuid", uuid.text(), data_path, theirs_path});
  EXPECT_EQ(root_hash_in(output), ours.root_hash.hex());
  Bytes theirs = content_of(theirs_path);
  // For a single data block veritysetup writes the 512 bytes of the superblock, we always write its whole block.
  theirs.resize(round_up<std::size_t>(theirs.size(), kVerityBlockSize));
  EXPECT_TRUE(theirs == ours.hash_area);

  std::string ours_path = directory.put("ours", ours.hash_area).string();
  succeed({"veritysetup", "verify", data_path, ours_path, ours.root_hash.hex()});
  EXPECT_TRUE(verify_verity(data, theirs, ours.root_hash));

  // The control: both notice the same altered byte.
  data[data.size() / 2] ^= 1;
  data_path = directory.put("data", data).string();
  EXPECT_NE(tool({"veritysetup", "verify", data_path, ours_path, ours.root_hash.hex()}).exit_status, 0);
  EXPECT_FALSE(verify_verity(data, ours.hash_area, ours.root_hash));
}

TEST(VerityOracle, AgreesAtTheEdgesOfLevels) {
  std::mt19937_64 random(seed());
  for (std::size_t blocks : {1, 2, 127, 128, 129, 128 * 128, 128 * 128 + 1}) compare(blocks, random);
}

TEST(VerityOracle, AgreesOnRandomSizes) {
  std::mt19937_64 random(seed());
  for (int i = 0; i < 8; ++i) compare(1 + random() % 5000, random);
}

}  // namespace
}  // namespace ashlar
