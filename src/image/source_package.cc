#include "image/source_package.h"

#include <apt-pkg/debversion.h>
#include <apt-pkg/indexfile.h>
#include <apt-pkg/metaindex.h>
#include <apt-pkg/srcrecords.h>
#include <fmt/format.h>

#include <algorithm>

namespace ashlar::image {
namespace {

std::string suite_of(pkgSourceList& sources, const pkgIndexFile& index) {
  for (metaIndex* suite : sources) {
    const std::vector<pkgIndexFile*>& indexes = *suite->GetIndexFiles();
    if (std::ranges::find(indexes, &index) != indexes.end()) return suite->GetDist();
  }
  return {};
}

// "dash_0.5.12.orig.tar.gz" -> "dash.orig"; empty for what is not unpacked.
std::string name_in_lock(const std::string& package, std::string_view path) {
  for (const char* part : {".orig", ".debian"}) {
    if (path.contains(part + std::string(".tar.")) && !path.ends_with(".asc")) return package + part;
  }
  return {};
}

Result<std::vector<LockedPackage>> describe(pkgSrcRecords::Parser& record, const std::string& suite) {
  std::vector<pkgSrcRecords::File> files;
  if (!record.Files(files)) return fail("the archive's index does not list its files");
  std::vector<LockedPackage> locked;
  for (const pkgSrcRecords::File& file : files) {
    std::string name = name_in_lock(record.Package(), file.Path);
    if (name.empty()) continue;
    const HashString* hash = file.Hashes.find("SHA256");
    if (hash == nullptr) return fail(file.Path + " has no SHA-256");
    LockedPackage one{.name = std::move(name), .version = record.Version(), .architecture = std::string(kSource)};
    one.sha256 = TRY(parse_sha256(hash->HashValue()));
    one.size = file.FileSize;
    one.suite = suite;
    one.path = file.Path;
    locked.push_back(std::move(one));
  }
  std::ranges::sort(locked, {}, &LockedPackage::name);
  if (locked.size() != 2 || locked.front().name == locked.back().name) {
    return fail("it is not of the format 3.0 (quilt) with one upstream archive");
  }
  return locked;
}

}  // namespace

Result<std::vector<LockedPackage>> locked_source(pkgSourceList& sources, const std::string& package,
                                                 const std::vector<std::string>& suites) {
  pkgSrcRecords records(sources);
  std::string newest;
  std::vector<LockedPackage> locked;
  // The suites in the order given: the earliest that has a version keeps it longest.
  for (const std::string& wanted : suites) {
    records.Restart();
    while (pkgSrcRecords::Parser* record = records.Find(package.c_str(), true)) {
      if (suite_of(sources, record->Index()) != wanted) continue;
      if (!newest.empty() && debVS.CmpVersion(record->Version(), newest) <= 0) continue;
      newest = record->Version();
      locked = TRY(in(package + " " + newest, describe(*record, wanted)));
    }
  }
  if (locked.empty()) return fail(fmt::format("no suite has a source package '{}'", package));
  return locked;
}

}  // namespace ashlar::image
