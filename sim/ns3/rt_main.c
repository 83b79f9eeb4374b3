/* SPDX-License-Identifier: MIT
 *
 * uftp-ns3-rt: a satellite in real time between network namespaces, until it is told to stop. Not
 * installed: it links ns-3, which is GPL-2.0-only.
 */
#include "rt.h"
#include "scenario.h"

#include "common/options.h"
#include "common/parse.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_DELAY = UFTP_OPTION_OWN, OPTION_LOSS, OPTION_SEED, OPTION_INTERFACE, OPTION_LAG };

static const uftp_option options[] = {
    {OPTION_DELAY, "delay", "MS", "250", "one way, 1 to 10000"},
    {OPTION_LOSS, "loss", "PERCENT", "0", "both ways, each terminal its own luck"},
    {OPTION_SEED, "seed", "NUMBER", "1", "of the losses: by arrival the same frames are lost"},
    {OPTION_INTERFACE, "interface", "NAME", "sat0", "the taps to be made"},
    {OPTION_LAG, "lag-max", "MS", "50", "exit with 1 when the clock was once further behind"},
    {UFTP_OPTION_HELP, "help", NULL, NULL, "print this and exit"},
    {UFTP_OPTION_VERSION, "version", NULL, NULL, "print the version and exit"},
};

static const uftp_option_table table = {
    .program = "uftp-ns3-rt",
    .synopsis = "[OPTION...] HUB TERMINAL...",
    .summary =
        "Joins network namespaces (files, as /proc/PID/ns/net) by a satellite in ns-3. Says\n"
        "\"ready\" when the taps are there; ends with SIGTERM or SIGINT. Exit status: 0, 1 when\n"
        "it was too slow, 2 for bad options, 77 when taps are not allowed.",
    .items = options,
    .count = sizeof options / sizeof *options};

enum { EXIT_GOOD = 0, EXIT_SLOW = 1, EXIT_OPTIONS = 2, EXIT_REFUSED = 77 };

typedef struct choice {
    ns3_rt config;
    uint64_t lag_max;
} choice;

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static bool wanted(void)
{
    return !stopped;
}

static void ready(void)
{
    puts("ready");
    fflush(stdout);
}

static int take_number(const uftp_option_use *use, uint64_t max, uint64_t *out,
                       uftp_failure *failure)
{
    return uftp_parse_number(use, &(uftp_range){.min = 1, .max = max, .unit = ""}, out, failure);
}

static int take_loss(const uftp_option_use *use, uint32_t *loss_ppm, uftp_failure *failure)
{
    uint64_t fixed; /* percent, times 10^9 */
    if (!uftp_text_to_ns(use->value, strlen(use->value), &fixed) || fixed > UFTP_S(100))
        return uftp_parse_refuse(use, failure, "0 to 100");
    *loss_ppm = (uint32_t)(fixed / 100000);
    return 0;
}

static int take(void *ctx, const uftp_option_use *use, uftp_failure *failure)
{
    choice *c = ctx;
    uint64_t value = 0;
    int err;
    switch (use->option->id) {
    case OPTION_DELAY:
        err = take_number(use, NS3_DELAY_MAX / UFTP_MS(1), &value, failure);
        c->config.delay = UFTP_MS(value);
        return err;
    case OPTION_LOSS:
        return take_loss(use, &c->config.loss_ppm, failure);
    case OPTION_SEED:
        err = take_number(use, NS3_SEED_MAX, &value, failure);
        c->config.seed = (uint32_t)value;
        return err;
    case OPTION_INTERFACE:
        if (strlen(use->value) == 0 || strlen(use->value) > 15)
            return uftp_parse_refuse(use, failure, "a name of 1 to 15 bytes");
        c->config.interface = use->value;
        return 0;
    case OPTION_LAG:
        err = take_number(use, 1000000, &value, failure);
        c->lag_max = UFTP_MS(value);
        return err;
    default:
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "an option without a meaning");
    }
}

static int run(const choice *c)
{
    const struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    ns3_rt_outcome outcome;
    int err = ns3_rt_run(&c->config, &outcome);
    if (err) {
        fprintf(stderr, "%s: no tap %s: %s\n", table.program, c->config.interface, strerror(err));
        return EXIT_REFUSED;
    }
    printf("lost        %" PRIu64 " frames\nlag         %" PRIu64 ".%03" PRIu64 " ms at most\n",
           outcome.lost, outcome.lag_max / UFTP_MS(1), outcome.lag_max % UFTP_MS(1) / UFTP_US(1));
    return outcome.lag_max > c->lag_max ? EXIT_SLOW : EXIT_GOOD;
}

int main(int argc, char **argv)
{
    choice c = {.config = {.delay = UFTP_MS(250),
                           .seed = 1,
                           .interface = "sat0",
                           .ready = ready,
                           .wanted = wanted},
                .lag_max = UFTP_MS(50)};
    uftp_failure failure = {0};
    uftp_action action = UFTP_ACTION_RUN;
    int operands;
    if (!uftp_option_scan(&table, argc, argv, take, &c, &action, &operands, &failure)) {
        if (action == UFTP_ACTION_HELP) {
            uftp_option_help(&table, stdout);
            return EXIT_GOOD;
        }
        if (action == UFTP_ACTION_VERSION) {
            uftp_option_version(&table, stdout);
            return EXIT_GOOD;
        }
        if (argc - operands >= 2) {
            c.config.namespaces = (const char *const *)&argv[operands];
            c.config.count = (size_t)(argc - operands);
            return run(&c);
        }
        uftp_fail(&failure, UFTP_EXIT_ARGUMENTS, "needs a hub and at least one terminal");
    }
    uftp_failure_print(&failure, table.program);
    return EXIT_OPTIONS;
}
