# Recipes, lock, mirror, packages: included by this folder's CMakeLists.txt.
find_package(CURL REQUIRED)
find_package(LibArchive REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(APT_PKG REQUIRED IMPORTED_TARGET apt-pkg)

set(ASHLAR_PACKAGES_SOURCES
  apt_indexes.cc
  download.cc
  fetch.cc
  lock.cc
  maintainer_scripts.cc
  mirror.cc
  needed_check.cc
  part_file.cc
  recipe.cc
  resolve.cc
  source_package.cc
  toml.cc
)
set(ASHLAR_PACKAGES_TESTS
  fetch_test.cc
  lock_test.cc
  maintainer_scripts_test.cc
  mirror_test.cc
  needed_check_test.cc
  recipe_test.cc
  resolve_test.cc
  test_archive.cc
  test_server.cc
)
set(ASHLAR_PACKAGES_LINK CURL::libcurl LibArchive::LibArchive PkgConfig::APT_PKG fmt::fmt)
