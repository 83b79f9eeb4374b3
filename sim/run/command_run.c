/* SPDX-License-Identifier: MIT
 *
 * uftp-sim run: the command line.
 */
#include "common/options.h"
#include "common/parse.h"
#include "run/command.h"
#include "run/run.h"

#include <stdlib.h>
#include <string.h>

enum {
    SEED = UFTP_OPTION_OWN,
    SEEDS,
    SET,
    JOBS,
    JSON,
    REPORT,
    PCAP,
    KEYLOG,
    EVENTS,
    NO_SHARING,
    IN_STEP,
    THREADS,
    NO_INVARIANTS,
    QUIET
};

static const uftp_option items[] = {
    {SEED, "seed", "N", NULL, "the run's seed, in place of the scenario's"},
    {SEEDS, "seeds", "A..B", NULL,
     "run all these seeds on all cores; stops at the first failure and\n"
     "tells the command that repeats it"},
    {SET, "set", "KEY=VALUE", NULL,
     "change the scenario: receivers.count=10, receivers.down.loss=5%;\n"
     "a number picks from a list, any other word goes to all of its elements"},
    {JOBS, "jobs", "N", "the number of cores", "processes side by side, with --seeds"},
    {JSON, "json", "FILE", NULL,
     "write the report as JSON; '-' for the terminal, in place of words"},
    {REPORT, "report", "FILE.html", NULL, "write the report as a page with plots"},
    {PCAP, "pcap", "NODE=FILE", NULL,
     "capture what a node sends and gets; with 'NODE>NODE=FILE', what arrives at\n"
     "the second from the first; may be given several times"},
    {KEYLOG, "keylog", "FILE", NULL, "write the secrets of all sessions, to read captures with"},
    {EVENTS, "events", "FILE", NULL, "write every event of every node as a line"},
    {NO_SHARING, "no-sharing", NULL, NULL,
     "let each receiver decrypt by itself what is the same for all; slower,\n"
     "and the digest must not change"},
    {IN_STEP, "in-step", NULL, NULL,
     "run everything in the order of time, as is done with --pcap, --events and\n"
     "--keylog; slower, and the digest must not change"},
    {THREADS, "threads", "N", "the number of cores, up to 8",
     "run receivers behind a satellite on so many threads; the digest must not change"},
    {NO_INVARIANTS, "no-invariants", NULL, NULL,
     "go on whatever the nodes do; otherwise the run ends as soon as one of them\n"
     "does what no node may, whatever the network does"},
    {QUIET, "quiet", NULL, NULL, "tell nothing but the digest"},
    {UFTP_OPTION_HELP, "help", NULL, NULL, "print this and exit"},
    {UFTP_OPTION_VERSION, "version", NULL, NULL, "print the version and exit"},
};

static const uftp_option_table table = {
    .program = "uftp-sim run",
    .synopsis = "[OPTION...] FILE.yaml",
    .summary =
        "Runs a scenario. The last line it prints is the digest of all that happened: equal\n"
        "for equal scenario and seed, on any machine.\n"
        "Exits with 0 when the run ends as the scenario expects, 2 when not, 1 for a mistake.",
    .items = items,
    .count = sizeof items / sizeof *items};

static int parse_seeds(const uftp_option_use *use, sim_run_options *run, uftp_failure *failure)
{
    char first[32];
    const char *dots = strstr(use->value, "..");
    if (dots && (size_t)(dots - use->value) < sizeof first) {
        memcpy(first, use->value, (size_t)(dots - use->value));
        first[dots - use->value] = '\0';
        if (uftp_text_to_u64(first, 10, &run->seed_first) &&
            uftp_text_to_u64(dots + 2, 10, &run->seed_last) && run->seed_first <= run->seed_last)
            return 0;
    }
    return uftp_parse_refuse(use, failure, "two numbers, such as 1..100");
}

static int take(void *ctx, const uftp_option_use *use, uftp_failure *failure)
{
    sim_run_options *run = ctx;
    const uftp_range any = {.max = UINT64_MAX, .unit = ""},
                     some = {.min = 1, .max = 256, .unit = ""},
                     threads = {.min = 1, .max = SIM_THREADS_MAX, .unit = ""};
    uint64_t number = 0;
    int code = 0;
    switch (use->option->id) {
    case SEED:
        code = uftp_parse_number(use, &any, &run->seed_first, failure);
        run->seed_last = run->seed_first;
        run->seed_given = true;
        return code;
    case SEEDS:
        run->seed_given = true;
        return parse_seeds(use, run, failure);
    case SET:
        if (run->set_count == SIM_SETS_MAX)
            return uftp_parse_refuse(use, failure, "at most %d of it", SIM_SETS_MAX);
        run->sets[run->set_count++] = use->value;
        return 0;
    case JOBS:
        code = uftp_parse_number(use, &some, &number, failure);
        run->jobs = (unsigned)number;
        return code;
    case JSON:
        run->json = use->value;
        return 0;
    case REPORT:
        run->page = use->value;
        return 0;
    case PCAP:
        if (run->pcap_count == SIM_PCAPS_MAX)
            return uftp_parse_refuse(use, failure, "at most %d of it", SIM_PCAPS_MAX);
        run->pcaps[run->pcap_count++] = strdup(use->value);
        return 0;
    case KEYLOG:
        run->keylog = use->value;
        return 0;
    case EVENTS:
        run->events = use->value;
        return 0;
    case IN_STEP:
        run->in_step = true;
        return 0;
    case THREADS:
        code = uftp_parse_number(use, &threads, &number, failure);
        run->threads = (unsigned)number;
        return code;
    case NO_SHARING:
        run->no_sharing = true;
        return 0;
    case NO_INVARIANTS:
        run->no_invariants = true;
        return 0;
    case QUIET:
        run->quiet = true;
        return 0;
    }
    return 0;
}

static int run_scenario(sim_run_options *run)
{
    char error[SIM_YAML_ERROR_MAX];
    sim_scenario scenario;
    if (!sim_scenario_read(run->file, run->sets, run->set_count, &scenario, error)) {
        fprintf(stderr, "%s\n", error);
        return SIM_EXIT_USAGE;
    }
    if (!run->seed_given)
        run->seed_first = run->seed_last = scenario.seed ? scenario.seed : 1;
    int code = run->seed_first == run->seed_last
                   ? sim_run_one(run, &scenario, run->seed_first, stdout)
                   : sim_run_seeds(run, &scenario);
    sim_scenario_free(&scenario);
    return code;
}

int sim_command_run(int argc, char **argv)
{
    sim_run_options run = {0};
    uftp_failure failure = {0};
    uftp_action action = UFTP_ACTION_RUN;
    int operands = 0;
    int code = uftp_option_scan(&table, argc, argv, take, &run, &action, &operands, &failure);
    if (code) {
        fprintf(stderr, "uftp-sim run: %s\n", failure.text);
        return SIM_EXIT_USAGE;
    }
    if (action == UFTP_ACTION_HELP) {
        uftp_option_help(&table, stdout);
        return SIM_EXIT_OK;
    }
    if (action == UFTP_ACTION_VERSION) {
        uftp_option_version(&table, stdout);
        return SIM_EXIT_OK;
    }
    if (argc - operands != 1) {
        fputs("uftp-sim run: one scenario is wanted; --help tells more\n", stderr);
        return SIM_EXIT_USAGE;
    }
    run.file = argv[operands];
    if (run.seed_first != run.seed_last &&
        (run.json || run.page || run.events || run.keylog || run.pcap_count)) {
        fputs("uftp-sim run: reports and captures are about one seed\n", stderr);
        return SIM_EXIT_USAGE;
    }
    code = run_scenario(&run);
    for (size_t i = 0; i < run.pcap_count; i++)
        free(run.pcaps[i]);
    return code;
}
