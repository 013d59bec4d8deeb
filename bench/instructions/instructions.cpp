// SPDX-License-Identifier: MIT
// instructions.cpp - the hot path piece by piece, in one thread and always the same, for callgrind:
// each figure's part alone is counted, and written under its name. Run by tools/instructions; by
// itself it only checks that the pieces work.
#include <valgrind/callgrind.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <procfarm/call.hpp>
#include <procfarm/procfarm.hpp>
#include <procfarm/wire/message.hpp>
#include <procfarm/wire/seat.hpp>

#include "../probe.hpp"
#include "../simulation.hpp"

namespace {

using namespace std::chrono_literals;
using procfarm::RetryPolicy;
using procfarm::TaskPolicy;

constexpr std::uint64_t count = 20'000;  // of every figure: tools/instructions divides by it

std::uint64_t add(std::uint64_t a, std::uint64_t b) { return a + b; }

/// Counts what `piece` does `count` times; it is done once before, so that first times do not
/// count.
void figure(const char* name, const std::function<void(std::uint64_t)>& piece) {
  piece(1000);
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_ZERO_STATS;
  piece(count);
  CALLGRIND_DUMP_STATS_AT(name);
  CALLGRIND_STOP_INSTRUMENTATION;
}

void scheduler(const char* name, const bench::SimulationOptions& options) {
  bench::Simulation simulation(options);
  figure(name, [&simulation](std::uint64_t tasks) { simulation.run(tasks); });
}

void schedulers() {
  scheduler("scheduler, 2 workers", {.workers = 2});
  scheduler("scheduler, 1000 workers", {.workers = 1000});
  scheduler("scheduler, priorities, limits and retries",
            {.workers = 8,
             .policies = {TaskPolicy{.priority = 1}, TaskPolicy{.timeout = 5s, .grace = 1s},
                          TaskPolicy{.priority = -1, .retry = RetryPolicy{.max_attempts = 3}},
                          TaskPolicy{.retry = RetryPolicy{.max_attempts = 2, .delay = 10ms}}},
             .throws_every = 7});
  scheduler("scheduler, workers lost", {.workers = 8, .lost_every = 20});
}

void encode_arguments(std::uint64_t tasks) {
  std::uint64_t bytes = 0;
  for (std::uint64_t i = 0; i < tasks; ++i) {
    procfarm::Writer writer;
    procfarm::codec<std::uint64_t>::encode(writer, i);
    procfarm::codec<std::uint64_t>::encode(writer, i + 1);
    bytes += writer.size();
  }
  bench::check(bytes >= 2 * tasks, "encode");
}

/// A future from birth to result; without a process.
void futures_in_place(std::uint64_t tasks) {
  procfarm::SerialExecutor executor;
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < tasks; ++i)
    sum += executor.submit<add>(i, std::uint64_t{1}).result();
  bench::check(sum == tasks * (tasks - 1) / 2 + tasks, "futures");
}

/// Slots and ring of a seat, both sides, in batches of 64.
class Ring {
 public:
  void operator()(std::uint64_t tasks) {
    for (std::uint64_t done = 0; done < tasks; done += 64)
      batch(std::min<std::uint64_t>(64, tasks - done));
  }

 private:
  void batch(std::uint64_t tasks) {
    using namespace procfarm::wire;
    for (std::uint64_t i = 0; i < tasks; ++i) queue_slot(seat_.page(), sequence_ + i);
    for (std::uint64_t i = 0; i < tasks; ++i) {
      bench::check(begin_slot(seat_.page(), sequence_ + i, 1), "slot");
      ResultRecord record;
      record.sequence = sequence_ + i;
      record.task = sequence_ + i;
      bench::check(writer_.write(record, "12345678"), "ring, write");
    }
    std::string bytes;
    std::uint64_t read = 0;
    while (const auto record = reader_.next()) {
      bytes.resize(record->size);
      reader_.read(*record, bytes.data());
      read += bytes == "12345678" ? 1 : 0;
    }
    reader_.release();
    bench::check(read == tasks, "ring, read");
    sequence_ += tasks;
  }

  procfarm::wire::Seat seat_ = procfarm::wire::Seat::create();
  procfarm::wire::ResultWriter writer_{seat_};
  procfarm::wire::ResultReader reader_{seat_};
  procfarm::wire::Sequence sequence_ = 0;
};

/// The header of a batch of 64, there and back.
void run_messages(std::uint64_t tasks) {
  using namespace procfarm::wire;
  std::uint64_t seen = 0;
  for (std::uint64_t done = 0; done < tasks; done += 64) {
    Run run;
    run.first_sequence = done;
    for (std::uint64_t i = 0; i < 64; ++i) {
      run.tasks.push_back(done + i);
      run.attempts.push_back(1);
      run.functions.push_back(7);
      run.sizes.push_back(18);
    }
    const std::string header = encode(ToWorker{std::move(run)});
    const ToWorker decoded = decode_to_worker(header.data(), header.size());
    seen += std::get<Run>(decoded).tasks.size();
  }
  bench::check(seen >= tasks, "messages");
}

}  // namespace

int main(int argc, char** argv) {
  procfarm::init(argc, argv);
  schedulers();
  figure("encode two numbers", encode_arguments);
  figure("future, from submit to result, in place", futures_in_place);
  Ring ring;
  figure("slots and ring of a seat, both sides", std::ref(ring));
  figure("header of a batch, both sides", run_messages);
}
