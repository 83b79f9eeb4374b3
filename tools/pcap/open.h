/* SPDX-License-Identifier: MIT
 *
 * Opening sealed packets. Each wire version has its way; they stand in one table.
 */
#ifndef CAP_OPEN_H
#define CAP_OPEN_H

#include "secrets.h"
#include "session.h"

/* Tries the keys that secrets give on a copy of the datagram in `scratch`, which has
 * packet->bytes.len bytes. On success packet->plain points into it and packet->key says which one
 * fitted; packet->has_key says whether there was any. */
bool cap_open(const cap_secrets *secrets, cap_packet *packet, uint8_t *scratch);

/* Before a KEYINFO_ACK is checked: what the receiver that sent it had to prove, as far as secrets
 * show it. */
void cap_open_proof(const cap_secrets *secrets, const cap_packet *packet);

/* Why the private keys do not open a session of which packets stayed sealed, in words that follow
 * its name; NULL: they do, or nothing is sealed. */
const char *cap_open_why_not(const cap_secrets *secrets, const cap_session *session);

#endif
