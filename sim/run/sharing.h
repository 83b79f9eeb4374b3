/* SPDX-License-Identifier: MIT
 *
 * A datagram that a thousand receivers open with the same key is decrypted once (by each thread).
 * The program is linked with --wrap=uftp_aead_open: the core calls what is here, and knows nothing
 * of it. Only what was handed out as a view (engine/view.h) is shared, with sim_options.share: its
 * bytes are as the first receiver's call left them, and that call had the same key, nonce and
 * place.
 */
#ifndef SIM_RUN_SHARING_H
#define SIM_RUN_SHARING_H

#include <stdbool.h>

/* Whether the program was linked so: otherwise sim_options.share must not be set. */
bool sim_sharing_linked(void);

#endif
