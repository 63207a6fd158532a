// What services write, as files in a directory of the logger's own:
//
//     00000017/boot            which start of the machine it is: the kernel's boot identifier
//     00000017/seatd.0         what the service wrote, whose it was behind the dot (a user's number), newest
//     00000017/seatd.0.old     the same, before that
//
// A directory for each start of the machine. Bounds: a file, the services of a start, the starts that are kept, all of
// it together. What is oldest goes first; on a full disk too, so that the person's files have the room.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "format/log_message.h"

namespace ashlar {

struct LogBounds {
  std::uint64_t file = 128 * 1024;  // bytes, of each of a service's two
  std::size_t files = 48;           // services of a start
  std::size_t starts = 20;          // this one included
  std::uint64_t total = 32 << 20;   // bytes
};

class LogStore {
 public:
  // Goes on with the newest directory where that is this start's, begins one where it is not, and deletes the oldest
  // until this start has its room. Errors: the directory cannot be read or written.
  static Result<LogStore> open(const fs::path& directory, const std::string& boot_id, const LogBounds& bounds);

  // Keeps `text`, whole lines as far as there are any, behind what there is. What cannot be written is lost, and
  // counted; a line says so once it works again. An error: it could not, for the first time in a row.
  Status append(const std::string& service, std::uint32_t user, std::string_view text);

  // What is kept of a service, oldest first; of a user's alone where one is named. Errors, in words for who asks: that
  // start is not kept, or nothing of the service is.
  [[nodiscard]] Result<std::string> read(const LogRequest& request) const;

  // Whether this start's directory was made by open().
  [[nodiscard]] bool is_new() const { return is_new_; }

 private:
  struct File {
    Fd fd;
    std::uint64_t size = 0;
  };

  LogStore(fs::path directory, const LogBounds& bounds) : directory_(std::move(directory)), bounds_(bounds) {}

  [[nodiscard]] fs::path current() const { return directory_ / starts_.back(); }
  Status begin_start(const std::string& boot_id);
  Status delete_oldest();
  Result<File*> file_for(const std::string& name, std::size_t growth);
  Result<std::size_t> write_some(const std::string& name, std::string_view text);
  Status write(const std::string& name, std::string_view text);

  fs::path directory_;
  LogBounds bounds_;
  std::vector<std::string> starts_;  // names of directories, oldest first
  std::map<std::string, File> files_;
  std::uint64_t lost_ = 0;  // bytes, since writing last worked
  bool is_new_ = false;
};

}  // namespace ashlar
