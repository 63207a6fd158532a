// What `ashlar bench` makes of what machines say, without machines.
#include <gtest/gtest.h>

#include "cli/bench_layers_report.h"
#include "cli/bench_memory_report.h"
#include "cli/bench_table.h"

namespace ashlar::cli {
namespace {

TEST(BenchTable, SpreadIsLeastMiddleMost) {
  Spread spread = spread_of({3, 1, 2});
  EXPECT_EQ(spread.least, 1);
  EXPECT_EQ(spread.middle, 2);
  EXPECT_EQ(spread.most, 3);
  EXPECT_EQ(in_words(spread, "s"), "2.00 s (1.00 to 3.00)");
  EXPECT_EQ(median({}), 0);
}

TEST(BenchLayers, ALoopIsMicrosecondsForOneTime) {
  prove::Attempt loop = {.attack = "cost.exec", .place = "user", .end = prove::Attempt::End::done};
  loop.step = "250 1000000000";
  EXPECT_EQ(microseconds_each(loop).value(), 4000);
  loop.step = "1 2500000";
  EXPECT_EQ(microseconds_each(loop).value(), 2500);
}

TEST(BenchLayers, WhatDidNotRunIsNoTime) {
  prove::Attempt loop = {.attack = "cost.exec", .place = "user", .end = prove::Attempt::End::broken};
  loop.step = "the first try";
  EXPECT_EQ(microseconds_each(loop).error().message(), "cost.exec in user: could not be tried: the first try");
  loop.end = prove::Attempt::End::done;
  for (const char* step : {"", "0 12", "12", "1 2 3", "one 2"}) {
    loop.step = step;
    EXPECT_FALSE(microseconds_each(loop)) << step;
  }
}

constexpr char kMemory[] =
    "MemTotal:        2000000 kB\nMemFree:         1500000 kB\nMemAvailable:    1850000 kB\nBuffers: 1 kB\n"
    "Cached:           200000 kB\nAnonPages:         50000 kB\nShmem:             40000 kB\n"
    "SReclaimable:       7000 kB\nSUnreclaim:         8000 kB\nKernelStack:        1000 kB\nPageTables:          500 "
    "kB\n";

TEST(BenchMemory, ProcessesAreThoseWithMemoryTheLargestFirst) {
  Result<MemoryReport> report =
      parse_memory_report(std::string(kMemory) +
                          "/proc/1/status:Name:\tinit\n/proc/1/status:Uid:\t0\t0\t0\t0\n"
                          "/proc/2/status:Name:\tkthreadd\n/proc/2/status:Uid:\t0\t0\t0\t0\n"
                          "/proc/90/status:Name:\tsway\n/proc/90/status:Uid:\t1001\t1001\t1\t1\n"
                          "/proc/1/status:VmRSS:\t    1700 kB\n/proc/1/status:RssAnon:\t     600 kB\n"
                          "/proc/90/status:VmRSS:\t   30000 kB\n");
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->used(), 150000U);
  EXPECT_EQ(report->stacks_and_tables, 1500U);
  ASSERT_EQ(report->processes.size(), 2U) << "kernel threads have none";
  EXPECT_EQ(report->processes[0].name, "sway");
  EXPECT_EQ(report->processes[0].user, 1001U);
  EXPECT_EQ(report->processes[1].process, 1U);
  EXPECT_EQ(report->processes[1].own_kib, 600U);
}

TEST(BenchMemory, ALineThatIsMissingIsSaid) {
  EXPECT_EQ(parse_memory_report("MemTotal: 5 kB\n").error().message(), "/proc/meminfo: there is no MemAvailable");
}

}  // namespace
}  // namespace ashlar::cli
