/**
 * Status codes. Every fallible function returns one; 0 is success and every other code is positive.
 * The text, and what it was about, is had from oar_last_error() or oar_error_take() (error.h).
 */
#ifndef OARLOCK_STATUS_H
#define OARLOCK_STATUS_H

#include <stdint.h>

/** What a fallible function returns. @since 0.1 */
typedef int32_t oar_status;

#define OAR_OK 0             /* it worked */
#define OAR_E_ARGUMENT 1     /* an argument has a value, shape, dtype or device that the function does not take */
#define OAR_E_HANDLE 2       /* a handle is NULL, released, or of another kind */
#define OAR_E_STATE 3        /* the call does not fit what was done before: not prepared, closed, out of order */
#define OAR_E_NOT_FOUND 4    /* a file, key, name or operator does not exist */
#define OAR_E_EXISTS 5       /* something of that name is there already and would be lost */
#define OAR_E_IO 6           /* the operating system refused a read, write or connection; the text has its reason */
#define OAR_E_NO_SPACE 7     /* the disk or quota is full; what was there before is untouched */
#define OAR_E_CORRUPT 8      /* bytes of a file are not what its format or checksum says; the text gives the offset */
#define OAR_E_UNSUPPORTED 9  /* valid, but not something that this build or object can do */
#define OAR_E_VERSION 10     /* a file, library or peer is of a version that this build does not take */
#define OAR_E_OUT_OF_MEMORY 11 /* memory of host or device ran out; what the call was changing may be changed in part */
#define OAR_E_TIMEOUT 12     /* peers or data did not come within the time given */
#define OAR_E_ABORTED 13     /* the group or state was aborted, here or by an earlier failure */
#define OAR_E_PEER_LOST 14   /* another rank ended; the text names it */
#define OAR_E_MISMATCH 15    /* ranks made different calls; the text gives both */
#define OAR_E_CALLBACK 16    /* the caller's own callback returned nonzero; the error object has the value */
#define OAR_E_ENVIRONMENT 17 /* environment variables, or the libraries really loaded, contradict each other */
#define OAR_E_FORKED 18      /* the process was forked after the library had been used */
#define OAR_E_INTERNAL 19    /* a defect of Oarlock; please report it with the text */

#endif
