/* SPDX-License-Identifier: MIT
 *
 * A whole session under a fuzzer: a sender and a receiver with a network in between that does what
 * the input says. Comparisons of tags, hashes and signatures always come out equal in these
 * programs (the linker puts the functions of session.c in their place), so that a bit that is
 * turned in a sealed datagram reaches what lies behind the seal.
 *
 * The input: first what kind of session (the target's own bytes), then one step after the other:
 *
 *     0, 1  the next datagram arrives (0: at the receiver, 1: at the sender)
 *     2     is lost                          3     arrives, and will again
 *     4     arrives with up to four bytes changed
 *     5     arrives, shorter or longer
 *     6     time passes
 *     7     a datagram arrives that nobody sent, with the session's header
 *
 * When the input is through the network is a good one, and the session has to end.
 */
#ifndef UFTP_FUZZ_SESSION_H
#define UFTP_FUZZ_SESSION_H

#include <uftp/receiver.h>
#include <uftp/sender.h>

typedef struct fuzz_input {
    const uint8_t *at, *end;
} fuzz_input;

/* The next byte of the input; 0 when it is through. */
uint8_t fuzz_byte(fuzz_input *input);

/* Keys of a process, made once. */
const uftp_key *fuzz_key(uftp_key_type type);

typedef struct fuzz_session {
    uftp_sender_config sender; /* what the target decides; the rest is filled in */
    bool legacy_crypto;        /* of the receiver */
    uint32_t file_size;
} fuzz_session;

void fuzz_session_run(const fuzz_session *session, fuzz_input *input);

#endif
