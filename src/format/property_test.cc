// Of every format that is both written and read here: reading what was written gives back what went in, for values
// drawn at random. ASHLAR_SEED in the environment draws others.
#include <sys/stat.h>

#include <cstdlib>
#include <random>

#include "format/authenticode.h"
#include "format/cpio.h"
#include "format/der.h"
#include "format/efi_auth.h"
#include "format/efi_signature.h"
#include "format/pcr_signature.h"
#include "format/pe.h"
#include "format/rsa_public_key.h"
#include "format/testing.h"
#include "format/uki.h"
#include "format/verity.h"

namespace ashlar {
namespace {

using testing::make_pe;
using testing::owner;

class Property : public ::testing::Test {
 protected:
  Property() : trace_(__FILE__, __LINE__, "ASHLAR_SEED=" + std::to_string(seed_)) {}

  std::uint64_t number(std::uint64_t least, std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(least, most)(random_);
  }
  Bytes bytes(std::size_t least, std::size_t most) {
    Bytes out(number(least, most));
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_());
    return out;
  }
  std::string word(std::size_t least, std::size_t most) {
    std::string out(number(least, most), ' ');
    for (char& c : out) c = "abcdefghijklmnopqrstuvwxyzABCXYZ0189._-+"[number(0, 39)];
    return out;
  }
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out{};
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_());
    return out;
  }

 private:
  std::uint64_t seed_ =
      std::getenv("ASHLAR_SEED") != nullptr ? std::strtoull(std::getenv("ASHLAR_SEED"), nullptr, 10) : 1;
  std::mt19937_64 random_{seed_};
  ::testing::ScopedTrace trace_;
};

TEST_F(Property, Cpio) {
  for (int round = 0; round < 200; ++round) {
    std::vector<Bytes> contents;  // what the nodes' views look at
    for (int i = 0; i < 20; ++i) contents.push_back(bytes(0, 300));
    std::vector<std::string> directories = {""};
    std::vector<CpioNode> nodes;
    for (int i = 0; i < 20; ++i) {
      std::string path = directories[number(0, directories.size() - 1)] + "n" + std::to_string(i) + word(0, 20);
      auto mode = static_cast<std::uint32_t>(number(0, 07777));
      switch (number(0, 3)) {
        case 0:
          nodes.push_back(CpioNode::directory(path, mode));
          directories.push_back(path + "/");
          break;
        case 1:
          contents[i].push_back('x');  // a link has a target
          nodes.push_back(CpioNode::symlink(path, as_text(contents[i])));
          break;
        case 2:
          nodes.push_back(CpioNode::character_device(path, mode, static_cast<std::uint32_t>(number(0, 4095)),
                                                     static_cast<std::uint32_t>(number(0, 0xfffff))));
          break;
        default:
          nodes.push_back(CpioNode::file(path, mode, contents[i]));
      }
    }
    Bytes archive = build_cpio(nodes).value();
    std::vector<CpioNode> parsed = parse_cpio(archive).value();
    ASSERT_EQ(parsed.size(), nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      EXPECT_EQ(parsed[i].path, nodes[i].path);
      EXPECT_EQ(parsed[i].mode, nodes[i].mode);
      EXPECT_EQ(parsed[i].major, nodes[i].major);
      EXPECT_EQ(parsed[i].minor, nodes[i].minor);
      EXPECT_EQ(as_text(parsed[i].content), as_text(nodes[i].content));
    }
    EXPECT_EQ(build_cpio(parsed).value(), archive);
  }
}

TEST_F(Property, VeritySuperblock) {
  for (int round = 0; round < 1000; ++round) {
    VeritySuperblock superblock{{array<16>()}, {array<32>()}, number(1, std::uint64_t{1} << number(0, 40))};
    Bytes block = build_verity_superblock(superblock);
    VeritySuperblock parsed = parse_verity_superblock(block).value();
    EXPECT_EQ(parsed.uuid, superblock.uuid);
    EXPECT_EQ(parsed.salt, superblock.salt);
    EXPECT_EQ(parsed.data_blocks, superblock.data_blocks);
    EXPECT_EQ(build_verity_superblock(parsed), block);
  }
}

TEST_F(Property, VerityTree) {
  for (int round = 0; round < 20; ++round) {
    Bytes data = bytes(4096, 4096);
    data.resize(kVerityBlockSize * number(1, 300), static_cast<std::uint8_t>(round));
    VerityTree tree = build_verity(data, {array<32>()}, {array<16>()}, 2).value();
    EXPECT_TRUE(verify_verity(data, tree.hash_area, tree.root_hash, 2));
    data[number(0, data.size() - 1)] ^= static_cast<std::uint8_t>(1 << number(0, 7));
    EXPECT_FALSE(verify_verity(data, tree.hash_area, tree.root_hash, 2)) << "the control";
  }
}

TEST_F(Property, EfiSignatureLists) {
  for (int round = 0; round < 500; ++round) {
    std::vector<EfiSignatureList> lists(number(0, 4));
    for (EfiSignatureList& list : lists) {
      list.type = {array<16>()};
      list.signatures.resize(number(1, 5));
      std::size_t size = number(1, 80);
      for (EfiSignature& signature : list.signatures) signature = {{array<16>()}, bytes(size, size)};
    }
    Bytes built = build_efi_signature_lists(lists).value();
    EXPECT_EQ(parse_efi_signature_lists(built).value(), lists);
  }
}

TEST_F(Property, EfiAuth) {
  for (int round = 0; round < 20; ++round) {
    std::string name = word(1, 30);
    EfiVariable variable = {name, {array<16>()}, static_cast<std::uint32_t>(number(0, 0xff))};
    auto small = [&](std::uint64_t least, std::uint64_t most) {
      return static_cast<std::uint8_t>(number(least, most));
    };
    EfiTime time = {static_cast<std::uint16_t>(number(1900, 9999)),
                    small(1, 12),
                    small(1, 28),
                    small(0, 23),
                    small(0, 59),
                    small(0, 59)};
    Bytes value = bytes(0, 500);
    Bytes update = build_efi_auth(variable, time, value, owner()).value();
    EfiAuth parsed = parse_efi_auth(update).value();
    EXPECT_EQ(parsed.timestamp, time);
    EXPECT_EQ(as_text(parsed.value), as_text(value));
    EXPECT_EQ(verify_efi_auth(variable, update, owner().certificate).value(), value);
    update.back() ^= 1;
    EXPECT_FALSE(verify_efi_auth(variable, update, owner().certificate)) << "the control";
  }
}

TEST_F(Property, UkiSections) {
  constexpr std::array kNames = {".osrel", ".cmdline", ".initrd", ".splash", ".uname", ".linux"};
  for (int round = 0; round < 200; ++round) {
    std::vector<Bytes> contents;
    std::vector<UkiSection> sections;
    for (const char* name : kNames) {
      bool wanted = name == std::string_view(".linux") || number(0, 1) == 1;
      contents.push_back(bytes(1, 5000));
      if (wanted) sections.push_back({name, contents.back()});
    }
    for (std::size_t i = sections.size() - 1; i > 0; --i) std::swap(sections[i], sections[number(0, i)]);
    Bytes uki = build_uki(make_pe(), sections).value();
    std::vector<UkiSection> parsed = inspect_uki(uki).value();
    ASSERT_EQ(parsed.size(), sections.size() + 1) << "the stub's .sbat";
    for (std::size_t i = 0; i < sections.size(); ++i) {
      EXPECT_EQ(parsed[i + 1].name, sections[i].name);
      EXPECT_EQ(as_text(parsed[i + 1].content), as_text(sections[i].content));
    }
  }
}

TEST_F(Property, PeSignatures) {
  for (int round = 0; round < 20; ++round) {
    Bytes kernel = bytes(1, 3000);
    Bytes image = build_uki(make_pe(word(1, 400)), std::vector<UkiSection>{{".linux", kernel}}).value();
    append(image, bytes(0, 20));  // bytes behind the sections, of any number
    Bytes once = sign_pe(image, owner()).value();
    EXPECT_TRUE(verify_pe(once, owner().certificate));
    EXPECT_EQ(pe_signatures(once)->front().digest, authenticode_digest(image).value());
    Bytes removed = remove_signatures(once).value();
    EXPECT_EQ(authenticode_digest(removed).value(), authenticode_digest(image).value());
    EXPECT_EQ(removed.size(), round_up<std::size_t>(image.size(), 8)) << "padding stays, the table goes";
    EXPECT_EQ(as_text(parse_pe(removed)->find_section(".linux")->content), as_text(kernel));
    EXPECT_EQ(remove_signatures(removed).value(), removed);
    EXPECT_EQ(sign_pe(removed, owner()).value(), once);
    EXPECT_EQ(sign_pe(once, owner()).value(), once);
  }
}

TEST_F(Property, RsaPublicKeys) {
  for (int round = 0; round < 200; ++round) {
    RsaPublicKey key{array<256>()};
    key.modulus[0] |= 0x80;
    EXPECT_EQ(parse_rsa_public_key_der(key.der()).value(), key);
    std::string pem = key.pem();
    EXPECT_EQ(parse_rsa_public_key_pem(as_bytes(pem)).value(), key);
    pem[number(0, pem.size() - 1)] ^= static_cast<char>(1 << number(0, 6));
    Result<RsaPublicKey> changed = parse_rsa_public_key_pem(as_bytes(pem));
    EXPECT_TRUE(!changed || *changed != key) << "the control";
  }
}

TEST_F(Property, PcrSignatures) {
  for (int round = 0; round < 200; ++round) {
    PcrSignature signature{.epoch = Epoch::from(number(0, 63)).value(),
                           .key_fingerprint = {array<32>()},
                           .policies = {{array<32>()}, {array<32>()}, {array<32>()}},
                           .unseal = array<256>(),
                           .write = array<256>(),
                           .first_write = array<256>()};
    std::string text = build_pcr_signature(signature);
    EXPECT_EQ(parse_pcr_signature(as_bytes(text)).value(), signature);
    text[number(0, text.size() - 1)] ^= static_cast<char>(1 << number(0, 7));
    Result<PcrSignature> changed = parse_pcr_signature(as_bytes(text));
    EXPECT_TRUE(!changed || *changed != signature) << "the control";
  }
}

TEST_F(Property, DerValues) {
  for (int round = 0; round < 500; ++round) {
    auto tag = static_cast<std::uint8_t>(number(0, 7) << 5 | number(1, 30));
    Bytes content = bytes(0, std::size_t{1} << number(0, 17));
    Bytes behind = bytes(0, 5);
    Bytes encoded = der::encode(tag, content);
    append(encoded, behind);
    Reader reader(encoded);
    der::Value value = der::read(reader).value();
    EXPECT_EQ(value.tag, tag);
    EXPECT_EQ(as_text(value.content), as_text(content));
    EXPECT_EQ(as_text(reader.rest()), as_text(behind));
  }
}

}  // namespace
}  // namespace ashlar
