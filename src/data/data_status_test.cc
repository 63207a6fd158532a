#include "data/data_status.h"

#include <gtest/gtest.h>

#include "data/strict_json.h"

namespace ashlar {
namespace {

using namespace std::chrono_literals;

Sha256Digest value(std::uint8_t byte) {
  Sha256Digest digest;
  digest.bytes.fill(byte);
  return digest;
}

// A machine that is well.
DataStatus well() {
  return {.partition = PartitionState::complete,
          .mounted = true,
          .uuid = "0b8f21a6-4c6e-4f1b-9a43-2f1a5a3f0c11",
          .recovery_key = true,
          .users = {{.user = 1,
                     .name = "Anna",
                     .keyslot = 1,
                     .password = {1048576, 3, 4, {}},
                     .uses_tpm = true,
                     .enrolled = {{0, value(1)}, {2, value(2)}, {7, value(7)}}}},
          .image_epoch = Epoch::from(3).value(),
          .tpm = TpmStatus{.lockout = {.used = 0,
                                       .allowed = 10,
                                       .recovery = 7200s,
                                       .lockout_recovery = 86400s,
                                       .owner_set = true,
                                       .lockout_set = true},
                           .storage_key = StorageKeyStatus::same,
                           .rollback = RollbackStatus::ours,
                           .retired_bits = 8,
                           .present = {{0, value(1)}, {2, value(2)}, {7, value(7)}, {11, value(11)}, {15, value(15)}}}};
}

void expect_says(const DataStatus& status, std::string_view row) {
  const std::string text = status_text(status);
  EXPECT_NE(text.find(row), std::string::npos) << row << "\nis not in\n" << text;
}

TEST(DataStatus, IsAPageToRead) {
  EXPECT_EQ(status_text(well()),
            "/data\n"
            "  State           open\n"
            "  Header          LUKS2 as Ashlar writes it, 0b8f21a6-4c6e-4f1b-9a43-2f1a5a3f0c11\n"
            "  Opens with      the recovery key (keyslot 0)\n"
            "                  u1, Anna: password together with the TPM (keyslot 1)\n"
            "                    Argon2id, 1024 MiB, passes: 3, lanes: 4\n"
            "\n"
            "Next start\n"
            "  Password        that of u1 opens /data\n"
            "\n"
            "TPM\n"
            "  Tries           10 of 10 left\n"
            "  Authorization   set: no other system administers this TPM\n"
            "  Storage key     the one /data was set up with\n"
            "  PCR 0           as enrolled: the firmware itself (an update changes it)\n"
            "  PCR 2           as enrolled: the firmware of cards that are plugged in\n"
            "  PCR 7           as enrolled: Secure Boot: its keys, or whether it is on\n"
            "  Image           epoch 3\n"
            "  Rollback        images of an epoch below 3 are retired\n");
}

TEST(DataStatus, SaysWhatIsWrongInWords) {
  DataStatus status = well();
  status.tpm->lockout = {.used = 10, .allowed = 10, .recovery = 7200s, .locked = true, .owner_set = true};
  expect_says(status, "Tries           the TPM is locked: no try is left, one is given back every 2 hours");
  expect_says(status, "lockout authorization is not set");
  status.tpm->lockout.locked = false;
  status.tpm->lockout.used = 2;
  expect_says(status, "8 of 10 left, one is given back every 2 hours");
  status.tpm->present[7] = value(9);
  expect_says(status, "PCR 7           DIFFERS from what was enrolled for u1: Secure Boot");
  status.users.push_back(status.users[0]);
  status.users[1].user = 2;
  status.users[1].enrolled[7] = value(9);
  status.users[1].change_expected = true;
  expect_says(status, "DIFFERS from what was enrolled for u1: ");
  expect_says(status, "Expected        a change of the firmware");
  status.tpm->retired_bits = 0x18;
  expect_says(status, "epoch 3: RETIRED");
  expect_says(status, "images of an epoch below 4 are retired");
  status.users[0].refusal = Error("the firmware was changed");
  expect_says(status, "that of u1 will not do: the firmware was changed\n");
  expect_says(status, "that of u2 opens /data\n");
  status.tpm->storage_key = StorageKeyStatus::another;
  status.tpm->rollback = RollbackStatus::missing;
  status.tpm->retired_bits.reset();
  expect_says(status, "Storage key     gone, or another one");
  expect_says(status, "Rollback        the TPM's record is gone");
  status.tpm->rollback = RollbackStatus::not_written;
  expect_says(status, "was never written");
  status.tpm->rollback = RollbackStatus::another;
  expect_says(status, "another owner's");
  status.requests = {{3, AddUser{"Berta"}}, {4, ExpectChange{}}, {5, RemoveUser{2}}, {6, ChangePassword{1}}};
  status.damaged_requests = {"x.json"};
  expect_says(status,
              "Waiting         a new user, Berta\n                  preparing for a change of the firmware\n"
              "                  removing u2\n                  a new password for u1\n"
              "                  not a request, left alone: x.json\n");
  status.recovery_key = false;
  expect_says(status, "NO recovery key");
  status.tpm.reset();
  expect_says(status, "State           this machine has none");
  status.tpm_failure = Error("TPM: it stopped answering");
  expect_says(status, "State           TPM: it stopped answering");
  status.header = Error("the header of /data: foreign");
  expect_says(status, "Header          not usable: the header of /data: foreign");
  status.partition = PartitionState::unfinished;
  expect_says(status, "the next start begins again");
}

TEST(DataStatus, MarksForEverThatThereWasNoTpm) {
  DataStatus status = well();
  EXPECT_EQ(status_text(status).find("Without TPM"), std::string::npos);
  status.users[0].uses_tpm = false;
  status.users[0].enrolled.clear();
  expect_says(status, "u1, Anna: password alone");
  expect_says(status, "Without TPM     This machine had no TPM when /data was set up: the password alone protects it");
  EXPECT_EQ(status_text(status).find("enrolled"), std::string::npos);
}

TEST(DataStatus, NothingMovesTheReadersTerminal) {
  DataStatus status = well();
  status.header = Error("a label \x1b[2J that \xc2\x9b is hostile");
  status.damaged_requests = {"a\nb\x1b"};
  const std::string text = status_text(status);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
}

TEST(DataStatus, IsJsonForPrograms) {
  DataStatus status = well();
  status.requests = {{3, AddUser{"Berta"}}};
  EXPECT_EQ(
      status_json(status),
      R"({"damaged_requests":[],"header":{"change_unfinished":false,"recovery_key":true,"usable":true,)"
      R"("uuid":"0b8f21a6-4c6e-4f1b-9a43-2f1a5a3f0c11","why_not":null,"without_tpm":false},"image_epoch":3,"open":true,)"
      R"("partition":"complete","requests":[{"name":"Berta","number":3,"request":"add-user"}],)"
      R"("tpm":{"lockout":{"allowed":10,"left":10,"locked":false,"recovery_seconds":7200,"used":0},"lockout_set":true,)"
      R"("owner_set":true,"present":{"0":")" +
          to_hex(value(1).bytes) + R"(","11":")" + to_hex(value(11).bytes) + R"(","15":")" + to_hex(value(15).bytes) +
          R"(","2":")" + to_hex(value(2).bytes) + R"(","7":")" + to_hex(value(7).bytes) +
          R"("},"rollback":{"bits":"0000000000000008","image_retired":false,"index":"ours"},"storage_key":"same"},)"
          R"("tpm_failure":null,"users":[{"argon2id":{"lanes":4,"memory_kib":1048576,"passes":3},"change_expected":false,)"
          R"("enrolled":{"0":")" +
          to_hex(value(1).bytes) + R"(","2":")" + to_hex(value(2).bytes) + R"(","7":")" + to_hex(value(7).bytes) +
          R"("},"keyslot":1,"name":"Anna","refusal":null,"tpm":true,"user":"u1"}],"version":1})"
          "\n");
}

TEST(DataStatus, IsJsonWhateverAMessageQuotes) {
  DataStatus status;
  status.partition = PartitionState::complete;
  status.header = Error("\xff\x00 \" \n");
  EXPECT_FALSE(Json::parse(status_json(status), nullptr, false).is_discarded());
  EXPECT_TRUE(Json::parse(status_json(DataStatus{}), nullptr, false)["header"].is_null());
}

}  // namespace
}  // namespace ashlar
