#include "data/recovery_key.h"

#include <gtest/gtest.h>

#include "data/testing.h"

namespace ashlar {
namespace {

using testing::secret_of;

std::string text_of(const Secret& key) { return std::string(as_text(recovery_text(key).value().bytes())); }
std::string error_of(const std::string& text) {
  Result<Secret> key = parse_recovery_text(secret_of(text));
  return key ? "(no error)" : key.error().message();
}

TEST(RecoveryKey, ComesBackFromItsText) {
  for (int round = 0; round < 200; ++round) {
    Secret key = make_recovery_key().value();
    std::string text = text_of(key);
    ASSERT_EQ(text.size(), 77U);
    ASSERT_TRUE(parse_recovery_text(secret_of(text)).value().equals(key)) << text;
  }
}

TEST(RecoveryKey, HasAFormThatNeverChanges) {
  Bytes counting(32);
  for (std::size_t i = 0; i < counting.size(); ++i) counting[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(text_of(Secret::of_size(32).value()),
            "22222-22223-22224-22225-22226-22227-22228-22229-2222A-2222B-2222C-2222D-2222E");
  EXPECT_EQ(text_of(Secret::copy_of(counting).value()).substr(0, 5), "222JF");
}

TEST(RecoveryKey, MayBeTypedAsPeopleType) {
  Secret key = make_recovery_key().value();
  std::string text = text_of(key);
  std::string lower = text;
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  std::string bare;
  std::string lines;
  for (char c : text) {
    if (c != '-') bare += c;
    lines += c == '-' ? '\n' : c;
  }
  for (const std::string& typed : {lower, bare, lines, "  " + text + " \n", bare.substr(0, 7) + " " + bare.substr(7)}) {
    Result<Secret> parsed = parse_recovery_text(secret_of(typed));
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_TRUE(parsed->equals(key));
  }
}

TEST(RecoveryKey, EveryWrongCharacterNamesItsGroup) {
  std::string text = text_of(make_recovery_key().value());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '-') continue;
    for (char other : std::string_view("23456789ABCDEFGHJKLMNPQRSTUVWXYZ01IO!")) {
      if (other == text[i]) continue;
      std::string typed = text;
      typed[i] = other;
      ASSERT_EQ(error_of(typed), "the recovery key has a typing error in group " + std::to_string(i / 6 + 1)) << typed;
    }
  }
}

TEST(RecoveryKey, EverySwapIsNoticed) {
  std::string text = text_of(make_recovery_key().value());
  for (std::size_t group = 0; group < kRecoveryGroups; ++group) {
    for (std::size_t i = 0; i < kRecoveryGroupSize; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        std::string typed = text;
        std::swap(typed[6 * group + i], typed[6 * group + j]);
        if (typed == text) continue;
        ASSERT_EQ(error_of(typed), "the recovery key has a typing error in group " + std::to_string(group + 1));
      }
    }
    for (std::size_t other = 0; other < group; ++other) {
      std::string typed = text;
      std::swap_ranges(&typed[6 * group], &typed[6 * group] + 5, &typed[6 * other]);
      ASSERT_EQ(error_of(typed), "the recovery key has a typing error in groups " + std::to_string(other + 1) +
                                     " and " + std::to_string(group + 1));
    }
  }
}

TEST(RecoveryKey, MissingAndExtraPartsAreTold) {
  std::string text = text_of(make_recovery_key().value());
  std::string short_group = text;
  short_group.erase(13, 1);  // in the third group
  EXPECT_EQ(error_of(short_group), "the recovery key has a typing error in group 3");
  std::string no_group = text;
  no_group.erase(12, 6);
  EXPECT_EQ(error_of(no_group), "the recovery key has a typing error in group 3; 12 groups were typed, it has 13");
  EXPECT_EQ(error_of(text.substr(0, 71)), "the recovery key is not whole: 12 groups were typed, it has 13");
  EXPECT_EQ(error_of(text + "-22222"), "the recovery key is not whole: 14 groups were typed, it has 13");
  for (const std::string& typed : {std::string(), std::string("-"), std::string(1024, 'A'), std::string(1, '\0')}) {
    EXPECT_NE(error_of(typed), "(no error)");
  }
  EXPECT_FALSE(recovery_text(Secret::of_size(31).value()));
}

// 4 bits are left over in the last group: there is one text for each key.
TEST(RecoveryKey, HasOneText) {
  std::string text = text_of(Secret::of_size(32).value());
  int accepted = 0;
  for (char data : std::string_view("23456789ABCDEFGHJKLMNPQRSTUVWXYZ")) {
    for (char check : std::string_view("23456789ABCDEFGHJKLMNPQRSTUVWXYZ")) {
      std::string typed = text;
      typed[75] = data;
      typed[76] = check;
      if (parse_recovery_text(secret_of(typed))) ++accepted;
    }
  }
  EXPECT_EQ(accepted, 2);  // the last character carries one bit of the key
}

}  // namespace
}  // namespace ashlar
