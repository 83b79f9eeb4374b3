/* SPDX-License-Identifier: MIT
 *
 * "shrink": a failing scenario is made as plain as it can be and still fail in the same way. Losses
 * by chance are turned into a list of datagrams first, so that what is left names the ones that
 * matter.
 */
#include "swarm/child.h"
#include "swarm/command.h"

#include "engine/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KIND_SIZE 256
#define SET_SIZE 65536

typedef struct shrinker {
    swarm_slot *slot;
    swarm_scenario plain; /* all that is the same need not be named */
    swarm_scenario best;  /* the plainest that failed so far */
    swarm_scenario trial;
    char kind[KIND_SIZE];
    uint64_t attempts;
} shrinker;

/* ---- one attempt ---- */

/* What stands behind the seed in the command that runs it. */
static void describe(const shrinker *s, const swarm_scenario *scenario, char *out)
{
    FILE *file = fmemopen(out, SET_SIZE, "w");
    if (!file) {
        perror("fmemopen");
        exit(1);
    }
    fputs(" --plain --set ", file);
    swarm_print(scenario, &s->plain, file);
    fclose(file);
}

/* Whether it fails, and how. */
static bool fails(shrinker *s, const swarm_scenario *scenario, bool record_losses, char *kind)
{
    s->attempts++;
    *s->slot->report = '\0';
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(1);
    }
    if (pid == 0) {
        char *set = sim_allocate(SET_SIZE);
        describe(s, scenario, set);
        if (!freopen("/dev/null", "w", stderr)) /* a hundred reports of a sanitizer help nobody */
            _exit(3);
        swarm_run_in_child(s->slot, scenario, set, record_losses);
        _exit(0);
    }
    int status;
    if (waitpid(pid, &status, 0) != pid || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return false;
    swarm_failure_line(s->slot, status, true, kind, KIND_SIZE);
    return true;
}

static void copy(swarm_scenario *to, const swarm_scenario *from)
{
    swarm_drop *drops = to->drops;
    *to = *from;
    to->drops = drops;
    if (from->drop_count)
        memcpy(to->drops, from->drops, from->drop_count * sizeof *to->drops);
}

/* Keeps the trial when it fails as the first one did. */
static bool accept(shrinker *s)
{
    char kind[KIND_SIZE];
    swarm_normalise(&s->trial);
    if (!fails(s, &s->trial, false, kind) || strcmp(kind, s->kind) != 0)
        return false;
    copy(&s->best, &s->trial);
    return true;
}

/* ---- steps ---- */

static int by_place(const void *a, const void *b)
{
    const swarm_drop *x = a, *y = b;
    int order = strcmp(x->place, y->place);
    return order ? order : (x->nth > y->nth) - (x->nth < y->nth);
}

static void name_the_losses(shrinker *s)
{
    char kind[KIND_SIZE];
    if (s->best.drop_count || !fails(s, &s->best, true, kind))
        return;
    copy(&s->trial, &s->best);
    s->trial.drop_count = s->slot->drop_count;
    memcpy(s->trial.drops, s->slot->drops, s->slot->drop_count * sizeof *s->trial.drops);
    qsort(s->trial.drops, s->trial.drop_count, sizeof *s->trial.drops, by_place);
    static const swarm_field chances[] = {SWARM_loss_hub, SWARM_loss_tunnel, SWARM_loss_down,
                                          SWARM_loss_up, SWARM_burst};
    for (size_t i = 0; i < sizeof chances / sizeof *chances; i++)
        s->trial.value[chances[i]] = 0;
    if (accept(s))
        printf("shrink: %zu losses by chance are named now\n", s->best.drop_count);
}

static bool simplify(shrinker *s, swarm_field field)
{
    uint64_t plain = swarm_field_plain(field);
    if (s->best.value[field] == plain)
        return false;
    copy(&s->trial, &s->best);
    s->trial.value[field] = plain;
    if (s->trial.value[field] != s->best.value[field] && accept(s))
        return s->best.value[field] == plain;
    bool any = false;
    uint64_t low = plain; /* does not do */
    while (s->best.value[field] > low + 1) {
        uint64_t middle = low + (s->best.value[field] - low) / 2;
        copy(&s->trial, &s->best);
        s->trial.value[field] = middle;
        if (accept(s) && s->best.value[field] == middle)
            any = true;
        else
            low = middle;
    }
    return any;
}

/* Leaves out ever smaller parts of the list. */
static bool thin_drops(shrinker *s)
{
    bool any = false;
    for (size_t part = s->best.drop_count; part > 0; part /= 2)
        for (size_t at = 0; at < s->best.drop_count;) {
            size_t count = s->best.drop_count - at < part ? s->best.drop_count - at : part;
            copy(&s->trial, &s->best);
            memmove(s->trial.drops + at, s->trial.drops + at + count,
                    (s->trial.drop_count - at - count) * sizeof *s->trial.drops);
            s->trial.drop_count -= count;
            if (accept(s))
                any = true;
            else
                at += count;
        }
    return any;
}

static void shrink(shrinker *s)
{
    name_the_losses(s);
    bool more = true;
    while (more) {
        more = thin_drops(s);
        for (int i = 0; i < SWARM_FIELD_COUNT; i++)
            more |= simplify(s, (swarm_field)i);
    }
}

/* ---- the command ---- */

static void print_result(shrinker *s)
{
    char kind[KIND_SIZE], *set = sim_allocate(SET_SIZE);
    fails(s, &s->best, false, kind); /* for its report */
    describe(s, &s->best, set);
    printf("shrink: after %" PRIu64 " attempts:\nshrink: uftp-sim swarm --seed %" PRIu64 "%s\n",
           s->attempts, s->best.seed, set);
    if (*s->slot->report)
        fputs(s->slot->report, stdout);
    sim_release(set);
}

static int usage(FILE *out, int code)
{
    fputs("usage: uftp-sim shrink --seed N [--plain] [--set NAME=VALUE,...]\n\n"
          "Makes a scenario of the swarm that fails as plain as it can be; the names are those of\n"
          "uftp-sim swarm --help.\n",
          out);
    return code;
}

int swarm_command_shrink(int argc, char **argv)
{
    swarm_wish wish = {.set = ""};
    bool has_seed = false;
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, 0);
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--plain") == 0) {
            wish.plain = true;
            i--;
        } else if (i + 1 == argc)
            return usage(stderr, 1);
        else if (strcmp(argv[i], "--seed") == 0 && swarm_read_number(argv[i + 1], &wish.seed))
            has_seed = true;
        else if (strcmp(argv[i], "--set") == 0 && swarm_set_allowed(argv[i + 1]))
            wish.set = argv[i + 1];
        else
            return usage(stderr, 1);
    }
    if (!has_seed)
        return usage(stderr, 1);
    const size_t size = SWARM_DROPS_MAX * sizeof(swarm_drop);
    shrinker s = {.slot = swarm_slots_new(1),
                  .best.drops = sim_allocate(size),
                  .trial.drops = sim_allocate(size)};
    swarm_keys_make();
    swarm_make_plain(wish.seed, &s.plain);
    swarm_make(&wish, &s.best);
    bool failed = fails(&s, &s.best, false, s.kind);
    if (failed) {
        printf("shrink: %s\n", s.kind);
        shrink(&s);
        print_result(&s);
    } else {
        puts("shrink: this scenario does not fail");
    }
    swarm_keys_free();
    sim_release(s.best.drops);
    sim_release(s.trial.drops);
    swarm_slots_free(s.slot, 1);
    return failed ? 2 : 0;
}
