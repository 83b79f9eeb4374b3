/* SPDX-License-Identifier: MIT
 *
 * uftp-ns3: runs the sender and receiver cores in ns-3 and says how it went. Not installed: it
 * links ns-3, which is GPL-2.0-only.
 */
#include "harness.h"
#include "reference.h"

#include "common/options.h"
#include "common/parse.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    OPTION_RECEIVERS = UFTP_OPTION_OWN,
    OPTION_FILE_SIZE,
    OPTION_RATE,
    OPTION_CARRIER,
    OPTION_RETURN,
    OPTION_QUEUE_SIZE,
    OPTION_DELAY,
    OPTION_LOSS,
    OPTION_SEED,
    OPTION_RUN,
    OPTION_LIMIT,
    OPTION_ENCRYPTED,
    OPTION_PLAIN,
    OPTION_STACK,
    OPTION_QUEUE,
    OPTION_REFERENCE
};

static const uftp_option options[] = {
    {OPTION_RECEIVERS, "receivers", "COUNT", "20", "1 to 200, with --stack 1 to 100"},
    {OPTION_FILE_SIZE, "file-size", "BYTES", "1M", "size of the one file, up to 1G"},
    {OPTION_RATE, "rate", "BITS", "8M", "what the sender sends in a second"},
    {OPTION_CARRIER, "carrier", "BITS", NULL,
     "what the forward carrier holds, all headers included; by default 5/4 of the rate"},
    {OPTION_RETURN, "return", "BITS", "256k",
     "each receiver's way back; with --stack they share the sum"},
    {OPTION_QUEUE_SIZE, "queue-size", "BYTES", "262144", "in front of each of these lines"},
    {OPTION_DELAY, "delay", "MS", "240-280", "one way; MIN-MAX gives each receiver its own"},
    {OPTION_LOSS, "loss", "PERCENT", "1", "both ways; MIN-MAX gives each receiver its own"},
    {OPTION_SEED, "seed", "NUMBER", "1",
     "of the cores, the file, and who has which delay and loss"},
    {OPTION_RUN, "run", "NUMBER", "1", "of the links' luck: the number to sweep"},
    {OPTION_LIMIT, "limit", "SECONDS", "3600", "give up after so much simulated time"},
    {OPTION_ENCRYPTED, "encrypted", NULL, NULL, "AES-256-GCM, ECDSA; this is the default"},
    {OPTION_PLAIN, "plain", NULL, NULL, "no encryption"},
    {OPTION_STACK, "stack", NULL, NULL,
     "ns-3's Internet stack, a router, and the receivers on a LAN"},
    {OPTION_QUEUE, "queue", "KIND", "drop-tail", "drop-tail or fq-codel (with --stack)"},
    {OPTION_REFERENCE, "reference", NULL, NULL,
     "run it in our own simulator, too, and print both (--queue has no meaning there)"},
    {UFTP_OPTION_HELP, "help", NULL, NULL, "print this and exit"},
    {UFTP_OPTION_VERSION, "version", NULL, NULL, "print the version and exit"},
};

static const uftp_option_table table = {
    .program = "uftp-ns3",
    .synopsis = "[OPTION...]",
    .summary =
        "Sends a file over a simulated satellite in ns-3. k, M and G are 1000, 1000000, ...\n"
        "Exit status: 0 when every receiver has the file, 1 when not, 2 for bad options.",
    .items = options,
    .count = sizeof options / sizeof *options};

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_OPTIONS = 2 };

#define PPM_PER_PERCENT 10000

typedef struct choice {
    ns3_scenario scenario;
    bool reference;
} choice;

/* A number as thousand millionths; false when there is something else in the text. */
static bool parse_fixed(const char *text, size_t len, uint64_t *out)
{
    return uftp_text_to_ns(text, len, out);
}
#define FIXED UINT64_C(1000000000)

static int parse_scaled(const uftp_option_use *use, uint64_t min, uint64_t max, uint64_t *out,
                        uftp_failure *failure)
{
    static const char suffixes[] = "kMG";
    size_t len = strlen(use->value);
    uint64_t scale = 1, fixed;
    const char *suffix = len ? strchr(suffixes, use->value[len - 1]) : NULL;
    if (suffix) {
        len--;
        for (const char *at = suffixes; at <= suffix; at++)
            scale *= 1000;
    }
    if (parse_fixed(use->value, len, &fixed) && fixed / FIXED <= max / scale) {
        uint64_t value = fixed / FIXED * scale + fixed % FIXED * scale / FIXED;
        if (value >= min) {
            *out = value;
            return 0;
        }
    }
    return uftp_parse_refuse(use, failure, "%" PRIu64 " to %" PRIu64 ", as in 500k or 1.5M", min,
                             max);
}

static int parse_rate(const uftp_option_use *use, uint64_t *bytes_per_s, uftp_failure *failure)
{
    uint64_t bits = 0;
    int err = parse_scaled(use, 8, UINT64_C(10000000000), &bits, failure);
    if (!err)
        *bytes_per_s = bits / 8;
    return err;
}

/* "X" or "MIN-MAX", each times `unit`. */
static int parse_bounds(const uftp_option_use *use, uint64_t unit, uint64_t bounds[2],
                        uftp_failure *failure)
{
    const char *dash = strchr(use->value, '-');
    size_t len = dash ? (size_t)(dash - use->value) : strlen(use->value);
    const char *second = dash ? dash + 1 : use->value;
    uint64_t fixed[2];
    if (!parse_fixed(use->value, len, &fixed[0]) ||
        !parse_fixed(second, strlen(second), &fixed[1]) || fixed[0] > 100000 * FIXED ||
        fixed[1] > 100000 * FIXED || fixed[0] > fixed[1])
        return uftp_parse_refuse(use, failure, "a number or MIN-MAX");
    for (int i = 0; i < 2; i++)
        bounds[i] = fixed[i] / (FIXED / unit);
    return 0;
}

static int take_delay(ns3_scenario *s, const uftp_option_use *use, uftp_failure *failure)
{
    uint64_t bounds[2];
    int err = parse_bounds(use, UFTP_MS(1), bounds, failure);
    if (!err && (bounds[0] == 0 || bounds[1] > NS3_DELAY_MAX))
        return uftp_parse_refuse(use, failure, "more than 0 and at most 10000");
    if (!err) {
        s->delay_min = bounds[0];
        s->delay_max = bounds[1];
    }
    return err;
}

static int take_loss(ns3_scenario *s, const uftp_option_use *use, uftp_failure *failure)
{
    uint64_t bounds[2];
    int err = parse_bounds(use, PPM_PER_PERCENT, bounds, failure);
    if (!err && (bounds[0] > 1000000 || bounds[1] > 1000000))
        return uftp_parse_refuse(use, failure, "at most 100");
    if (!err) {
        s->loss_ppm_min = (uint32_t)bounds[0];
        s->loss_ppm_max = (uint32_t)bounds[1];
    }
    return err;
}

static int take_u32(uint32_t *out, uint32_t max, const uftp_option_use *use, uftp_failure *failure)
{
    uint64_t value;
    int err =
        uftp_parse_number(use, &(uftp_range){.min = 1, .max = max, .unit = ""}, &value, failure);
    if (!err)
        *out = (uint32_t)value;
    return err;
}

static int take_queue(ns3_scenario *s, const uftp_option_use *use, uftp_failure *failure)
{
    if (strcmp(use->value, "drop-tail") == 0)
        s->queue = NS3_QUEUE_DROP_TAIL;
    else if (strcmp(use->value, "fq-codel") == 0)
        s->queue = NS3_QUEUE_FQ_CODEL;
    else
        return uftp_parse_refuse(use, failure, "drop-tail or fq-codel");
    return 0;
}

static int take_limit(ns3_scenario *s, const uftp_option_use *use, uftp_failure *failure)
{
    uint32_t seconds;
    int err = take_u32(&seconds, 1000000, use, failure);
    if (!err)
        s->limit = UFTP_S(seconds);
    return err;
}

static int take(void *ctx, const uftp_option_use *use, uftp_failure *failure)
{
    choice *c = ctx;
    ns3_scenario *s = &c->scenario;
    switch (use->option->id) {
    case OPTION_RECEIVERS:
        return take_u32(&s->receivers, NS3_RECEIVERS_MAX, use, failure);
    case OPTION_FILE_SIZE:
        return parse_scaled(use, 1, 1000000000, &s->file_size, failure);
    case OPTION_RATE:
        return parse_rate(use, &s->rate_bytes_per_s, failure);
    case OPTION_CARRIER:
        return parse_rate(use, &s->carrier_bytes_per_s, failure);
    case OPTION_RETURN:
        return parse_rate(use, &s->return_bytes_per_s, failure);
    case OPTION_QUEUE_SIZE:
        return parse_scaled(use, UFTP_DATAGRAM_MAX, UINT32_MAX, &s->queue_bytes, failure);
    case OPTION_DELAY:
        return take_delay(s, use, failure);
    case OPTION_LOSS:
        return take_loss(s, use, failure);
    case OPTION_SEED:
        return take_u32(&s->seed, NS3_SEED_MAX, use, failure);
    case OPTION_RUN:
        return take_u32(&s->run, UINT32_MAX, use, failure);
    case OPTION_LIMIT:
        return take_limit(s, use, failure);
    case OPTION_QUEUE:
        return take_queue(s, use, failure);
    case OPTION_ENCRYPTED:
    case OPTION_PLAIN:
        s->plain = use->option->id == OPTION_PLAIN;
        return 0;
    case OPTION_STACK:
        s->stack = true;
        return 0;
    case OPTION_REFERENCE:
        c->reference = true;
        return 0;
    default:
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "an option without a meaning");
    }
}

static void print(const char *engine, const ns3_scenario *s, const ns3_outcome *o)
{
    printf("engine      %s\n", engine);
    if (o->ended)
        printf("time        %" PRIu64 ".%03" PRIu64 " s\n", o->time / UFTP_S(1),
               o->time % UFTP_S(1) / UFTP_MS(1));
    else
        printf("time        not within %" PRIu64 " s\n", s->limit / UFTP_S(1));
    if (o->ended && o->result != UFTP_RESULT_OK)
        printf("result      the sender ended with %d\n", (int)o->result);
    printf("passes      %" PRIu32 "\n", o->passes);
    printf("sent        %" PRIu64 " bytes in %" PRIu64 " datagrams\n", o->bytes_sent,
           o->datagrams_sent);
    printf("deliveries  %" PRIu64 "; ignored %" PRIu64 ", lost %" PRIu64
           ", dropped by a queue %" PRIu64 "\n",
           o->deliveries, o->ignored, o->lost, o->dropped);
    printf("identical   %s (%" PRIu32 " of %" PRIu32 " receivers)\n",
           ns3_outcome_good(s, o) ? "yes" : "no", o->identical, s->receivers);
    printf("digest      %s\n", o->digest);
}

static int run(const choice *c)
{
    ns3_outcome outcome;
    ns3_run(&c->scenario, &outcome);
    print("ns-3", &c->scenario, &outcome);
    bool good = ns3_outcome_good(&c->scenario, &outcome);
    if (c->reference) {
        ns3_reference_run(&c->scenario, &outcome);
        putchar('\n');
        print("our own", &c->scenario, &outcome);
        good = good && ns3_outcome_good(&c->scenario, &outcome);
    }
    if (fflush(stdout) != 0) {
        perror(table.program);
        return EXIT_BAD;
    }
    return good ? EXIT_GOOD : EXIT_BAD;
}

int main(int argc, char **argv)
{
    /* The loss is the program's own default: a satellite without any is the exception. */
    choice c = {.scenario = {.loss_ppm_min = PPM_PER_PERCENT, .loss_ppm_max = PPM_PER_PERCENT}};
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
        ns3_scenario_complete(&c.scenario);
        const char *wrong = operands < argc ? "takes no operands" : ns3_scenario_check(&c.scenario);
        if (!wrong)
            return run(&c);
        uftp_fail(&failure, UFTP_EXIT_ARGUMENTS, "%s", wrong);
    }
    uftp_failure_print(&failure, table.program);
    return EXIT_OPTIONS;
}
