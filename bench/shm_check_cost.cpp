// What the check of the ranks' calls costs a small all_reduce of ranks that share memory: the same rounds of two
// processes, with the signatures written and compared and without either. Only here can the check be left out: this is
// linked with the library's own objects, for no call of the library can.
//
//   shm_check_cost BLOCKS ROUNDS
//
// A block is ROUNDS rounds of each kind, in turns of 64. Prints per block the nanoseconds of a round with the check and
// without, of rank 0 and by the lower quartile of the turns: a processor that is taken away lengthens some of them a
// hundredfold.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "comm/backends/shm/rounds.h"

namespace oarlock {
namespace {

constexpr int kTurn = 64;
constexpr Milliseconds kBound{1000};

// A round of an all_reduce of one float, as SharedTransfer and Attendance make it; false: the ranks disagree.
template <bool kChecks>
bool round(Rounds& rounds, Signature& signature, float& sum) {
  const float mine = 1.0F;
  std::memcpy(rounds.inline_data(), &mine, sizeof(mine));
  if constexpr (kChecks) {
    ++signature.sequence;
    rounds.sign(signature, CallSite{}, 0);
  }
  rounds.post();
  if (rounds.wait(kBound) != Rounds::Outcome::kAll) return false;
  if constexpr (kChecks) {
    for (int rank = 0; rank < rounds.size(); ++rank) {
      if (rounds.signature_of(rank) != signature) return false;
    }
  }
  sum = 0;
  for (int rank = 0; rank < rounds.size(); ++rank) {
    float value = 0;
    std::memcpy(&value, rounds.inline_data_of(rank), sizeof(value));
    sum += value;
  }
  return true;
}

template <bool kChecks>
bool turn(Rounds& rounds, Signature& signature, std::vector<double>& turns) {
  float sum = 0;
  const Clock::TimePoint begin = steady_clock().now();
  for (int i = 0; i < kTurn; ++i) {
    if (!round<kChecks>(rounds, signature, sum) || sum != 2.0F) return false;
  }
  turns.push_back(std::chrono::duration<double, std::nano>(steady_clock().now() - begin).count() / kTurn);
  return true;
}

double lower_quartile(std::vector<double>& turns) {
  const auto quarter = turns.begin() + static_cast<std::ptrdiff_t>(turns.size() / 4);
  std::nth_element(turns.begin(), quarter, turns.end());
  return *quarter;
}

int run(Rounds rounds, int num_blocks, int num_rounds) {
  Signature signature;
  signature.op = Operator::kAllReduce;
  signature.numel = 1;
  for (int block = -1; block < num_blocks; ++block) {  // the first is a warm-up
    std::vector<double> with, without;
    for (int done = 0; done < num_rounds; done += kTurn) {
      if (!turn<true>(rounds, signature, with) || !turn<false>(rounds, signature, without)) return 1;
    }
    if (rounds.rank() == 0 && block >= 0) std::printf("%.2f %.2f\n", lower_quartile(with), lower_quartile(without));
  }
  return 0;
}

int start(int num_blocks, int num_rounds) {
  Result<SharedMemory> memory = SharedMemory::create(Rounds::memory_bytes(2));
  if (!memory.is_ok()) {
    std::fprintf(stderr, "shm_check_cost: %s\n", memory.status().message().c_str());
    return 1;
  }
  const pid_t peer = ::fork();
  const int result = run(Rounds(std::move(memory).value(), peer == 0 ? 1 : 0, 2), num_blocks, num_rounds);
  if (peer == 0) ::_exit(result);
  int status = 0;
  return ::waitpid(peer, &status, 0) == peer && status == 0 ? result : 1;
}

}  // namespace
}  // namespace oarlock

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int num_rounds = std::atoi(argv[2]) / oarlock::kTurn * oarlock::kTurn;
  return num_rounds > 0 ? oarlock::start(std::atoi(argv[1]), num_rounds) : 2;
}
