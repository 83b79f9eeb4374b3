/* SPDX-License-Identifier: MIT
 *
 * A datagram that a thousand receivers open with the same key is decrypted once (by each thread),
 * and a signature that all of them check is checked once. The program is linked with
 * --wrap=uftp_aead_open and --wrap=uftp_verify: the core calls what is here, and knows nothing of
 * it. This is done only for what was handed out as a view (engine/view.h), with sim_options.share.
 * Of a datagram, the bytes are as the first receiver's call left them, and that call had the same
 * key, nonce and place; of a signature, all that the answer follows from is compared.
 */
#ifndef SIM_RUN_SHARING_H
#define SIM_RUN_SHARING_H

#include <stdbool.h>

/* Whether the program was linked so: otherwise sim_options.share must not be set. */
bool sim_sharing_linked(void);

#endif
