/* SPDX-License-Identifier: MIT */
#include "swarm/child.h"

#include "engine/memory.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

swarm_slot *swarm_slots_new(size_t count)
{
    swarm_slot *slots = mmap(NULL, count * sizeof *slots, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (slots == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return slots;
}

void swarm_slots_free(swarm_slot *slots, size_t count)
{
    munmap(slots, count * sizeof *slots);
}

static void keep_report(void *ctx, const char *report)
{
    swarm_slot *slot = ctx;
    snprintf(slot->report, sizeof slot->report, "%s", report);
    fflush(NULL);
    _exit(1);
}

static void keep_loss(void *ctx, const char *place, uint64_t nth)
{
    swarm_slot *slot = ctx;
    if (slot->drop_count == SWARM_DROPS_MAX)
        return;
    swarm_drop *drop = &slot->drops[slot->drop_count++];
    snprintf(drop->place, sizeof drop->place, "%s", place);
    drop->nth = (uint32_t)nth;
}

static uint64_t add_digest(uint64_t sum, const char *digest)
{
    char head[17];
    memcpy(head, digest, 16);
    head[16] = '\0';
    return sum + strtoull(head, NULL, 16);
}

void swarm_run_in_child(swarm_slot *slot, const swarm_scenario *scenario, const char *how,
                        bool record_losses)
{
    size_t size = strlen(how) + 64;
    char *repeat = sim_allocate(size);
    snprintf(repeat, size, "uftp-sim swarm --seed %" PRIu64 "%s", scenario->seed, how);
    const swarm_run_options options = {.repeat = repeat,
                                       .on_failure = keep_report,
                                       .on_loss = record_losses ? keep_loss : NULL,
                                       .ctx = slot,
                                       .lanes = SIM_LANES_IN_STEP};
    slot->drop_count = 0;
    alarm(SWARM_SECONDS_MAX);
    const swarm_outcome outcome = swarm_run(scenario, &options);
    /* The same again is the same, though not in the order of time. */
    if (scenario->seed % 8 == 0) {
        swarm_run_options ahead = options;
        ahead.lanes = SIM_LANES_AHEAD;
        const swarm_outcome again = swarm_run(scenario, &ahead);
        if (strcmp(outcome.digest, again.digest) != 0) {
            snprintf(slot->report, sizeof slot->report,
                     "sim: two runs of one seed differ\nsim: %s\nsim: %s\nsim: to repeat: %s\n",
                     outcome.digest, again.digest, repeat);
            _exit(1);
        }
    }
    slot->runs++;
    slot->had_to_succeed += outcome.had_to_succeed;
    slot->steps += outcome.steps;
    slot->simulated_ms += outcome.ended / UFTP_MS(1);
    slot->digest = add_digest(slot->digest, outcome.digest);
    sim_release(repeat);
}

void swarm_failure_line(const swarm_slot *slot, int status, bool masked, char *out, size_t size)
{
    if (WIFSIGNALED(status)) {
        int number = WTERMSIG(status);
        snprintf(out, size, "ended by signal %c%c%s", '0' + number / 10, '0' + number % 10,
                 number == 14 ? " (does not come to an end)" : "");
        return;
    }
    const char *report = *slot->report ? slot->report : "ended without a report";
    size_t len = strcspn(report, "\n"), at = 0;
    for (size_t i = 0; i < len && at + 1 < size; i++) {
        bool digit = isxdigit((unsigned char)report[i]) && !islower((unsigned char)report[i]);
        if (masked && digit && at && out[at - 1] == '#')
            continue;
        out[at++] = masked && digit ? '#' : report[i];
    }
    out[at] = '\0';
}
