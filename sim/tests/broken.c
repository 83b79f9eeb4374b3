/* SPDX-License-Identifier: MIT
 *
 * uftp-sim with a fault: the linker puts these functions in the place of others, and UFTP_BROKEN
 * says which of them is to do wrong. What the invariants of a run are tried against, from the
 * command line to the report of the failure (invariants.sh).
 */
#include "handshake/v5.h"
#include "run/stage.h"
#include "run/summary.h"
#include "session/sender_internal.h"
#include "transfer/blockmap.h"

#include <stdlib.h>
#include <string.h>

/* Named by the linker. */
int __real_uftp_blockmap_init(uftp_blockmap *map, const uftp_allocator *memory,
                              const uftp_layout *layout);
int __wrap_uftp_blockmap_init(uftp_blockmap *map, const uftp_allocator *memory,
                              const uftp_layout *layout);
void __real_uftp_v5_seal(const uftp_aead *aead, const uftp_traffic *traffic, uint64_t counter,
                         uint8_t *datagram, size_t message_len);
void __wrap_uftp_v5_seal(const uftp_aead *aead, const uftp_traffic *traffic, uint64_t counter,
                         uint8_t *datagram, size_t message_len);
bool __real_sim_summary_json(const sim_watch *watch, FILE *out);
bool __wrap_sim_summary_json(const sim_watch *watch, FILE *out);
void __real_uftp_clients_free(uftp_clients *clients);
void __wrap_uftp_clients_free(uftp_clients *clients);

static bool is_broken(const char *what)
{
    const char *broken = getenv("UFTP_BROKEN");
    return broken && strcmp(broken, what) == 0;
}

/* A receiver believes that it has a block more than it has. */
int __wrap_uftp_blockmap_init(uftp_blockmap *map, const uftp_allocator *memory,
                              const uftp_layout *layout)
{
    int err = __real_uftp_blockmap_init(map, memory, layout);
    if (err == UFTP_OK && is_broken("complete") && map->missing > 1)
        (void)uftp_blockmap_take(map, 0, 0);
    return err;
}

/* Blocks leave as they are, in what looks like a sealed datagram. */
void __wrap_uftp_v5_seal(const uftp_aead *aead, const uftp_traffic *traffic, uint64_t counter,
                         uint8_t *datagram, size_t message_len)
{
    if (message_len < 1000 || !is_broken("clear"))
        __real_uftp_v5_seal(aead, traffic, counter, datagram, message_len);
}

/* The report tells the key of the session. */
bool __wrap_sim_summary_json(const sim_watch *watch, FILE *out)
{
    if (is_broken("report")) {
        const uftp_sender *sender = sim_sender(watch->stage->senders[0].node);
        for (size_t i = 0; i < UFTP_GROUP_MASTER_LEN; i++)
            fprintf(out, "%02X", sender->keys.of.v5.group_master[i]);
    }
    return __real_sim_summary_json(watch, out);
}

/* A sender keeps what it has taken. */
void __wrap_uftp_clients_free(uftp_clients *clients)
{
    if (!is_broken("memory"))
        __real_uftp_clients_free(clients);
}
