#include "oracle.h"

#include <openssl/pem.h>

#include <algorithm>
#include <cstdlib>

#include "format/pkcs7.h"

namespace ashlar::oracle {
namespace {

std::string joined(const std::vector<std::string>& argv) {
  std::string line;
  for (const std::string& word : argv) line += word + " ";
  return line;
}

Bytes bio_content(BIO* bio) {
  char* text = nullptr;
  long size = BIO_get_mem_data(bio, &text);
  return {text, text + size};
}

}  // namespace

TempDir::TempDir() {
  std::string name = ::testing::TempDir() + "/ashlar-oracle-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary directory";
  directory_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

fs::path TempDir::put(std::string_view name, ByteView content) const {
  fs::path file = path(name);
  Status written = write_file(file, content);
  EXPECT_TRUE(written) << testing::error_of(written);
  return file;
}

CommandOutput tool(const std::vector<std::string>& argv, std::string input) {
  Command command{.argv = argv};
  // sgdisk and veritysetup lie there, which an ordinary user's PATH may leave out.
  std::string path = std::string("PATH=") + (std::getenv("PATH") != nullptr ? std::getenv("PATH") : "/usr/bin:/bin");
  std::string with_sbin = path + ":/usr/sbin:/sbin";
  ::setenv("PATH", with_sbin.c_str() + 5, 1);
  command.input = std::move(input);
  Result<CommandOutput> output = run(command);
  ::setenv("PATH", path.c_str() + 5, 1);
  if (!output) {
    ADD_FAILURE() << "a tool that the tests need is missing: " << output.error().message();
    return {.exit_status = 127, .out = {}, .err = {}};
  }
  return *output;
}

std::string succeed(const std::vector<std::string>& argv, std::string input) {
  CommandOutput output = tool(argv, std::move(input));
  EXPECT_EQ(output.exit_status, 0) << joined(argv) << "\n" << output.out << output.err;
  return output.out;
}

fs::path workshop() {
  const char* path = std::getenv("ASHLAR_WORKSHOP");
  if (path == nullptr || !fs::exists(path)) {
    ADD_FAILURE() << "ASHLAR_WORKSHOP does not name a tree of Debian 13 packages with systemd-ukify";
    return "/nonexistent";
  }
  return path;
}

std::string succeed_in_workshop(const std::vector<std::string>& argv, const TempDir& shared) {
  std::string directory = shared.path("").string();
  std::vector<std::string> command = {"bwrap",      "--unshare-all", "--ro-bind", workshop().string(),
                                      "/",          "--dev",         "/dev",      "--proc",
                                      "/proc",      "--tmpfs",       "/tmp",      "--bind",
                                      directory,    "/tmp/shared",   "--chdir",   "/tmp/shared",
                                      "--clearenv", "--setenv",      "PATH",      "/usr/bin:/bin"};
  command.insert(command.end(), argv.begin(), argv.end());
  return succeed(command);
}

Bytes content_of(const fs::path& path) {
  Result<Bytes> content = read_file(path);
  EXPECT_TRUE(content) << testing::error_of(content);
  return content ? *content : Bytes{};
}

SignerFiles write_signer(const TempDir& directory, std::string_view name, const Signer& signer) {
  Bio key(BIO_new(BIO_s_mem()));
  Bio certificate(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(key.get(), signer.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_X509(certificate.get(), signer.certificate.get());
  return {directory.put(std::string(name) + ".key", bio_content(key.get())),
          directory.put(std::string(name) + ".pem", bio_content(certificate.get()))};
}

std::uint64_t seed() {
  static const std::uint64_t value = [] {
    const char* given = std::getenv("ASHLAR_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::uint64_t{std::random_device{}()};
  }();
  return value;
}

Bytes random_bytes(std::mt19937_64& random, std::size_t size) {
  Bytes bytes(size);
  std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(random()); });
  return bytes;
}

}  // namespace ashlar::oracle
