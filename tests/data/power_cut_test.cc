// The power is cut at moments chosen at random, while something is being changed (src/prove/attacks_data_power.cc).
//
// $ASHLAR_POWER_CUTS says how many (3), $ASHLAR_SEED which (1).
#include <gtest/gtest.h>

#include <cstdlib>

#include "data_machine.h"

namespace ashlar::test {
namespace {

using prove::During;

unsigned number_from(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

class PowerCut : public ::testing::TestWithParam<unsigned> {};

TEST_P(PowerCut, LosesNothing) {
  constexpr std::array kTurns = {During::set_up,          During::password_change, During::reseal,
                                 During::password_change, During::unlock,          During::set_up};
  const During during = kTurns[GetParam() % kTurns.size()];
  const vm::Milliseconds after = prove::moment_of_cut(number_from("ASHLAR_SEED", 1), GetParam());
  RecordProperty("cut_after_ms", static_cast<int>(after.count()));

  Result<Origin> made = origin();
  ASSERT_OK(made);
  std::string name = "power-cut-" + std::to_string(GetParam());
  Result<DataMachine> machine =
      during == During::set_up ? DataMachine::new_machine(name) : DataMachine::like(*made, name);
  ASSERT_OK(machine);
  ASSERT_OK(prove::cut_power_during(*machine, *made, during, after));
  ASSERT_OK(prove::expect_survived(*machine, *made, during));
}

INSTANTIATE_TEST_SUITE_P(Moments, PowerCut, ::testing::Range(0U, number_from("ASHLAR_POWER_CUTS", 3)));

}  // namespace
}  // namespace ashlar::test
