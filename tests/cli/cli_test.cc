#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "format/dsse.h"
#include "image/inspect.h"
#include "tool.h"

namespace ashlar::test {
namespace {

// The disk and what lies beside it, byte for byte.
void expect_same_image(const fs::path& image) {
  for (const char* suffix : {"", kAttestations[0], kAttestations[1], kAttestations[2]}) {
    CommandOutput compared = run({.argv = {"cmp", core_image().string() + suffix, image.string() + suffix}}).value();
    EXPECT_EQ(compared.exit_status, 0) << compared.out << compared.err;
  }
}

TEST(Arguments, MisuseIsStatusTwo) {
  EXPECT_EQ(ashlar({}).exit_status, 2);
  EXPECT_EQ(ashlar({"bogus"}).exit_status, 2);
  EXPECT_EQ(ashlar({"build", "--bogus"}).exit_status, 2);
  for (const char* command : {"keys", "lock", "build", "run", "inspect", "verify", "predict", "prove", "test", "bench",
                              "audit", "rebuild-check", "fuzz"}) {
    EXPECT_EQ(ashlar({command, "--help"}).exit_status, 0) << command;
  }
}

TEST(Fuzz, ListsItsTargetsAndKnowsNoOthers) {
  CommandOutput listed = ashlar({"fuzz"});
  EXPECT_EQ(listed.exit_status, 0) << listed.err;
  EXPECT_NE(("\n" + listed.out).find("\ncpio\n"), std::string::npos) << listed.out;
  expect_failure(ashlar({"fuzz", "nonsense"}), 2, "there is no fuzz target nonsense");
}

TEST(Tests, KnowTheirTiersAndSuites) {
  expect_failure(ashlar({"test", "--label", "nonsense"}), 2, "there is no suite nonsense: choose one of boot, cli");
  EXPECT_EQ(ashlar({"test", "--quick", "--soak"}).exit_status, 2);
  EXPECT_EQ(ashlar({"test", "--seed", "1"}).exit_status, 2);
}

TEST(Keys, AreMadeOnceAndNeverOverwritten) {
  image::TemporaryDirectory work = scratch();
  std::string keys = work.path() / "k";
  EXPECT_EQ(ashlar({"keys", "new", "--variant", "dev", keys}).exit_status, 0);
  expect_failure(ashlar({"keys", "new", "--variant", "dev", keys}), 2, "never overwritten");
  expect_failure(ashlar({"keys", "new", "--variant", "live", work.path() / "l"}), 2, "no such variant: live");
  EXPECT_EQ(ashlar({"keys", "new", "--variant", "dev", work.path() / "slash/"}).exit_status, 0);
  EXPECT_TRUE(fs::exists(work.path() / "slash/db.key"));
}

TEST(Keys, AreNotMadeInTheRepository) {
  fs::path place = fs::path(ASHLAR_SOURCE_DIR) / "os/root/etc/keys";
  expect_failure(ashlar({"keys", "new", "--variant", "dev", place}), 2, "lies in the repository");
  EXPECT_FALSE(fs::exists(place));
}

// A PIN must not become the name of a directory, and a picture nobody takes must not be asked for without a word.
TEST(Misuse, IsSaidBeforeAnythingIsDone) {
  expect_failure(ashlar({"keys", "new", "--variant", "dev", "pkcs11:token=x?pin-value=1234"}), 2, "not in a token");
  EXPECT_FALSE(fs::exists("pkcs11:token=x?pin-value=1234"));
  expect_failure(ashlar({"run", "--headless", "--image", core_image(), "--screenshot", "/nonexistent/x.png"}), 2,
                 "add --until ready");
}

TEST(Build, RefusesTheOtherVariantsKeys) {
  image::TemporaryDirectory out = scratch();
  auto build = [&](const std::string& variant, const std::string& keys) {
    return ashlar(
        {"build", "--profile", "core", "--variant", variant, "--keys", keys, "--lock", lock_file(), "-o", out.path()});
  };
  expect_failure(build("release", keys_of("dev")), 2, "the two never mix");
  expect_failure(build("dev", keys_of("release")), 2, "the two never mix");
  expect_failure(build("dev", out.path() / "none"), 1, "there is no key set at");
  EXPECT_TRUE(fs::is_empty(out.path()));
}

TEST(Build, NamesWhatIsWrongWithItsInputs) {
  image::TemporaryDirectory work = scratch();
  fs::path lock = work.path() / "lock";
  auto build = [&](const std::string& profile, const fs::path& with) {
    return ashlar({"build", "--profile", profile, "--keys", keys_of("dev"), "--lock", with, "-o", work.path() / "out"});
  };
  expect_failure(build("tablet", lock_file()), 2, "there is no profile tablet");
  expect_failure(build("core", lock), 2, lock.string());
  ASSERT_TRUE(write_file(lock, as_bytes("# Ashlar\nbash 1\n")));
  CommandOutput output = build("core", lock);
  EXPECT_NE(output.exit_status, 0);
  EXPECT_NE(output.err.find(lock.string()), std::string::npos) << output.err;
}

TEST(Build, SaysThatThereIsNoNetwork) {
  image::TemporaryDirectory work = scratch();
  CommandOutput output = ashlar({"build", "--profile", "core", "--keys", keys_of("dev"), "--lock", lock_file(), "-o",
                                 work.path() / "out", "--mirror", "http://127.0.0.1:9/debian"},
                                {"ASHLAR_CACHE=" + (work.path() / "cache").string()});
  expect_failure(output, 1, "127.0.0.1:9");
  EXPECT_FALSE(fs::exists(work.path() / "out"));
}

TEST(Build, SecondTimeIsFromTheCache) {
  auto build = [] {
    CommandOutput output = ashlar({"build", "--json", "--profile", "core", "--keys", keys_of("dev"), "--lock",
                                   lock_file(), "-o", work_directory() / "images"});
    EXPECT_EQ(output.exit_status, 0) << output.err;
    return nlohmann::json::parse(output.out);
  };
  auto before = fs::last_write_time(core_image());
  nlohmann::json report = build();
  EXPECT_EQ(fs::last_write_time(core_image()), before);
  for (const auto& step : report["steps"]) {
    bool is_always_done =
        step["step"] == "fetch" || step["step"] == "verity" || step["step"] == "UKI" || step["step"] == "attestations";
    EXPECT_EQ(step["cached"].get<bool>(), !is_always_done) << step["step"];
  }
}

// A disk that is there already is left alone; what lies beside it is put right.
TEST(Build, MendsWhatLiesBesideTheDisk) {
  image::TemporaryDirectory work = scratch();
  fs::path image = work.path() / "ashlar-core-dev.raw";
  auto build = [&] {
    CommandOutput output = ashlar(
        {"build", "--profile", "core", "--keys", keys_of("dev"), "--lock", lock_file(), "-o", work.path().string()});
    ASSERT_EQ(output.exit_status, 0) << output.err;
  };
  build();
  auto written = fs::last_write_time(image);
  fs::remove(image.string() + ".spdx.json");
  ASSERT_TRUE(write_file(image.string() + ".provenance.json", as_bytes("{}")));
  build();
  EXPECT_EQ(fs::last_write_time(image), written);
  expect_same_image(image);
}

// An interrupt leaves no image and no half of one, and the next call goes on.
// A build of the core image with a cache of its own, ended by Ctrl-C as soon as it says `moment`. Everything it said.
std::string interrupted_build(const fs::path& cache, const fs::path& out, std::string_view moment) {
  fs::path log = cache.string() + ".log";
  Fd output = open_file(log, O_RDWR | O_CREAT, 0600).value();
  std::vector<std::string> argv = {"env",       "ASHLAR_CACHE=" + cache.string(),
                                   ASHLAR_TOOL, "build",
                                   "-o",        out,
                                   "--profile", "core",
                                   "--keys",    keys_of("dev"),
                                   "--lock",    lock_file()};
  if (const char* mirror = std::getenv("ASHLAR_TEST_MIRROR")) argv.insert(argv.end(), {"--mirror", mirror});
  Process build = Process::start(argv, output).value();
  while (!build.poll() && read_text(log).value().find(moment) == std::string::npos) ::usleep(10'000);
  EXPECT_FALSE(build.poll()) << "it ended before it could be interrupted";
  ::kill(build.pid(), SIGINT);
  while (!build.poll()) ::usleep(10'000);
  EXPECT_EQ(build.poll().value(), 1);
  return read_text(log).value();
}

TEST(Build, InterruptedLeavesNothingHalf) {
  image::TemporaryDirectory work = scratch();
  std::string said = interrupted_build(work.path() / "cache", work.path() / "out", "download");
  EXPECT_NE(said.find("ashlar: error:"), std::string::npos) << said;
  EXPECT_NE(said.find("interrupted"), std::string::npos) << said;
  EXPECT_FALSE(fs::exists(work.path() / "out"));
}

// Interrupted when packages, tools and kernel are there and the root is being made: what was finished stays, nothing
// else does, and the next call makes the image from it.
TEST(Build, InterruptedGoesOnFromTheCache) {
  image::TemporaryDirectory work = scratch();
  fs::path full = image::Cache::open_default().value().root();
  image::Cache cache(work.path() / "cache");
  for (const char* kind : {"packages", "workshop", "kernel", "device"}) {
    for (const auto& entry : fs::directory_iterator(full / kind)) {
      std::string ending = entry.path().extension();
      if (ending != ".deb" && !ending.empty()) continue;
      ASSERT_TRUE(image::lend_entry(entry.path(), cache));
    }
  }
  fs::path out = work.path() / "out";
  std::string said = interrupted_build(cache.root(), out, "make the root file system");
  EXPECT_NE(said.find("interrupted"), std::string::npos) << said;
  EXPECT_FALSE(fs::exists(out));
  EXPECT_TRUE(fs::is_empty(cache.work()));
  ASSERT_FALSE(fs::is_empty(cache.root() / "tree"));

  CommandOutput built =
      ashlar({"build", "--json", "--profile", "core", "--keys", keys_of("dev"), "--lock", lock_file(), "-o", out},
             {"ASHLAR_CACHE=" + cache.root().string()});
  ASSERT_EQ(built.exit_status, 0) << built.err;
  nlohmann::json report = nlohmann::json::parse(built.out);
  EXPECT_TRUE(std::ranges::any_of(report["steps"], [](const nlohmann::json& step) {
    return step["step"] == "package tree" && step["cached"].get<bool>();
  })) << report.dump(2);
  expect_same_image(out / core_image().filename());
}

TEST(Image, VerifiesAgainstItsOwnKeysOnly) {
  CommandOutput held = ashlar({"verify", core_image(), "--keys", keys_of("dev")});
  EXPECT_EQ(held.exit_status, 0) << held.err;
  EXPECT_NE(held.out.find("holds: root"), std::string::npos);
  EXPECT_EQ(ashlar({"verify", core_image(), "--keys", keys_of("release")}).exit_status, 1);
}

TEST(Image, InspectShowsTheChain) {
  CommandOutput output = ashlar({"inspect", "--json", core_image()});
  ASSERT_EQ(output.exit_status, 0) << output.err;
  nlohmann::json shown = nlohmann::json::parse(output.out);
  EXPECT_EQ(shown["partitions"].size(), 5U);
  EXPECT_EQ(shown["programs"].size(), 2U);
  for (const auto& program : shown["programs"]) EXPECT_EQ(program["signers"].size(), 1U);
  std::map<std::string, std::pair<std::string, std::string>> enrolled;  // file name -> certificate, signer
  for (const auto& file : shown["other_files"]) {
    if (!file.contains("enrols")) continue;
    ASSERT_EQ(file["enrols"].size(), 1U) << file.dump();
    enrolled[fs::path(file["path"].get<std::string>()).filename()] = {file["enrols"][0], file["signer"]};
  }
  const auto names = [&](const std::string& update) { return enrolled[update].first + "; " + enrolled[update].second; };
  EXPECT_TRUE(names("PK.auth").starts_with("CN=Ashlar PK")) << names("PK.auth");
  EXPECT_NE(names("KEK.auth").find("; CN=Ashlar PK"), std::string::npos) << names("KEK.auth");
  EXPECT_NE(names("db.auth").find("; CN=Ashlar KEK"), std::string::npos) << names("db.auth");
  EXPECT_GT(shown["packages"].size(), 5U);
  EXPECT_NE(shown["root_hash_signer"].get<std::string>().find("CN=Ashlar db"), std::string::npos);
  EXPECT_EQ(shown["command_line"].get<std::string>().substr(shown["command_line"].get<std::string>().size() - 3),
            " --");
}

TEST(Image, PredictGivesTheRegistersTheImageDecides) {
  CommandOutput json = ashlar({"predict", "--json", core_image()});
  ASSERT_EQ(json.exit_status, 0) << json.err;
  nlohmann::json pcrs = nlohmann::json::parse(json.out)["pcrs"];
  CommandOutput text = ashlar({"predict", core_image()});
  EXPECT_EQ(pcrs.size(), 5U);
  for (const char* pcr : {"4", "7", "11", "12", "13"}) {
    EXPECT_NE(text.out.find(std::string(pcr) + "  " + pcrs[pcr].get<std::string>() + "\n"), std::string::npos) << pcr;
  }
}

// Keys in a token sign the very same bytes as keys in files.
TEST(Pkcs11, TokenBuildsTheSameImage) {
  image::TemporaryDirectory work = scratch();
  fs::path config = work.path() / "softhsm2.conf";
  fs::create_directory(work.path() / "tokens");
  ASSERT_TRUE(write_file(config, as_bytes("directories.tokendir = " + (work.path() / "tokens").string() + "\n")));
  ::setenv("SOFTHSM2_CONF", config.c_str(), 1);
  std::string module = "/usr/lib/softhsm/libsofthsm2.so";
  ASSERT_TRUE(run_checked(
      {.argv = {"softhsm2-util", "--init-token", "--free", "--label", "ashlar", "--so-pin", "1234", "--pin", "1234"}}));
  for (const char* name : {"PK", "KEK", "db", "pcr"}) {
    std::string base = fs::path(keys_of("dev")) / name;
    std::string key = work.path() / "key.der";
    std::string certificate = work.path() / "certificate.der";
    ASSERT_TRUE(run_checked({.argv = {"openssl", "pkey", "-in", base + ".key", "-outform", "DER", "-out", key}}));
    ASSERT_TRUE(
        run_checked({.argv = {"openssl", "x509", "-in", base + ".crt", "-outform", "DER", "-out", certificate}}));
    for (const auto& [file, type] : {std::pair{key, "privkey"}, std::pair{certificate, "cert"}}) {
      Result<std::string> written =
          run_checked({.argv = {"pkcs11-tool", "--module", module, "--login", "--pin", "1234", "--token-label",
                                "ashlar", "--write-object", file, "--type", type, "--label", name}});
      ASSERT_TRUE(written) << written.error().message();
    }
  }
  CommandOutput built = ashlar({"build", "--profile", "core", "--lock", lock_file(), "-o", work.path() / "out",
                                "--keys", "pkcs11:token=ashlar?pin-value=1234"},
                               {"PKCS11_MODULE_PATH=" + module});
  ASSERT_EQ(built.exit_status, 0) << built.err;
  expect_same_image(work.path() / "out/ashlar-core-dev.raw");
  for (const char* wrong : {"pkcs11:token=other?pin-value=1234", "pkcs11:token=ashlar?pin-value=4321"}) {
    CommandOutput refused =
        ashlar({"build", "--profile", "core", "--lock", lock_file(), "-o", work.path() / "out", "--keys", wrong},
               {"PKCS11_MODULE_PATH=" + module});
    expect_failure(refused, 1, "private key labelled PK");
    for (const char* pin : {"1234", "4321"}) EXPECT_EQ(refused.err.find(pin), std::string::npos) << refused.err;
    EXPECT_EQ(std::ranges::count(refused.err, '\n'), 1) << "one error: " << refused.err;
  }
}

// What we wrote, read by the tools the world uses.
class Oracle : public testing::Test {
 protected:
  void SetUp() override {
    auto image = image::open_image(core_image());
    ASSERT_TRUE(image) << image.error().message();
    for (const FatFile& file : image->esp) {
      ASSERT_TRUE(write_file(work_.path() / fs::path(file.path).filename(), file.content));
      if (file.path.starts_with(image::kUkiDirectory)) {
        uki_ = work_.path() / fs::path(file.path).filename();
        root_hash_ = image::open_uki(file.content).value().root_hash.hex();
      }
    }
    const char* names[] = {"esp", "root", "verity"};
    for (std::size_t i = 0; i < std::size(names); ++i) {
      ByteView bytes = image->bytes_of(image->table.partitions[i]);
      ASSERT_TRUE(write_file(work_.path() / names[i], bytes));
    }
  }

  void expect_accepts(const std::vector<std::string>& argv) {
    Result<CommandOutput> output = run({.argv = argv});
    ASSERT_TRUE(output) << output.error().message();  // a missing tool fails the test, it does not skip it
    EXPECT_EQ(output->exit_status, 0) << output->out << output->err;
  }

  image::TemporaryDirectory work_ = scratch();
  fs::path uki_;
  std::string root_hash_;
};

TEST_F(Oracle, SbverifyAcceptsBootloaderAndUki) {
  std::string certificate = keys_of("dev") + "/db.crt";
  expect_accepts({"sbverify", "--cert", certificate, uki_});
  expect_accepts({"sbverify", "--cert", certificate, work_.path() / "BOOTX64.EFI"});
  Result<CommandOutput> foreign = run({.argv = {"sbverify", "--cert", keys_of("release") + "/db.crt", uki_}});
  EXPECT_NE(foreign.value().exit_status, 0) << "the control";
}

TEST_F(Oracle, VeritysetupVerifiesTheRoot) {
  expect_accepts({"veritysetup", "verify", work_.path() / "root", work_.path() / "verity", root_hash_});
}

TEST_F(Oracle, SgdiskFindsNoProblem) {
  Result<std::string> said = run_checked({.argv = {"sgdisk", "-v", core_image()}});
  ASSERT_TRUE(said) << said.error().message();
  EXPECT_NE(said->find("No problems found"), std::string::npos) << *said;
}

TEST_F(Oracle, FsckAcceptsBothFileSystems) {
  expect_accepts({"fsck.fat", "-n", work_.path() / "esp"});
  expect_accepts({"fsck.erofs", work_.path() / "root"});
}

// python3-cyclonedx-lib validates against the format's schema.
TEST_F(Oracle, CycloneDxAcceptsTheBillOfMaterials) {
  const char* tools = std::getenv("ASHLAR_WORKSHOP");
  ASSERT_NE(tools, nullptr);
  constexpr const char* kValidate =
      "import sys\n"
      "from cyclonedx.schema import SchemaVersion\n"
      "from cyclonedx.validation.json import JsonStrictValidator\n"
      "problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open('/tmp/bill').read())\n"
      "sys.exit('invalid: ' + str(problem)[:400] if problem else 0)\n";
  fs::path bill = work_.path() / "bill";
  auto validate = [&] {
    return run({.argv = {"bwrap", "--ro-bind", tools, "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp",
                         "--ro-bind", bill, "/tmp/bill", "python3", "-B", "-c", kValidate}})
        .value();
  };
  std::string text = read_text(core_image().string() + ".cdx.json").value();
  ASSERT_TRUE(write_file(bill, as_bytes(text)));
  CommandOutput accepted = validate();
  EXPECT_EQ(accepted.exit_status, 0) << accepted.err;
  ASSERT_TRUE(write_file(bill, as_bytes(text.replace(text.find("\"SHA-256\""), 9, "\"SHA-255\""))));
  CommandOutput refused = validate();
  EXPECT_EQ(refused.exit_status, 1) << "the control";
  EXPECT_NE(refused.err.find("invalid: 'SHA-255'"), std::string::npos) << refused.err;
}

TEST_F(Oracle, OpensslVerifiesTheProvenance) {
  DsseEnvelope envelope = parse_dsse(read_file(core_image().string() + ".provenance.json").value()).value();
  fs::path key = work_.path() / "db.pub";
  fs::path signature = work_.path() / "signature";
  fs::path signed_bytes = work_.path() / "signed";
  expect_accepts({"openssl", "x509", "-in", keys_of("dev") + "/db.crt", "-noout", "-pubkey", "-out", key});
  ASSERT_TRUE(write_file(signature, envelope.signatures.at(0).signature));
  std::string statement(as_text(envelope.payload));
  std::string head = "DSSEv1 28 application/vnd.in-toto+json " + std::to_string(statement.size()) + " ";
  ASSERT_TRUE(write_file(signed_bytes, as_bytes(head + statement)));
  std::vector<std::string> verify = {"openssl", "dgst",       "-sha256", "-verify",
                                     key,       "-signature", signature, signed_bytes};
  expect_accepts(verify);
  ASSERT_TRUE(write_file(signed_bytes, as_bytes(statement)));
  EXPECT_NE(run({.argv = verify}).value().exit_status, 0) << "the control: the type is signed as well";
}

TEST_F(Oracle, UkifyReadsTheSections) {
  const char* tools = std::getenv("ASHLAR_WORKSHOP");
  ASSERT_NE(tools, nullptr);
  Result<std::string> said =
      run_checked({.argv = {"bwrap", "--ro-bind", tools, "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp",
                            "--ro-bind", uki_, "/tmp/uki.efi", "ukify", "inspect", "/tmp/uki.efi"}});
  ASSERT_TRUE(said) << said.error().message();
  for (const char* section : {".linux", ".initrd", ".cmdline", ".osrel", ".uname"}) {
    EXPECT_NE(said->find(section), std::string::npos) << section;
  }
  EXPECT_NE(said->find("roothash=" + root_hash_ + " --"), std::string::npos) << *said;
}

}  // namespace
}  // namespace ashlar::test
