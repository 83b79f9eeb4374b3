/* SPDX-License-Identifier: MIT
 *
 * A YAML file as a tree that remembers where each piece stood, so that whoever finds fault with a
 * piece can say "satellite.yaml:12:9". Overrides from the command line are put into the same tree.
 */
#ifndef SIM_RUN_YAML_H
#define SIM_RUN_YAML_H

#include <stdbool.h>
#include <stddef.h>

typedef enum sim_yaml_kind { SIM_YAML_SCALAR, SIM_YAML_LIST, SIM_YAML_MAP } sim_yaml_kind;

typedef struct sim_yaml sim_yaml;

struct sim_yaml {
    sim_yaml_kind kind;
    const char *file;    /* or "--set"; lives as long as the tree's owner keeps it */
    size_t line, column; /* from 1; 0 when it came from the command line */
    char *text;          /* of a scalar */
    bool quoted;
    sim_yaml **items;                  /* of a list or a map */
    char **names;                      /* of a map, as many as items */
    size_t *name_lines, *name_columns; /* where the names stand */
    size_t count, capacity;
};

#define SIM_YAML_ERROR_MAX 512

/* "FILE:LINE:COLUMN: ..." in `error` and NULL when the file cannot be read. `name` is what messages
 * call it and outlives the tree. */
sim_yaml *sim_yaml_read(const char *path, const char *name, char error[SIM_YAML_ERROR_MAX]);
sim_yaml *sim_yaml_parse(const char *text, size_t len, const char *name,
                         char error[SIM_YAML_ERROR_MAX]);
void sim_yaml_free(sim_yaml *tree);

sim_yaml *sim_yaml_find(const sim_yaml *map, const char *name); /* or NULL */

/* "receivers.loss=2%": replaces or adds what is at the path; the value is YAML. A component of the
 * path that is a number picks from a list; any other goes into all elements of a list. */
bool sim_yaml_set(sim_yaml *tree, const char *assignment, char error[SIM_YAML_ERROR_MAX]);

/* Writes "file:line:column: " and the message. Always returns false. */
bool sim_yaml_refuse(const sim_yaml *at, char error[SIM_YAML_ERROR_MAX], const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
