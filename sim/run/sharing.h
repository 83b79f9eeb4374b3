/* SPDX-License-Identifier: MIT
 *
 * A datagram that a thousand receivers open with the same key is decrypted once. The program is
 * linked with --wrap=uftp_aead_open: the core calls what is here, and knows nothing of it. What is
 * found is exactly what would be computed: key, nonce, header and ciphertext are all compared.
 */
#ifndef SIM_RUN_SHARING_H
#define SIM_RUN_SHARING_H

#include <stdbool.h>

void sim_sharing_set(bool on); /* off at first */
void sim_sharing_free(void);

#endif
