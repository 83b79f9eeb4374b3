/* SPDX-License-Identifier: MIT
 *
 * Opening sealed packets. Each wire version has its way; they stand in one table.
 */
#ifndef CAP_OPEN_H
#define CAP_OPEN_H

#include "keylog.h"
#include "session.h"

/* Tries the keys that the log has for the packet's sender on a copy of the datagram in `scratch`,
 * which has packet->bytes.len bytes. On success packet->plain points into it and packet->key says
 * which one fitted; packet->has_key says whether there was any. */
bool cap_open(const cap_keylog *keylog, cap_packet *packet, uint8_t *scratch);

#endif
