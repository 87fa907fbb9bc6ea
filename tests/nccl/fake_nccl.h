// How a test rules the libnccl that fake_nccl.cpp plays, in its own process. Found in the library by these names.
#pragma once

extern "C" {
enum FakeNcclFault {
  kFakeNone = 0,
  kFakeKernelHangs,    // operations are launched and never end, until the communicator is aborted
  kFakeErrorLater,     // so, and the communicator tells of a remote error some time after
  kFakeCallHangs,      // ncclGroupEnd does not return before the fault is taken away
  kFakeNeverConnects,  // communicators stay in progress
  kFakeRefuses,        // ncclGroupEnd gives an error
};
void fake_nccl_set_fault(FakeNcclFault fault);
// What was called since the last time, one letter each: ( ) for group start and end, then R reduce-like, B broadcast,
// G all_gather, s send, r receive, F finalize, D destroy, A abort. Of all communicators of the process.
const char* fake_nccl_take_calls();
int fake_nccl_num_communicators();  // that are neither destroyed nor aborted
}
