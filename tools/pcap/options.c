/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "common/parse.h"

#include <string.h>

enum { OPTION_JSON = UFTP_OPTION_OWN, OPTION_UTC, OPTION_KEY, OPTION_RULES };

static const uftp_option items[] = {
    {'i', "interface", "NAME", NULL, "capture live from an interface instead of reading a file"},
    {'f', "filter", "EXPRESSION", NULL,
     "only frames that match, in the language of pcap-filter(7)"},
    {'c', "count", "N", NULL, "stop after N frames"},
    {'k', "keylog", "FILE", NULL, "decrypt with the secrets of a key log"},
    {OPTION_KEY, "key", "FILE", NULL,
     "decrypt version 4 with the private RSA key of the sender (or a proxy); may be repeated"},
    {'o', "output", "DIR", NULL, "extract: write files below DIR, which must exist"},
    {'w', "write", "FILE", NULL, "decrypt: the capture to write; \"-\" for stdout"},
    {'v', "verbose", NULL, NULL, "dump: all fields"},
    {OPTION_JSON, "json", NULL, NULL, "dump: one JSON object per packet; check, stats: one object"},
    {OPTION_UTC, "utc", NULL, NULL, "dump: times of day instead of seconds since the first packet"},
    {OPTION_RULES, "rules", NULL, NULL, "check: list the rules, without a capture"},
    {'q', "quiet", NULL, NULL, "no report on stderr of what was wrong with the capture"},
    {UFTP_OPTION_HELP, "help", NULL, NULL, "print this and exit"},
    {UFTP_OPTION_VERSION, "version", NULL, NULL, "print the version and exit"},
};

const uftp_option_table cap_option_table = {
    .program = "uftp-pcap",
    .synopsis = "dump [options] FILE\ncheck [options] FILE\nextract -o DIR [options] FILE\n"
                "stats [options] FILE\ndecrypt -w FILE [options] FILE\nCOMMAND [options] -i "
                "INTERFACE\ncheck --rules [--json]",
    .summary = "Reads captures of UFTP sessions: pcap or pcapng, plain or gzip, \"-\" for stdin.\n"
               "  dump     packets, one line each\n"
               "  check    which rules of the protocol were broken, and by which packets\n"
               "  extract  the files that were sent\n"
               "  stats    sessions, nodes, files and their figures\n"
               "  decrypt  the capture, with the messages in the clear that open",
    .items = items,
    .count = sizeof items / sizeof *items,
};

static int take(void *ctx, const uftp_option_use *use, uftp_failure *failure)
{
    cap_options *o = ctx;
    switch (use->option->id) {
    case 'i':
        o->device = use->value;
        return 0;
    case 'f':
        o->filter = use->value;
        return 0;
    case 'c':
        return uftp_parse_number(use, &(uftp_range){.min = 1, .max = UINT64_MAX, .unit = ""},
                                 &o->count, failure);
    case 'k':
        o->keylog = use->value;
        return 0;
    case OPTION_KEY:
        if (o->key_count == CAP_PRIVATE_KEYS_MAX)
            return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "--key: no more than %d files",
                             CAP_PRIVATE_KEYS_MAX);
        o->keys[o->key_count++] = use->value;
        return 0;
    case OPTION_RULES:
        o->rules = true;
        return 0;
    case 'o':
        o->output = use->value;
        return 0;
    case 'w':
        o->written = use->value;
        return 0;
    case 'v':
        o->verbose = true;
        return 0;
    case OPTION_JSON:
        o->json = true;
        return 0;
    case OPTION_UTC:
        o->utc = true;
        return 0;
    case 'q':
        o->quiet = true;
        return 0;
    default:
        return 0;
    }
}

static int read_command(const char *word, cap_command *out, uftp_failure *failure)
{
    static const char *const names[] = {[CAP_DUMP] = "dump",
                                        [CAP_CHECK] = "check",
                                        [CAP_EXTRACT] = "extract",
                                        [CAP_STATS] = "stats",
                                        [CAP_DECRYPT] = "decrypt"};
    for (size_t i = 0; word && i < sizeof names / sizeof *names; i++)
        if (strcmp(word, names[i]) == 0) {
            *out = (cap_command)i;
            return 0;
        }
    return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                     "%s%.60s%s a command: dump, check, extract, stats or decrypt expected",
                     word ? "'" : "", word ? word : "no command given;", word ? "' is not" : "");
}

/* An option that a command does not look at is refused: it would seem to have worked. */
static int check_combination(const cap_options *o, uftp_failure *failure)
{
    if (o->command == CAP_EXTRACT && !o->output)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "extract needs a folder: -o DIR");
    if (o->command != CAP_EXTRACT && o->output)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "-o is for extract");
    if (o->command != CAP_DUMP && (o->verbose || o->utc))
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "-v and --utc are for dump");
    if ((o->command == CAP_EXTRACT || o->command == CAP_DECRYPT) && o->json)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "--json is for dump, check and stats");
    if (o->command == CAP_DECRYPT && !o->written)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "decrypt needs a file to write: -w FILE");
    if (o->command != CAP_DECRYPT && o->written)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "-w is for decrypt");
    if (o->command == CAP_DECRYPT && !o->keylog && o->key_count == 0)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "decrypt needs secrets: -k or --key FILE");
    return 0;
}

int cap_options_read(int argc, char **argv, cap_options *out, uftp_action *action,
                     uftp_failure *failure)
{
    int first = 0;
    *out = (cap_options){0};
    int code = uftp_option_scan(&cap_option_table, argc, argv, take, out, action, &first, failure);
    if (code || *action != UFTP_ACTION_RUN)
        return code;
    code = read_command(first < argc ? argv[first] : NULL, &out->command, failure);
    if (code)
        return code;
    int operands = argc - first - 1;
    out->path = operands > 0 ? argv[first + 1] : NULL;
    if (out->rules) {
        if (out->command != CAP_CHECK)
            return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "--rules is for check");
        if (operands > 0 || out->device)
            return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "--rules reads no capture");
        return check_combination(out, failure);
    }
    if (operands > 1 || (out->path != NULL) == (out->device != NULL))
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "one capture is needed: a FILE, or -i INTERFACE");
    return check_combination(out, failure);
}
