/* SPDX-License-Identifier: MIT
 *
 * From secrets to keys. What a key log has may be any step of the key schedule: the keys
 * themselves, the group master, what sealed it, a premaster, the scalar of an ECDH exchange; a
 * private key opens an RSA exchange. Whatever is there is carried on to the keys of packets, as far
 * as the handshake was captured. Nothing is believed before a packet opens under it.
 */
#ifndef CAP_SOLVE_H
#define CAP_SOLVE_H

#include "handshake.h"
#include "secrets.h"

/* A premaster: 48 bytes of an RSA exchange, 20 of ECDH in version 4, 32 in version 5. */
typedef struct cap_premaster {
    uint8_t bytes[UFTP_V4_PREMASTER_MAX];
    size_t len;
} cap_premaster;

#define CAP_PREMASTERS_MAX 16

/* Those that a registered receiver may have agreed upon, the surest first; returns how many. */
size_t cap_premasters(const cap_secrets *secrets, const cap_session *session, const cap_peer *peer,
                      cap_premaster out[CAP_PREMASTERS_MAX]);

/* Adds a group master that is not there yet. */
bool cap_master_add(cap_handshake *h, const uint8_t *master, size_t len);
/* Those that the log itself has. Where it has grown, what was tried before is tried again. */
void cap_masters_read(const cap_secrets *secrets, const cap_session *session, size_t len);

/* Tries secrets on the next peers of whom something new is known, until one shows a group master
 * that was not known; false when none did. */
bool cap_masters_search(const cap_secrets *secrets, cap_session *session,
                        void (*solve)(const cap_secrets *secrets, cap_session *session,
                                      cap_peer *peer));

/* Puts more keys before session->keys (v4: all members have the same) or peer->keys (v5). False:
 * nothing more can be made of what is known now. */
bool cap_solve_v4(const cap_secrets *secrets, cap_session *session);
bool cap_solve_v5(const cap_secrets *secrets, cap_session *session, cap_peer *peer);

/* Tries secrets on one receiver, although its packets open already: for what they prove. */
void cap_solve_receiver_v4(const cap_secrets *secrets, cap_session *session, cap_peer *peer);
void cap_solve_receiver_v5(const cap_secrets *secrets, cap_session *session, cap_peer *peer);

#endif
