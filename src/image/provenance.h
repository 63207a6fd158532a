// How an image was made: an in-toto Statement v1 with a SLSA Provenance v1 predicate (slsa.dev/spec/v1.0/provenance).
// A function of the build's inputs: no time stamps and no invocation, so that a rebuild gives the same statement.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "format/verity.h"
#include "image/lock.h"
#include "image/variant.h"

namespace ashlar::image {

inline constexpr std::string_view kInTotoPayloadType = "application/vnd.in-toto+json";

// A file and its SHA-256, by the name the statement gives it.
struct NamedDigest {
  std::string name;
  Sha256Digest sha256;

  bool operator==(const NamedDigest&) const = default;
};

// What the statement is about: the root by its dm-verity root hash, what firmware starts by SHA-256. The disk is these
// and a partition table that follows from them.
struct ProvenanceSubjects {
  RootHash root_hash;
  NamedDigest uki;  // named by their paths on the ESP; as signed
  NamedDigest bootloader;

  bool operator==(const ProvenanceSubjects&) const = default;
};

struct ProvenanceInputs {
  std::string profile;
  Variant variant;
  std::string version;  // of Ashlar
  ProvenanceSubjects subjects;
  Sha256Digest lock;                    // of the file os/packages.lock
  std::vector<LockedPackage> packages;  // everything locked that went in or made it, each once
  std::vector<NamedDigest> sources;     // hashes over what of this repository went into each step
  std::vector<NamedDigest> byproducts;  // the bills of materials beside the image
};
// The statement, JSON.
std::string provenance_statement(const ProvenanceInputs& inputs);

// What a statement of ours claims.
struct ProvenanceClaims {
  std::string profile;
  std::string variant;
  std::string version;
  std::size_t dependencies = 0;
  ProvenanceSubjects subjects;
  std::map<std::string, Sha256Digest> byproducts;  // by name
};
// The input may be anything; errors say what is missing.
Result<ProvenanceClaims> parse_provenance(ByteView statement);

}  // namespace ashlar::image
