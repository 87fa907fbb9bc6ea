// The program's MPI, lent to liboarlock.so as a table of calls (oarlock/mpi_calls.h): part of oarlock_mpi.cpp, which
// includes it and alone is compiled.
//
// Calls come from Oarlock's threads at any time, and a program may finalise MPI while a state still lives. MPI tells of
// that beforehand: MPI_Finalize first deletes the attributes of MPI_COMM_SELF, and one of ours then lets no further
// call in and waits for those inside, of which none waits for a peer.
#pragma once

#include <dlfcn.h>
#include <limits.h>
#include <oarlock/mpi_calls.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>

namespace {

static_assert(sizeof(MPI_Request) <= sizeof(uint64_t), "a request travels as 64 bits");

const uint64_t kBytesMax = uint64_t(1) << 30;  // of one message: MPI counts in int

std::atomic<int> num_inside(0);
std::atomic<bool> is_finalising(false);

bool enter_mpi() {
  ++num_inside;
  if (!is_finalising) return true;
  --num_inside;
  return false;
}

void leave_mpi() { --num_inside; }

int close_mpi(MPI_Comm, int, void*, void*) {
  is_finalising = true;
  while (num_inside != 0) sched_yield();
  return MPI_SUCCESS;
}

// One communicator, which the state has until the table is released.
struct Lent {
  MPI_Comm comm;
  bool is_creating;  // the table's release only notes itself: who creates ends this
  bool is_released;
  bool is_clean;      // no request is left
  char refusal[384];  // empty: none
};

void end_lent(Lent* lent) {
  if (lent->is_clean && enter_mpi()) {
    MPI_Comm_free(&lent->comm);
    leave_mpi();
  }
  free(lent);
}

const char* lent_refusal(void* context) {
  const Lent* lent = static_cast<const Lent*>(context);
  return lent->refusal[0] != '\0' ? lent->refusal : NULL;
}

int32_t lent_send(void* context, const void* data, uint64_t bytes, int32_t rank, int32_t tag, uint64_t* out_request) {
  if (!enter_mpi()) return OAR_MPI_IS_FINALISED;
  MPI_Request request = MPI_REQUEST_NULL;
  const int error =
      MPI_Issend(data, static_cast<int>(bytes), MPI_BYTE, rank, tag, static_cast<Lent*>(context)->comm, &request);
  leave_mpi();
  memcpy(out_request, &request, sizeof(request));
  return error;
}

int32_t lent_receive(void* context, void* data, uint64_t bytes, int32_t rank, int32_t tag, uint64_t* out_request) {
  if (!enter_mpi()) return OAR_MPI_IS_FINALISED;
  MPI_Request request = MPI_REQUEST_NULL;
  const int error =
      MPI_Irecv(data, static_cast<int>(bytes), MPI_BYTE, rank, tag, static_cast<Lent*>(context)->comm, &request);
  leave_mpi();
  memcpy(out_request, &request, sizeof(request));
  return error;
}

int32_t lent_test(void*, uint64_t* request, int32_t* out_done) {
  if (!enter_mpi()) return OAR_MPI_IS_FINALISED;
  MPI_Request own;
  memcpy(&own, request, sizeof(own));
  int done = 0;
  const int error = MPI_Test(&own, &done, MPI_STATUS_IGNORE);
  leave_mpi();
  memcpy(request, &own, sizeof(own));
  *out_done = error == MPI_SUCCESS ? done : own == MPI_REQUEST_NULL;
  return error;
}

int32_t lent_cancel(void*, uint64_t* request) {
  if (!enter_mpi()) return OAR_MPI_IS_FINALISED;
  MPI_Request own;
  memcpy(&own, request, sizeof(own));
  const int error = MPI_Cancel(&own);
  leave_mpi();
  return error;
}

void lent_explain(void*, int32_t error, char* text, size_t size) {
  char reason[MPI_MAX_ERROR_STRING] = "no reason given";
  int length = 0;
  if (enter_mpi()) {
    MPI_Error_string(error, reason, &length);
    leave_mpi();
  }
  if (size == 0) return;
  strncpy(text, reason, size - 1);
  text[size - 1] = '\0';
}

void lent_release(void* context, int32_t is_clean) {
  Lent* lent = static_cast<Lent*>(context);
  lent->is_released = true;
  lent->is_clean = lent->is_clean && is_clean != 0;
  if (!lent->is_creating) end_lent(lent);
}

// Once per process, on a thread that may call MPI. The state calls what is in this library, and MPI_Finalize does, so
// it stays loaded.
bool watch_finalisation() {
  static bool is_watched = false;
  static std::atomic_flag is_busy = ATOMIC_FLAG_INIT;
  while (is_busy.test_and_set()) sched_yield();
  if (!is_watched) {
    Dl_info self;
    int key = MPI_KEYVAL_INVALID;
    is_watched = dladdr(reinterpret_cast<void*>(&close_mpi), &self) != 0 &&
                 dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) != NULL &&
                 MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, close_mpi, &key, NULL) == MPI_SUCCESS &&
                 MPI_Comm_set_attr(MPI_COMM_SELF, key, NULL) == MPI_SUCCESS;
  }
  const bool result = is_watched;
  is_busy.clear();
  return result;
}

int32_t largest_tag() {
  int* value = NULL;
  int is_there = 0;
  if (MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &value, &is_there) != MPI_SUCCESS || !is_there) return 32767;
  return *value;
}

// NULL: no memory. is_creating until the state is made.
Lent* make_lent(MPI_Comm comm) {
  Lent* lent = static_cast<Lent*>(calloc(1, sizeof(Lent)));
  if (lent == NULL) return NULL;
  lent->comm = comm;
  lent->is_creating = lent->is_clean = true;
  return lent;
}

oar_mpi_calls table_of(Lent* lent) {
  oar_mpi_calls calls;
  memset(&calls, 0, sizeof(calls));
  calls.struct_size = sizeof(calls);
  calls.context = lent;
  calls.bytes_max = kBytesMax;
  calls.tag_max = largest_tag();
  calls.refusal = lent_refusal;
  calls.send = lent_send;
  calls.receive = lent_receive;
  calls.test = lent_test;
  calls.cancel = lent_cancel;
  calls.explain = lent_explain;
  calls.release = lent_release;
  return calls;
}

}  // namespace
