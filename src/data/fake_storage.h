// The Storage of the unit tests: a file as the partition, a directory as /data, the home keys remembered. It outlives
// "power cuts": what was made stays, what only the kernel knew is gone.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "data/storage.h"

namespace ashlar {

class FakeStorage : public Storage {
 public:
  FakeStorage() {
    std::string name = (fs::temp_directory_path() / "ashlar-storage-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    directory_ = name;
    fs::create_directory(root());
  }
  ~FakeStorage() override { fs::remove_all(directory_); }
  FakeStorage(const FakeStorage&) = delete;
  FakeStorage& operator=(const FakeStorage&) = delete;

  // Every call that can fail is a step, counted from 1 in `steps`, by the function's name. Step `fail_at` does nothing
  // and fails. After step `cut_after` the power is gone: every later call fails, and nothing lies in root() any more.
  std::vector<std::string> steps;
  std::size_t fail_at = 0;
  std::size_t cut_after = 0;

  [[nodiscard]] bool has_power() const { return power_; }
  // The next boot: nothing is mapped or mounted, no home is open. Counting starts again.
  void restart() {
    cut_power();
    fs::remove_all(root());  // what was written there without power
    fs::create_directory(root());
    power_ = true;
    steps.clear();
    fail_at = cut_after = 0;
  }

  // The partition, as the disk has it.
  PartitionState state = PartitionState::absent;
  [[nodiscard]] fs::path device() const { return directory_ / "partition"; }

  [[nodiscard]] bool is_active() const { return active_; }
  [[nodiscard]] bool is_mounted() const { return mounted_; }
  [[nodiscard]] bool is_open(const HomeKeyId& key) const { return keys_.contains(key); }
  // The key a directory is encrypted with; the user it was given to, 0 for nobody.
  [[nodiscard]] std::optional<HomeKeyId> key_of(const fs::path& directory) const {
    return find(policies_, inode_of(directory));
  }
  [[nodiscard]] unsigned owner_of(const fs::path& path) const { return find(owners_, inode_of(path)).value_or(0); }
  // What remove_home_key answers.
  Eviction eviction = Eviction::complete;

  Result<DataPartition> find_partition() override {
    return step<DataPartition>("find_partition", [&]() -> Result<DataPartition> {
      return DataPartition{state, state == PartitionState::absent ? fs::path() : device()};
    });
  }
  Result<fs::path> make_partition() override {
    return step<fs::path>("make_partition", [&]() -> Result<fs::path> {
      if (state == PartitionState::complete) return fail("there is a data partition already");
      if (state == PartitionState::absent) {
        Fd file = TRY(open_file(device(), O_RDWR | O_CREAT | O_TRUNC, 0600));
        if (::ftruncate(file.get(), kPartitionSize) != 0) return fail_errno("make the partition");
      }
      state = PartitionState::unfinished;
      return device();
    });
  }
  Status complete_partition() override {
    return step<void>("complete_partition", [&]() -> Status {
      if (state == PartitionState::absent) return fail("there is no data partition");
      state = PartitionState::complete;
      return {};
    });
  }

  Status activate(UnlockedVolume& volume) override {
    return step<void>("activate", [&]() -> Status {
      if (!volume.unfinished().empty()) return fail("activate the volume: a change of its header was not finished");
      if (active_) return fail("activate the volume: it is active");
      active_ = true;
      return {};
    });
  }
  Status make_file_system() override {
    return step<void>("make_file_system", [&]() -> Status {
      if (!active_ || mounted_) return fail("make the file system: there is no mapping, or it is in use");
      fs::remove_all(content());
      fs::create_directory(content());
      return {};
    });
  }
  Status mount() override {
    return step<void>("mount", [&]() -> Status {
      if (!active_ || mounted_) return fail("mount /data: there is no mapping, or it is mounted");
      if (!fs::exists(content())) return fail("mount /data: there is no file system");
      fs::remove(root());
      fs::rename(content(), root());
      mounted_ = true;
      return {};
    });
  }
  void put_away() override {
    steps.emplace_back("put_away");
    forget();
  }
  [[nodiscard]] fs::path root() const override { return directory_ / "data"; }

  Result<HomeKeyId> add_home_key(const Secret& key) override {
    return step<HomeKeyId>("add_home_key", [&]() -> Result<HomeKeyId> {
      if (!mounted_) return fail("open a home: /data is not mounted");
      if (key.bytes().size() != 64) return fail("open a home: its key has another size");
      HomeKeyId id;
      std::ranges::copy_n(sha256(key.bytes()).bytes.begin(), static_cast<std::ptrdiff_t>(id.size()), id.begin());
      keys_.insert(id);
      return id;
    });
  }
  Status encrypt_directory(const fs::path& directory, const HomeKeyId& key) override {
    return step<void>("encrypt_directory", [&]() -> Status {
      if (!keys_.contains(key)) return fail("encrypt a directory: its key is not there");
      if (!fs::is_directory(directory) || !fs::is_empty(directory)) return fail("encrypt a directory: it is not empty");
      policies_[inode_of(directory)] = key;
      return {};
    });
  }
  Result<Eviction> remove_home_key(const HomeKeyId& key) override {
    return step<Eviction>("remove_home_key", [&]() -> Result<Eviction> {
      if (keys_.erase(key) == 0) return fail("close a home: it is not open");
      return eviction;
    });
  }
  Status give_to_user(const fs::path& path, unsigned user) override {
    return step<void>("give_to_user", [&]() -> Status {
      if (user < 1 || user > 8) return fail("there is no user u" + std::to_string(user));
      owners_[inode_of(path)] = user;
      return {};
    });
  }

 private:
  static constexpr off_t kPartitionSize = 24 << 20;  // room for a LUKS2 header, sparse

  template <typename T, typename Work>
  Result<T> step(const char* name, const Work& work) {
    if (!power_) return fail(std::string(name) + ": the power is gone");
    steps.emplace_back(name);
    if (steps.size() == fail_at) return fail(std::string(name) + ": the test lets this step fail");
    Result<T> done = work();
    if (steps.size() == cut_after) cut_power();
    return done;
  }
  void cut_power() {
    forget();
    power_ = false;
  }
  void forget() {
    if (mounted_) {
      fs::rename(root(), content());
      fs::create_directory(root());
    }
    mounted_ = active_ = false;
    keys_.clear();
  }

  // The content of the file system while it is not mounted.
  [[nodiscard]] fs::path content() const { return directory_ / "content"; }

  static ino_t inode_of(const fs::path& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
  }
  template <typename Map>
  static std::optional<typename Map::mapped_type> find(const Map& map, ino_t inode) {
    auto found = map.find(inode);
    return found == map.end() ? std::nullopt : std::optional(found->second);
  }

  fs::path directory_;
  bool power_ = true;
  bool active_ = false;
  bool mounted_ = false;
  std::set<HomeKeyId> keys_;
  std::map<ino_t, HomeKeyId> policies_;  // by inode, so that they follow a rename
  std::map<ino_t, unsigned> owners_;
};

}  // namespace ashlar
