// Ranks meet by a file in a folder that all of them see: rank 0 listens on a free port and says in the file where.
// Needs no address and no port that all know beforehand.
//
// Rank 0 keeps the file locked (fcntl's locks of an open file, which also hold between hosts of NFS) as long as it
// waits, and takes it away when the ranks have met. A file that nobody has locked was left by a run that ended, and is
// passed over; so are files of other launches and the one by which this rank has met before.
#pragma once

#include <string>

#include "base/status.h"
#include "comm/rendezvous.h"

namespace oarlock {

// Fills in where the meeting is; on other ranks than 0 it waits for the file, and what is left of the time-out is the
// meeting's. OAR_E_TIMEOUT says what was wrong with the file. OAR_E_ENVIRONMENT: on rank 0, another launch is using it.
Status meet_by_file(Meeting& meeting, const std::string& path);

}  // namespace oarlock
