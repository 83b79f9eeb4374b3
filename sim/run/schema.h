/* SPDX-License-Identifier: MIT
 *
 * What may stand in a scenario, as tables: each field of a mapping has a name, a kind and a place
 * in a struct. The reader fills the struct, or refuses with line and column. Values carry their
 * units: "250ms", "50MB", "10Mbit/s", "1%".
 */
#ifndef SIM_RUN_SCHEMA_H
#define SIM_RUN_SCHEMA_H

#include "run/yaml.h"

#include <stdint.h>

typedef enum sim_field_kind {
    SIM_FIELD_FLAG,   /* bool: true, false, yes, no, on, off */
    SIM_FIELD_COUNT,  /* uint64_t: 1000, 10k, 2M */
    SIM_FIELD_SIZE,   /* uint64_t bytes: 1300, 64kB (1000), 64KiB (1024), 50MB */
    SIM_FIELD_TIME,   /* uint64_t ns: 250ms, 1.5s, 10min, 2h */
    SIM_FIELD_RATE,   /* uint64_t bytes/s: 500kB/s, 10Mbit/s, unlimited */
    SIM_FIELD_SHARE,  /* uint32_t of a million: 1%, 0.01, 250ppm */
    SIM_FIELD_OFFSET, /* int64_t ns: 250ms, -9h; min and max are about its size */
    SIM_FIELD_DRIFT,  /* int64_t of a million: 50ppm, -1%; the same */
    SIM_FIELD_TEXT,   /* const char * */
    SIM_FIELD_CHOICE, /* int, by name */
    SIM_FIELD_OBJECT, /* a struct, in its place */
    SIM_FIELD_LIST    /* sim_list: a list of mappings, or one mapping alone */
} sim_field_kind;

typedef struct sim_choice {
    const char *name;
    int value;
} sim_choice;

typedef struct sim_schema sim_schema;

typedef struct sim_field {
    const char *name;
    sim_field_kind kind;
    size_t offset;
    bool required;
    uint64_t min, max;         /* of a number; max 0: no limit */
    const sim_choice *choices; /* ended by a NULL name */
    const sim_schema *schema;  /* of an object, or of a list's elements */
} sim_field;

struct sim_schema {
    const char *name; /* "a receiver", for messages */
    size_t size;      /* of the struct */
    const sim_field *fields;
    size_t count;
};

/* First in every struct that a schema fills. */
typedef struct sim_mark {
    const sim_yaml *at; /* where it was read from; NULL: it was not given */
} sim_mark;

typedef struct sim_list {
    void *items; /* an array of structs */
    size_t count;
} sim_list;

/* Fills `out`, which is zero or holds defaults. Texts point into the tree; the lists are freed with
 * sim_schema_free(). */
bool sim_schema_read(const sim_schema *schema, const sim_yaml *map, void *out,
                     char error[SIM_YAML_ERROR_MAX]);
void sim_schema_free(const sim_schema *schema, void *out);

/* One value, for the reader and for options. False when the text is not such a value. */
bool sim_value_parse(sim_field_kind kind, const char *text, uint64_t *out);
/* "a time, such as 250ms". */
const char *sim_value_example(sim_field_kind kind);

#endif
