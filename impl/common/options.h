/* SPDX-License-Identifier: MIT
 *
 * The options of a program as one table. It feeds getopt_long(), --help and the manual, so that
 * none of them can say something else than the others.
 */
#ifndef UFTP_COMMON_OPTIONS_H
#define UFTP_COMMON_OPTIONS_H

#include "common/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct uftp_option {
    int id;               /* the short letter; from UFTP_OPTION_LONG_ONLY on: no short name */
    const char *name;     /* long name, without dashes; unique */
    const char *argument; /* what the value is called in the help; NULL: takes none */
    const char *fallback; /* the default, for the help; NULL: none */
    const char *help;     /* one sentence without full stop; '\n' starts a new line */
} uftp_option;

#define UFTP_OPTION_LONG_ONLY 256
enum { /* in every table */
       UFTP_OPTION_HELP = UFTP_OPTION_LONG_ONLY,
       UFTP_OPTION_VERSION,
       UFTP_OPTION_OWN /* the first number free for a program's own long options */
};

typedef struct uftp_option_table {
    const char *program;
    const char *synopsis; /* lines, each without the program's name, separated by '\n' */
    const char *summary;  /* what it does, one or more lines */
    const uftp_option *items;
    size_t count;
} uftp_option_table;

#define UFTP_OPTION_COUNT_MAX 96

/* One option as it was met. */
typedef struct uftp_option_use {
    const uftp_option *option;
    const char *value; /* NULL when it takes none */
} uftp_option_use;

typedef enum uftp_action { UFTP_ACTION_RUN, UFTP_ACTION_HELP, UFTP_ACTION_VERSION } uftp_action;

/* Calls `take` for each option in order and stops at the first that it or the grammar refuses
 * (spec cli 1). Operands are moved behind the options; *operands is the index of the first. --help
 * and --version end the scan at once and set *action. argv is reordered, nothing in it is changed,
 * and its strings must live as long as what `take` keeps of them. Returns 0 or an exit code. */
int uftp_option_scan(const uftp_option_table *table, int argc, char **argv,
                     int (*take)(void *ctx, const uftp_option_use *use, uftp_failure *failure),
                     void *ctx, uftp_action *action, int *operands, uftp_failure *failure);

/* "-R/--rate", "--share-port". */
#define UFTP_OPTION_LABEL_MAX 64
const char *uftp_option_label(const uftp_option *option, char out[UFTP_OPTION_LABEL_MAX]);

void uftp_option_help(const uftp_option_table *table, FILE *out);
void uftp_option_version(const uftp_option_table *table, FILE *out);
const char *uftp_version(void);

/* The refusal of an option that the reference has and we do not, yet. */
int uftp_option_missing(const uftp_option_use *use, const char *what, uftp_failure *failure);

#endif
