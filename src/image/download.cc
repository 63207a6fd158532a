#include "image/download.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "base/interrupt.h"
#include "base/log.h"
#include "image/mirror.h"
#include "image/part_file.h"

namespace ashlar::image {
namespace {

using Clock = std::chrono::steady_clock;

std::string shorten(const Sha256Digest& digest) { return digest.hex().substr(0, 16) + "…"; }

// What a finished attempt means for its file.
enum class Verdict { kDone, kAgain, kFromTheStart };

// The whole file has arrived. What was put together from several connections may be of two files: that is tried once
// more in one piece.
Result<Verdict> accept(const Download& download, PartFile& part) {
  Sha256Digest got = part.digest();
  if (got == download.sha256) {
    TRY(part.keep_as(download.to));
    return Verdict::kDone;
  }
  if (part.resumed()) return Verdict::kFromTheStart;
  part.remove();
  return fail(fmt::format("{}: what the mirror sent is not what the archive signed (SHA-256 {}, not {}): {}",
                          download.what, shorten(got), shorten(download.sha256), download.url));
}

std::unexpected<Error> gone(const Download& download) {
  return std::unexpected(Error(
      fmt::format("the archive no longer serves {}: run `ashlar lock` ({})", download.what, download.url), kGone));
}

std::unexpected<Error> wrong_size(const Download& download, PartFile& part, std::uint64_t size) {
  part.remove();
  return fail(fmt::format("{}: the mirror's file has {} bytes instead of {}: {}", download.what, size, download.size,
                          download.url));
}

// ---- From a directory ----------------------------------------------------------------------------------------------

Status copy_local(const Download& download, const fs::path& from, log::Progress& progress) {
  Result<Fd> opened = open_file(from, O_RDONLY);
  if (!opened && opened.error().code() == ENOENT) return gone(download);
  Fd source = TRY(std::move(opened));
  PartFile part = TRY(PartFile::open(download));
  TRY(part.restart());
  struct stat status{};
  if (::fstat(source.get(), &status) != 0) return fail_errno("stat " + from.string());
  auto size = static_cast<std::uint64_t>(status.st_size);
  if (size != download.size) return wrong_size(download, part, size);
  constexpr std::uint64_t kBlock = std::uint64_t{1} << 20;
  Bytes block(std::min(kBlock, size));
  while (!part.complete()) {
    TRY(check_interrupted());
    std::span<std::uint8_t> piece =
        std::span(block).first(std::min<std::uint64_t>(block.size(), size - part.received()));
    TRY(in(from.string(), read_at(source, part.received(), piece)));
    TRY(part.append(piece));
    progress.advance(piece.size());
  }
  TRY(accept(download, part));
  return {};
}

// ---- From the web --------------------------------------------------------------------------------------------------

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

// One file on its way. Lives at one address while curl knows of it.
struct Transfer {
  Transfer(const Download& download, PartFile part) : download(download), part(std::move(part)) {}

  const Download& download;
  PartFile part;
  std::unique_ptr<CURL, EasyDeleter> easy;
  unsigned attempts = 0;
  Clock::time_point not_before;
  Status write_status;  // why our side stopped the transfer
  bool oversized = false;
  std::uint64_t before = 0;    // bytes there when this attempt began
  std::uint64_t furthest = 0;  // the most that ever was there
  bool started_over = false;
  log::Progress* progress = nullptr;
  char message[CURL_ERROR_SIZE] = {};
};

std::size_t receive(const char* data, std::size_t, std::size_t size, void* user) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  // A server that ignores the range begins again; so do we.
  long code = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &code);
  if (code == 200 && transfer.before > 0) {
    transfer.write_status = transfer.part.restart();
    transfer.before = 0;
    if (!transfer.write_status) return 0;
  }
  if (size > transfer.download.size - transfer.part.received()) {
    transfer.oversized = true;
    return 0;
  }
  transfer.write_status = transfer.part.append({reinterpret_cast<const std::uint8_t*>(data), size});
  if (!transfer.write_status) return 0;
  transfer.progress->advance(size);
  return size;
}

bool may_pass(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

bool may_pass(long http_status) { return http_status == 408 || http_status == 429 || http_status >= 500; }

class WebDownloader {
 public:
  WebDownloader(const DownloadOptions& options, log::Progress& progress)
      : options_(options), progress_(progress), multi_(curl_multi_init()) {}

  ~WebDownloader() {
    for (const std::unique_ptr<Transfer>& transfer : running_)
      curl_multi_remove_handle(multi_.get(), transfer->easy.get());
  }

  Status run(std::vector<const Download*> downloads) {
    if (multi_ == nullptr) return fail("libcurl does not start");
    // Large files first: the last connection does not end with one of them.
    std::ranges::stable_sort(downloads, std::greater<>(), &Download::size);
    for (std::size_t next = 0; next < downloads.size() || !running_.empty() || !waiting_.empty();) {
      while (!waiting_.empty() && running_.size() < options_.connections &&
             waiting_.front()->not_before <= Clock::now()) {
        std::unique_ptr<Transfer> transfer = std::move(waiting_.front());
        waiting_.pop_front();
        TRY(begin(std::move(transfer)));
      }
      while (next < downloads.size() && running_.size() + waiting_.size() < options_.connections) {
        const Download& download = *downloads[next++];
        TRY(in(download.what, start(download)));
      }
      TRY(step());
    }
    return {};
  }

 private:
  Status start(const Download& download) {
    auto transfer = std::make_unique<Transfer>(download, TRY(PartFile::open(download)));
    progress_.advance(transfer->part.received());
    if (transfer->part.complete()) {
      if (TRY(accept(download, transfer->part)) == Verdict::kDone) return {};
      transfer->started_over = true;
      TRY(transfer->part.restart());
    }
    transfer->furthest = transfer->part.received();
    return begin(std::move(transfer));
  }

  Status begin(std::unique_ptr<Transfer> transfer) {
    transfer->easy.reset(curl_easy_init());
    if (transfer->easy == nullptr) return fail("libcurl does not start");
    transfer->progress = &progress_;
    transfer->before = transfer->part.received();
    transfer->write_status = {};
    transfer->oversized = false;
    transfer->message[0] = '\0';
    CURL* easy = transfer->easy.get();
    curl_easy_setopt(easy, CURLOPT_URL, transfer->download.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer.get());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer.get());
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message);
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "ashlar");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 20L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall_timeout.count()));
    std::string range = fmt::format("{}-", transfer->before);
    if (transfer->before > 0) {
      curl_easy_setopt(easy, CURLOPT_RANGE, range.c_str());
      transfer->part.mark_resumed();
    }
    curl_multi_add_handle(multi_.get(), easy);
    running_.push_back(std::move(transfer));
    return {};
  }

  Status step() {
    TRY(check_interrupted());
    int still_running = 0;
    curl_multi_perform(multi_.get(), &still_running);
    int queued = 0;
    bool any = false;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &queued)) {
      if (message->msg != CURLMSG_DONE) continue;
      any = true;
      CURLcode code = message->data.result;
      Transfer* ended = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &ended);
      TRY(end(*ended, code));
    }
    if (!any) curl_multi_poll(multi_.get(), nullptr, 0, 100, nullptr);
    return {};
  }

  Status end(Transfer& ended, CURLcode code) {
    long http_status = 0;
    curl_easy_getinfo(ended.easy.get(), CURLINFO_RESPONSE_CODE, &http_status);
    curl_multi_remove_handle(multi_.get(), ended.easy.get());
    auto found = std::ranges::find(running_, &ended, [](const auto& transfer) { return transfer.get(); });
    std::unique_ptr<Transfer> transfer = std::move(*found);
    running_.erase(found);
    Verdict verdict = TRY(judge(*transfer, code, http_status));
    if (verdict == Verdict::kDone) return {};
    if (verdict == Verdict::kFromTheStart) {
      if (std::exchange(transfer->started_over, true))
        return fail(transfer->download.what + ": the mirror cuts it off");
      TRY(transfer->part.restart());
    }
    // A connection that brought something new does not count as a failed one.
    bool moved = transfer->part.received() > transfer->furthest;
    transfer->furthest = std::max(transfer->furthest, transfer->part.received());
    transfer->attempts = moved ? 1 : transfer->attempts + 1;
    transfer->not_before = Clock::now() + options_.first_pause * (1U << (transfer->attempts - 1));
    waiting_.push_back(std::move(transfer));
    std::ranges::stable_sort(waiting_, {}, [](const auto& waiting) { return waiting->not_before; });
    return {};
  }

  Result<Verdict> judge(Transfer& transfer, CURLcode code, long http_status) {
    const Download& download = transfer.download;
    PartFile& part = transfer.part;
    if (!transfer.write_status) {
      Error error = std::move(transfer.write_status).error();
      if (error.code() == ENOSPC || error.code() == EDQUOT) {
        return std::unexpected(std::move(error).in(fmt::format("{}: the disk is full", download.what)));
      }
      return std::unexpected(std::move(error).in(download.what));
    }
    if (transfer.oversized) {
      curl_off_t announced = 0;
      curl_easy_getinfo(transfer.easy.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
      if (announced > 0) return wrong_size(download, part, transfer.before + static_cast<std::uint64_t>(announced));
      part.remove();
      return fail(
          fmt::format("{}: the mirror's file has more than {} bytes: {}", download.what, download.size, download.url));
    }
    if (code == CURLE_OK) {
      if (part.complete()) return accept(download, part);
      if (part.resumed()) return Verdict::kFromTheStart;
      return wrong_size(download, part, part.received());
    }
    if (code == CURLE_RANGE_ERROR || (code == CURLE_HTTP_RETURNED_ERROR && http_status == 416)) {
      if (transfer.before > 0) return Verdict::kFromTheStart;
    }
    std::string reason = transfer.message[0] != '\0' ? transfer.message : curl_easy_strerror(code);
    if (code == CURLE_HTTP_RETURNED_ERROR) {
      if (may_pass(http_status) && transfer.attempts + 1 < options_.attempts) return Verdict::kAgain;
      if (part.received() == 0) part.remove();
      if (http_status == 404 || http_status == 410) return gone(download);
      return fail(fmt::format("{}: the mirror answers {}: {}", download.what, http_status, download.url));
    }
    if (may_pass(code) && transfer.attempts + 1 < options_.attempts) return Verdict::kAgain;
    if (part.received() == 0) part.remove();
    return fail(fmt::format("{}: {} ({} of {} bytes are there; the next call continues): {}{}", download.what, reason,
                            part.received(), download.size, download.url, network_hint(code)));
  }

  static std::string_view network_hint(CURLcode code) {
    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT) return ". Is the network up?";
    return "";
  }

  DownloadOptions options_;
  log::Progress& progress_;
  std::unique_ptr<CURLM, MultiDeleter> multi_;
  std::vector<std::unique_ptr<Transfer>> running_;
  std::deque<std::unique_ptr<Transfer>> waiting_;  // for their next attempt, soonest first
};

}  // namespace

Status download_all(std::span<const Download> downloads, const DownloadOptions& options) {
  if (downloads.empty()) return {};
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) return fail("libcurl does not start");
  std::uint64_t total = 0;
  for (const Download& download : downloads) total += download.size;
  std::string_view files = downloads.size() == 1 ? "file" : "files";
  log::Progress progress(fmt::format("download {} {}, {} MB", downloads.size(), files, (total + 999'999) / 1'000'000),
                         total);
  std::vector<const Download*> from_web;
  for (const Download& download : downloads) {
    if (std::optional<fs::path> from = local_path(download.url)) {
      Status copied = copy_local(download, *from, progress);
      if (!copied && copied.error().code() == ENOSPC) return in(download.what + ": the disk is full", copied);
      TRY(std::move(copied));
    } else {
      from_web.push_back(&download);
    }
  }
  return WebDownloader(options, progress).run(std::move(from_web));
}

Status check_file(const fs::path& file, std::uint64_t size, const Sha256Digest& sha256) {
  Fd fd = TRY(open_file(file, O_RDONLY));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("stat " + file.string());
  if (static_cast<std::uint64_t>(status.st_size) != size) {
    return fail(fmt::format("{} has {} bytes instead of {}", file.string(), status.st_size, size));
  }
  Sha256 hash;
  TRY(in(file.string(), hash_file(fd, size, hash)));
  Sha256Digest got = hash.finish();
  if (got != sha256) {
    return fail(fmt::format("{} has SHA-256 {} instead of {}", file.string(), shorten(got), shorten(sha256)));
  }
  return {};
}

}  // namespace ashlar::image
