#include "data/password_quality.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace ashlar {
namespace {

PasswordStrength judged(std::string_view password, const std::string& name = "Anna Weber") {
  return judge_password(Secret::copy_of(as_bytes(password)).value(), name).value();
}
std::string refusal(std::string_view password, double least = kLeastBitsWithTpm) {
  return why_too_weak(judged(password), least).value_or("");
}

TEST(PasswordQuality, RefusesWhatIsGuessedFirstAndSaysWhy) {
  for (const auto& [password, why] : std::vector<std::pair<std::string, std::string>>{
           {"", "A password, please."},
           {"x7", "It is too short."},
           {"sunshine", "common word"},
           {"annaweber", "your name"},
           {"sdfghjkl;'", "keyboard"},
           {"abcdefghij", "sequence"},
           {"aaaaaaaaaaaaaaaaaaaa", "repeats"},
           {"21.03.1984", "date"},
       }) {
    EXPECT_NE(refusal(password).find(why), std::string::npos) << password << ": " << refusal(password);
  }
}

TEST(PasswordQuality, TakesGoodOnesAndAsksMoreWithoutATpm) {
  EXPECT_EQ(refusal("violin ticket marmalade orbit", kLeastBitsWithoutTpm), "");
  EXPECT_EQ(refusal("Tz4#kq9!wLm2"), "");
  PasswordStrength fair = judged("Tz4#kq9!");
  EXPECT_FALSE(why_too_weak(fair, kLeastBitsWithTpm)) << fair.bits;
  EXPECT_TRUE(why_too_weak(fair, kLeastBitsWithoutTpm)) << fair.bits;
}

TEST(PasswordQuality, KnowsAnyLengthAndAnyBytes) {
  EXPECT_EQ(refusal("schöne Grüße an das Möbelhaus über Bäche"), "");
  std::string good = "violin ticket marmalade orbit";
  std::string longest = good + std::string(1024 - good.size(), 'x');
  EXPECT_EQ(refusal(longest), "");
  EXPECT_EQ(judged(longest).bits, judged(longest.substr(0, kJudgedCharacters)).bits);
  std::string bytes(300, '\xff');
  EXPECT_GE(judged(bytes).bits, 0);
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "ö";
  EXPECT_GE(judged(umlauts).bits, 0);
}

TEST(PasswordQuality, HasWordsForTheStrength) {
  EXPECT_EQ(words_of_strength({39, ""}, 40), "too weak");
  EXPECT_EQ(words_of_strength({41, ""}, 40), "fair");
  EXPECT_EQ(words_of_strength({55, ""}, 40), "good");
  EXPECT_EQ(words_of_strength({90, ""}, 40), "very good");
}

}  // namespace
}  // namespace ashlar
