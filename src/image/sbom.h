// What an image consists of, as a bill of materials: SPDX 2.3 (ISO/IEC 5962's successor) and, from the same model,
// CycloneDX 1.6. Both are functions of the build's inputs alone: no time, no host name, no random number.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "format/verity.h"
#include "image/cache.h"
#include "image/lock.h"
#include "image/own_programs.h"
#include "image/unpack.h"
#include "image/variant.h"

namespace ashlar::image {

// A package's licence, as the package carries it.
struct LicenceFile {
  std::string path;  // "/usr/share/doc/bash/copyright", links of the tree followed
  Sha256Digest sha256;
  std::string sha1;  // hexadecimal; SPDX 2.3, 8.4 wants it of every file

  bool operator==(const LicenceFile&) const = default;
};

// Something the image contains, or was made from.
struct SbomComponent {
  enum class Kind { kDebianPackage, kProgram, kKernel, kFirmwareProgram };
  Kind kind;
  std::string id;  // unique; letters, digits, '.' and '-'
  std::string name;
  std::string version;
  Sha256Digest sha256;                   // of the .deb or of the file
  std::string licence;                   // SPDX expression; empty where only the licence file tells
  std::optional<LockedPackage> package;  // of a Debian package
  std::optional<LicenceFile> licence_file;
  bool licence_in_image = false;
};

enum class SbomRelation { kContains, kGeneratedFrom, kStaticLink };

struct SbomRelationship {
  std::string from;  // identifiers of components; kSbomImage is the image itself
  SbomRelation relation;
  std::string to;
};
inline constexpr const char* kSbomImage = "Image";

struct Sbom {
  std::string name;  // "ashlar-core-dev"
  std::string version;
  RootHash root_hash;
  std::vector<SbomComponent> components;
  std::vector<SbomRelationship> relationships;
};

// A file that the build made and that the bill names.
struct BuiltFile {
  std::string version;
  Sha256Digest sha256;
};

struct BuiltProgram {
  OwnProgram program;
  BuiltFile file;
};

struct SbomInputs {
  std::string profile;
  Variant variant;
  std::string version;  // of Ashlar
  RootHash root_hash;
  BuiltFile bootloader;                 // signed
  BuiltFile uki;                        // signed
  BuiltFile kernel;                     // the bzImage
  std::vector<BuiltProgram> programs;   // ours
  std::vector<LockedPackage> packages;  // of the profile
  std::vector<LockedPackage> workshop;  // or of the sdk, where programs were compiled with it
  std::vector<LockedPackage> kernel_source;
  std::vector<LockedPackage> shell_source;
  fs::path tree;      // the unpacked packages of the profile
  fs::path licences;  // unpack_licences() of workshop and kernel source
};
// Every package of the profile, what of the workshop ends up inside our own programs and on the ESP, the kernel with
// its source, and our programs. A package of the profile without a licence file is an error.
Result<Sbom> describe_contents(const SbomInputs& inputs);

// The licence file of a package in a tree of unpacked packages: /usr/share/doc/NAME/copyright, symbolic links followed
// inside the tree. Nothing when there is none: the directory may be a link to that of a package that was left out.
Result<std::optional<LicenceFile>> find_licence_file(const fs::path& tree, const std::string& package);

// A tree of nothing but licence files, from packages that the image has no such files of. Cached.
Result<fs::path> unpack_licences(const Cache& cache, const std::vector<PackageFile>& packages,
                                 const Sha256Digest& packages_key);

// "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=trixie" (package-url specification).
std::string package_url(const LockedPackage& package);

// The documents, JSON. The SPDX namespace and the CycloneDX serial number are hashes of what is described.
std::string spdx_document(const Sbom& sbom);
std::string cyclonedx_document(const Sbom& sbom);

// "name version sha256" of every package a document of ours names, sorted. The input may be anything.
Result<std::vector<std::string>> packages_of_spdx(ByteView document);
Result<std::vector<std::string>> packages_of_cyclonedx(ByteView document);

}  // namespace ashlar::image
