/**
 * How liboarlock_mpi.so lends liboarlock.so the MPI of the program, to move data between hosts with. Between these two
 * libraries only: not part of the ABI, may change with any release, nothing for programs, which include oarlock/mpi.h.
 * liboarlock.so is never linked with MPI; all that it knows of one is this table.
 */
#ifndef OARLOCK_MPI_CALLS_H
#define OARLOCK_MPI_CALLS_H

#include <oarlock/state.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the functions below return besides 0 and MPI's own error codes: MPI is finalised, nothing was called. */
#define OAR_MPI_IS_FINALISED (-1)

/**
 * Messages over one communicator, whose ranks are those of the state. All functions may be called from any thread,
 * several at once, and none waits for a peer. Messages from one rank to another with one tag arrive in the order in
 * which they were sent. Later versions append members.
 *
 * Not MPI's collectives: they fix no order of summation, know no bfloat16, and cannot be left when a peer is lost.
 */
typedef struct oar_mpi_calls {
  size_t struct_size; /* sizeof(oar_mpi_calls) where the table was filled */
  void *context;      /* given to each function */
  uint64_t bytes_max; /* of one message, at least 1 */
  int32_t tag_max;    /* tags are 0 to this; MPI has at least 32767 */
  /* NULL: data may go by these. Else why not, for people, as long as the table lives; nothing but release is called
   * then. The same on all ranks, or NULL on all, once the exchange of oar_state_create_with_mpi_calls_fn is done. */
  const char *(*refusal)(void *context);
  /* Begin a message; 0 or an error. `data` is not touched by the caller until test has told that it is done. A send is
   * done only when its receiver has begun to receive: so nothing is left in MPI's buffers, and a rank that has done its
   * part need not call MPI again for others to go on. */
  int32_t (*send)(void *context, const void *data, uint64_t bytes, int32_t rank, int32_t tag, uint64_t *out_request);
  int32_t (*receive)(void *context, void *data, uint64_t bytes, int32_t rank, int32_t tag, uint64_t *out_request);
  /* out_done 1: it is done and the request is gone, also when an error is returned with it. */
  int32_t (*test)(void *context, uint64_t *request, int32_t *out_done);
  /* Of a receive: nothing more is wanted of it. It ends by test, with or without data. */
  int32_t (*cancel)(void *context, uint64_t *request);
  /* MPI's text for an error. */
  void (*explain)(void *context, int32_t error, char *text, size_t size);
  /* Exactly once, the last call; no other is running. is_clean 0: requests are left, so MPI keeps the communicator. */
  void (*release)(void *context, int32_t is_clean);
} oar_mpi_calls;

/**
 * "state_create_with_mpi_calls" of oar_experimental_get: oar_state_create_with_exchange, with a table of the MPI by
 * which data may move between hosts as the option comm.between_hosts says.
 *
 * @param[in]  calls  borrowed, copied; its release is called also if this fails, but not if the table itself is
 *                    refused.
 *
 * @return OAR_E_ARGUMENT     the table lacks a function, or is smaller than this release's.
 * @return OAR_E_STATE        comm.between_hosts is 'mpi' and the table has a refusal, which the text gives.
 * @return as oar_state_create_with_exchange.
 * @threads serial(config); waits for the other ranks
 * @since   0.1
 */
typedef oar_status (*oar_state_create_with_mpi_calls_fn)(OAR_NULLABLE const oar_config *config, int32_t rank,
                                                         int32_t world_size, oar_exchange_fn fn, void *user_data,
                                                         const oar_mpi_calls *calls, OAR_OUT OAR_OWNED oar_state **out);

#ifdef __cplusplus
}
#endif

#endif
