// Where the licences of packages are, whether the image has them or not.
#include <openssl/evp.h>

#include "image/recipe.h"
#include "image/sbom.h"
#include "image/tree_view.h"

namespace ashlar::image {
namespace {

constexpr unsigned kLicencesRevision = 1;

Result<std::string> sha1_hex(ByteView content) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
    return fail("SHA-1 is not to be had from OpenSSL");
  return to_hex(std::span(digest).first(size));
}

}  // namespace

Result<std::optional<LicenceFile>> find_licence_file(const fs::path& tree, const std::string& package) {
  TreeView view(tree);
  std::optional<fs::path> path = view.resolve(fs::path("/usr/share/doc") / package / "copyright");
  if (!path || !view.has_file(*path)) return std::nullopt;
  Bytes content = TRY(read_file(view.on_host(*path)));
  std::string sha1 = TRY(sha1_hex(content));
  return LicenceFile{path->string(), sha256(content), std::move(sha1)};
}

Result<fs::path> unpack_licences(const Cache& cache, const std::vector<PackageFile>& packages,
                                 const Sha256Digest& packages_key) {
  Sha256Digest key = InputHash("licences", kLicencesRevision).add("packages", packages_key).finish();
  Cache::Entry entry = TRY(cache.get("licences", key, [&](const fs::path& root) -> Status {
    TRY(unpack_packages(packages, root, [](const std::string&, const std::string& path) {
      // Directories and the links that stand for them, and in them the one file.
      return !path_matches("/usr/share/doc/*", path) && !path_matches("/usr/share/doc/*/copyright", path);
    }));
    return {};
  }));
  return entry.path;
}

}  // namespace ashlar::image
