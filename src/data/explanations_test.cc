#include "data/explanations.h"

#include <gtest/gtest.h>

#include "data/volume.h"

namespace ashlar {
namespace {

using namespace std::chrono_literals;

std::string text_of(const Notice& notice) {
  std::string text = notice.heading;
  for (const PageLine& line : notice.lines) {
    text += "\n" + line.label;
    for (const std::string& row : line.text) text += "|" + row;
  }
  return text;
}

Sha256Digest value(std::uint8_t byte) {
  Sha256Digest digest;
  digest.bytes.fill(byte);
  return digest;
}

TEST(Explanations, NameThePcrThatDiffersAndNoOther) {
  TpmFacts facts{.enrolled = {{0, value(1)}, {2, value(2)}, {7, value(3)}},
                 .present = {{0, value(1)}, {2, value(2)}, {7, value(9)}}};
  std::string text = text_of(explain_refusal(Error("x").as(TpmFailure::firmware_changed), facts));
  EXPECT_NE(text.find("PCR 7|Secure Boot: its keys, or whether it is on"), std::string::npos) << text;
  EXPECT_EQ(text.find("PCR 0"), std::string::npos) << text;
  facts.present[0] = value(8);
  facts.present[2] = value(8);
  text = text_of(explain_refusal(Error("x").as(TpmFailure::firmware_changed), facts));
  EXPECT_NE(text.find("PCR 0|the firmware itself"), std::string::npos) << text;
  EXPECT_NE(text.find("PCR 2|the firmware of cards"), std::string::npos) << text;
}

TEST(Explanations, SayHowLongTheTpmIsLocked) {
  TpmFacts facts;
  facts.lockout = LockoutState{.used = 10, .allowed = 10, .recovery = 7200s, .locked = true};
  std::string text = text_of(explain_refusal(Error("x").as(TpmFailure::locked_out), facts));
  EXPECT_NE(text.find("one try back every 2 hours"), std::string::npos) << text;
}

// Every kind has words of its own, in sentences.
TEST(Explanations, AreSentencesForEveryFailure) {
  std::set<std::string> texts;
  for (TpmFailure failure :
       {TpmFailure::absent, TpmFailure::interrupted, TpmFailure::owned, TpmFailure::cleared, TpmFailure::locked_out,
        TpmFailure::image_not_signed, TpmFailure::image_retired, TpmFailure::rollback_index_wrong,
        TpmFailure::firmware_changed, TpmFailure::already_unlocked, TpmFailure::policy, TpmFailure::nv_full}) {
    Notice notice = explain_refusal(Error("TPM: some words (0x1)").as(failure), {});
    EXPECT_TRUE(texts.insert(text_of(notice)).second);
    for (const PageLine& line : notice.lines) {
      char last = line.text.at(0).back();
      EXPECT_TRUE(last == '.' || last == ':') << line.text.at(0);
    }
  }
  for (VolumeFailure failure :
       {VolumeFailure::not_luks2, VolumeFailure::foreign, VolumeFailure::altered, VolumeFailure::unfinished}) {
    Notice notice = explain_failure(Error("the details").as(failure));
    EXPECT_TRUE(texts.insert(text_of(notice)).second);
    EXPECT_NE(text_of(notice).find("The details."), std::string::npos);
  }
  EXPECT_NE(text_of(explain_failure(Error("no room on the disk"))).find("|No room on the disk."), std::string::npos);
}

TEST(Explanations, CountTries) {
  EXPECT_EQ(wrong_password_remark(std::nullopt), "Wrong password.");
  EXPECT_EQ(wrong_password_remark(LockoutState{.used = 1, .allowed = 10}), "Wrong password. 9 tries left.");
  EXPECT_EQ(wrong_password_remark(LockoutState{.used = 9, .allowed = 10}), "Wrong password. 1 try left.");
  EXPECT_EQ(wrong_password_remark(LockoutState{.used = 10, .allowed = 10}), "Wrong password. 0 tries left.");
}

TEST(Explanations, SayTimesAsAPersonWould) {
  for (const auto& [time, words] : std::vector<std::pair<std::chrono::seconds, std::string>>{
           {0s, "1 minute"},
           {59s, "1 minute"},
           {61s, "2 minutes"},
           {10min, "10 minutes"},
           {1h, "1 hour"},
           {90min, "90 minutes"},
           {2h, "2 hours"},
           {2h + 1s, "3 hours"},
           {24h, "24 hours"},
           {48h, "2 days"},
       }) {
    EXPECT_EQ(words_of_time(time), words);
  }
}

}  // namespace
}  // namespace ashlar
