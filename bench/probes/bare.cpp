// SPDX-License-Identifier: MIT
// bare.cpp - the least that a farm with futures can be: two forked workers, ROUTER and DEALER over
// ipc, msgpack, a future for each task, `batch` tasks in a message, four messages for each worker.
// No errors, limits, retries, priorities or cancelling, nothing to ask a future but its result, and
// who loses a worker waits for ever: what an executor with all of that cannot be cheaper than, if
// its messages are made so.
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <thread>

#include <msgpack.hpp>
#include <zmq.hpp>

#include "../kernel.hpp"
#include "../probe.hpp"

namespace {

using bench::Reply;
using bench::Request;

constexpr std::size_t lanes = 2;
constexpr std::size_t credit = 4;

/// Calls `take(number)` for each number in a row of msgpack values.
template <class Take>
struct EachNumber : msgpack::null_visitor {
  explicit EachNumber(Take take_) : take(std::move(take_)) {}
  bool visit_positive_integer(std::uint64_t number) {
    take(number);
    return true;
  }
  Take take;
};
template <class Take>
void for_each_number(std::span<const char> bytes, Take take) {
  EachNumber<Take> visitor(std::move(take));
  std::size_t at = 0;
  while (at < bytes.size()) msgpack::parse(bytes.data(), bytes.size(), at, visitor);
}

/// The tasks of a message: their arguments until it is sent, their results when it was answered.
struct Batch {
  explicit Batch(std::size_t size) : results(size) {}
  std::vector<std::uint64_t> results;
  std::size_t tasks = 0;
  msgpack::sbuffer arguments;
  std::atomic<bool> answered = false;
};

[[noreturn]] void work(const std::string& address) {
  zmq::context_t context;
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  socket.connect(address);
  socket.send(zmq::message_t(), zmq::send_flags::none);  // here I am
  for (;;) {
    zmq::message_t message;
    static_cast<void>(socket.recv(message, zmq::recv_flags::none));
    if (message.size() == 0) std::_Exit(0);
    msgpack::sbuffer results;
    std::uint64_t value = 0;
    bool second = false;
    for_each_number({message.data<char>(), message.size()}, [&](std::uint64_t number) {
      if (second) msgpack::pack(results, bench_work(value, number));
      value = number;
      second = !second;
    });
    socket.send(zmq::const_buffer(results.data(), results.size()), zmq::send_flags::none);
  }
}

class BareFarm {
 public:
  class Future {
   public:
    Future(BareFarm& farm, std::shared_ptr<Batch> batch, std::size_t place)
        : farm_(&farm), batch_(std::move(batch)), place_(place) {}
    std::uint64_t result() const {
      if (!batch_->answered.load(std::memory_order_acquire)) farm_->wait(*batch_);
      return batch_->results[place_];
    }

   private:
    BareFarm* farm_;
    std::shared_ptr<Batch> batch_;
    std::size_t place_;
  };

  BareFarm() {
    std::string name = "/tmp/procfarm-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    directory_ = name;
    const std::string address = "ipc://" + directory_ + "/farm";
    for (pid_t& worker : workers_) {
      worker = ::fork();
      if (worker < 0) throw std::runtime_error("fork failed");
      if (worker == 0) work(address);
    }
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    driver_ = std::thread([this, address] { drive(address); });
  }
  ~BareFarm() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    wake();
    driver_.join();
    for (const pid_t worker : workers_) ::waitpid(worker, nullptr, 0);
    ::close(wake_);
    std::filesystem::remove_all(directory_);
  }
  BareFarm(const BareFarm&) = delete;
  BareFarm& operator=(const BareFarm&) = delete;

  void set_batch(std::size_t tasks) { batch_tasks_ = tasks; }

  Future submit(std::uint64_t value, std::uint64_t grain) {
    std::lock_guard lock(mutex_);
    if (!open_) open_ = std::make_shared<Batch>(batch_tasks_);
    msgpack::packer<msgpack::sbuffer> packer(open_->arguments);
    packer.pack(value).pack(grain);
    Future future(*this, open_, open_->tasks++);
    if (open_->tasks == batch_tasks_) close_batch();
    return future;
  }

 private:
  struct Lane {
    std::string identity;
    std::deque<std::shared_ptr<Batch>> sent;
  };

  void wake() {
    const std::uint64_t one = 1;
    static_cast<void>(::write(wake_, &one, sizeof one));
  }

  /// With the lock held.
  void close_batch() {
    closed_batches_.push_back(std::move(open_));
    open_.reset();
    if (driver_sleeps_) wake();
  }

  void wait(const Batch& batch) {
    std::unique_lock lock(mutex_);
    if (open_.get() == &batch) close_batch();
    answered_.wait(lock, [&] { return batch.answered.load(std::memory_order_relaxed); });
  }

  void drive(const std::string& address) {
    zmq::context_t context;
    zmq::socket_t socket(context, zmq::socket_type::router);
    socket.bind(address);
    std::vector<Lane> lanes_here;
    while (lanes_here.size() < lanes) {
      std::array<zmq::message_t, 2> hello;
      for (zmq::message_t& part : hello) static_cast<void>(socket.recv(part));
      lanes_here.push_back({hello[0].to_string(), {}});
    }
    while (send_batches(socket, lanes_here)) {
      zmq::pollitem_t items[] = {{socket.handle(), 0, ZMQ_POLLIN, 0},
                                 {nullptr, wake_, ZMQ_POLLIN, 0}};
      zmq::poll(items, 2, std::chrono::milliseconds{-1});
      std::uint64_t ignored = 0;
      if (items[1].revents != 0) static_cast<void>(::read(wake_, &ignored, sizeof ignored));
      while (receive_answer(socket, lanes_here)) {
      }
    }
    for (const Lane& lane : lanes_here) send(socket, lane.identity, {});
  }

  static void send(zmq::socket_t& socket, const std::string& identity, zmq::const_buffer body) {
    socket.send(zmq::buffer(identity), zmq::send_flags::sndmore);
    socket.send(body, zmq::send_flags::none);
  }

  /// False if the farm is closed.
  bool send_batches(zmq::socket_t& socket, std::vector<Lane>& lanes_here) {
    std::unique_lock lock(mutex_);
    driver_sleeps_ = false;
    for (;;) {
      Lane& lane =
          lanes_here[0].sent.size() <= lanes_here[1].sent.size() ? lanes_here[0] : lanes_here[1];
      if (closed_batches_.empty() || lane.sent.size() == credit) break;
      lane.sent.push_back(std::move(closed_batches_.front()));
      closed_batches_.pop_front();
      lock.unlock();
      const msgpack::sbuffer& arguments = lane.sent.back()->arguments;
      send(socket, lane.identity, {arguments.data(), arguments.size()});
      lock.lock();
    }
    driver_sleeps_ = true;
    return !closed_;
  }

  bool receive_answer(zmq::socket_t& socket, std::vector<Lane>& lanes_here) {
    zmq::message_t identity;
    if (!socket.recv(identity, zmq::recv_flags::dontwait)) return false;
    zmq::message_t answer;
    static_cast<void>(socket.recv(answer));
    Lane& lane =
        identity.to_string_view() == lanes_here[0].identity ? lanes_here[0] : lanes_here[1];
    const std::shared_ptr<Batch> batch = std::move(lane.sent.front());
    lane.sent.pop_front();
    std::size_t place = 0;
    for_each_number({answer.data<char>(), answer.size()},
                    [&](std::uint64_t number) { batch->results[place++] = number; });
    {
      std::lock_guard lock(mutex_);
      batch->answered.store(true, std::memory_order_release);
    }
    answered_.notify_all();
    return true;
  }

  std::string directory_;
  std::array<pid_t, lanes> workers_{};
  int wake_ = -1;
  std::size_t batch_tasks_ = 256;

  std::mutex mutex_;
  std::condition_variable answered_;
  std::shared_ptr<Batch> open_;
  std::deque<std::shared_ptr<Batch>> closed_batches_;
  bool driver_sleeps_ = false;
  bool closed_ = false;

  std::thread driver_;
};

Reply tasks(BareFarm& farm, const Request& request) {
  const std::uint64_t count = request.number("count");
  const std::uint64_t grain = request.number("grain", 0);
  farm.set_batch(request.number("batch", 256));
  std::uint64_t sum = 0;
  Reply reply = bench::timed(count, [&] {
    std::vector<BareFarm::Future> futures;
    futures.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) futures.push_back(farm.submit(i, grain));
    for (const auto& future : futures) sum += future.result();
  });
  bench::check(sum == bench::expected_sum(count, grain), "bare farm");
  return reply;
}

}  // namespace

int main(int argc, char** argv) {
  BareFarm farm;
  return bench::serve(
      argc, argv, {{"tasks", [&farm](const Request& request) { return tasks(farm, request); }}});
}
