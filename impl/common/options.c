/* SPDX-License-Identifier: MIT */
#include "common/options.h"

#include <getopt.h>
#include <string.h>

const char *uftp_version(void)
{
    return UFTP_VERSION;
}

static bool has_letter(const uftp_option *option)
{
    return option->id < UFTP_OPTION_LONG_ONLY;
}

const char *uftp_option_label(const uftp_option *option, char out[UFTP_OPTION_LABEL_MAX])
{
    if (has_letter(option))
        snprintf(out, UFTP_OPTION_LABEL_MAX, "-%c/--%s", option->id, option->name);
    else
        snprintf(out, UFTP_OPTION_LABEL_MAX, "--%s", option->name);
    return out;
}

static const uftp_option *find(const uftp_option_table *table, int id)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->items[i].id == id)
            return &table->items[i];
    return NULL;
}

/* What getopt_long() complained about with '?', as one line of ours. It leaves optopt 0 for a long
 * name it does not know, and the number of an option it knows that was given a value it does not
 * take (only a long one can be). */
static int refuse(const uftp_option_table *table, const char *last, uftp_failure *failure)
{
    const uftp_option *known = find(table, optopt);
    if (optopt && known)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "option --%s takes no value", known->name);
    if (optopt)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "unknown option -%c; try '%s --help'",
                         optopt, table->program);
    return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                     "unknown or ambiguous option %.*s; try '%s --help'", (int)strcspn(last, "="),
                     last, table->program);
}

static int refuse_missing_value(const uftp_option_table *table, uftp_failure *failure)
{
    const uftp_option *option = find(table, optopt);
    char label[UFTP_OPTION_LABEL_MAX];
    return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "option %s needs a value (%s); try '%s --help'",
                     uftp_option_label(option, label), option->argument, table->program);
}

int uftp_option_scan(const uftp_option_table *table, int argc, char **argv,
                     int (*take)(void *ctx, const uftp_option_use *use, uftp_failure *failure),
                     void *ctx, uftp_action *action, int *operands, uftp_failure *failure)
{
    struct option longs[UFTP_OPTION_COUNT_MAX + 1] = {0};
    char letters[2 * UFTP_OPTION_COUNT_MAX + 2] =
        ":"; /* ':' first: a missing value is told apart */
    size_t at = 1;
    for (size_t i = 0; i < table->count && i < UFTP_OPTION_COUNT_MAX; i++) {
        const uftp_option *option = &table->items[i];
        longs[i] = (struct option){.name = option->name,
                                   .has_arg = option->argument ? required_argument : no_argument,
                                   .val = option->id};
        if (!has_letter(option))
            continue;
        letters[at++] = (char)option->id;
        if (option->argument)
            letters[at++] = ':';
    }

    *action = UFTP_ACTION_RUN;
    opterr = 0;
    optind = 0; /* start afresh: a test scans more than once */
    for (;;) {
        int id = getopt_long(argc, argv, letters, longs, NULL);
        if (id == -1)
            break;
        if (id == '?')
            return refuse(table, argv[optind - 1], failure);
        if (id == ':')
            return refuse_missing_value(table, failure);
        if (id == UFTP_OPTION_HELP || id == UFTP_OPTION_VERSION) {
            *action = id == UFTP_OPTION_HELP ? UFTP_ACTION_HELP : UFTP_ACTION_VERSION;
            break;
        }
        const uftp_option_use use = {.option = find(table, id), .value = optarg};
        int code = take(ctx, &use, failure);
        if (code)
            return code;
    }
    *operands = optind;
    return 0;
}

#define HELP_COLUMN 32

static void print_indented(const char *text, int column, FILE *out)
{
    for (;;) {
        size_t len = strcspn(text, "\n");
        fprintf(out, "%.*s\n", (int)len, text);
        if (!text[len])
            return;
        text += len + 1;
        fprintf(out, "%*s", column, "");
    }
}

static void print_option(const uftp_option *option, FILE *out)
{
    char head[128];
    int len = has_letter(option)
                  ? snprintf(head, sizeof head, "  -%c, --%s", option->id, option->name)
                  : snprintf(head, sizeof head, "      --%s", option->name);
    if (option->argument)
        len += snprintf(head + len, sizeof head - (size_t)len, " %s", option->argument);
    if (len < HELP_COLUMN - 1)
        fprintf(out, "%-*s", HELP_COLUMN, head);
    else
        fprintf(out, "%s\n%*s", head, HELP_COLUMN, "");

    char text[1024];
    if (option->fallback)
        snprintf(text, sizeof text, "%s [%s]", option->help, option->fallback);
    else
        snprintf(text, sizeof text, "%s", option->help);
    print_indented(text, HELP_COLUMN, out);
}

void uftp_option_help(const uftp_option_table *table, FILE *out)
{
    const char *synopsis = table->synopsis;
    for (const char *lead = "Usage:"; *synopsis; lead = "      ") {
        size_t len = strcspn(synopsis, "\n");
        fprintf(out, "%s %s %.*s\n", lead, table->program, (int)len, synopsis);
        synopsis += len + (synopsis[len] ? 1 : 0);
    }
    fprintf(out, "\n%s\n\nOptions, with the [default]:\n", table->summary);
    for (size_t i = 0; i < table->count; i++)
        print_option(&table->items[i], out);
}

void uftp_option_version(const uftp_option_table *table, FILE *out)
{
    fprintf(out, "%s (libuftp) %s\n", table->program, uftp_version());
}

int uftp_option_missing(const uftp_option_use *use, const char *what, uftp_failure *failure)
{
    char label[UFTP_OPTION_LABEL_MAX];
    return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "%s: %s is not implemented yet",
                     uftp_option_label(use->option, label), what);
}
