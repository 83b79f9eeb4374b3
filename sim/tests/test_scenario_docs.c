/* SPDX-License-Identifier: MIT
 *
 * docs/scenario-files.md against the tables that scenarios are read by: each mapping has a section,
 * each key a row with the kind of its value, its choices in order and whether it is required, and
 * no row is about a key that is not there.
 */
#include "expect.h"

#include "run/scenario.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE UFTP_SOURCE_DIR "/docs/scenario-files.md"
#define TEXT 1000
#define SCHEMAS_MAX 64

static char *page;

static void read_page(void)
{
    FILE *file = fopen(PAGE, "rb");
    assert_non_null(file);
    const size_t max = 1 << 20;
    page = calloc(1, max);
    assert_non_null(page);
    assert_true(fread(page, 1, max - 1, file) < max - 1);
    fclose(file);
}

/* What follows a heading, up to the next one; the caller frees. */
static char *section(const char *name)
{
    char heading[TEXT];
    snprintf(heading, sizeof heading, "\n## %c%s\n", toupper((unsigned char)*name), name + 1);
    const char *from = strstr(page, heading);
    if (!from)
        fail_msg("%s has no section \"%s\"", PAGE, heading + 1);
    const char *to = strstr(from + 1, "\n## ");
    return strndup(from, to ? (size_t)(to - from + 1) : strlen(from));
}

/* The second cell of a key's row, as it has to be. */
static void cell_of(char out[TEXT], const sim_field *field)
{
    static const char *const words[] = {[SIM_FIELD_FLAG] = "yes or no",
                                        [SIM_FIELD_COUNT] = "number",
                                        [SIM_FIELD_SIZE] = "size",
                                        [SIM_FIELD_TIME] = "time",
                                        [SIM_FIELD_RATE] = "rate",
                                        [SIM_FIELD_SHARE] = "share",
                                        [SIM_FIELD_OFFSET] = "time, also negative",
                                        [SIM_FIELD_DRIFT] = "share, also negative",
                                        [SIM_FIELD_TEXT] = "text"};
    size_t len = 0;
    if (field->kind == SIM_FIELD_CHOICE) {
        for (const sim_choice *choice = field->choices; choice->name; choice++)
            len += (size_t)snprintf(out + len, TEXT - len, "%s`%s`", len ? ", " : "", choice->name);
    } else if (field->kind == SIM_FIELD_OBJECT || field->kind == SIM_FIELD_LIST) {
        const char *name = field->schema->name;
        len = (size_t)snprintf(out, TEXT, "[%s](#%s)%s", name, name,
                               field->kind == SIM_FIELD_LIST ? ", or a list" : "");
        char *anchor = strchr(out, '#');
        for (; *anchor && *anchor != ')'; anchor++)
            *anchor = *anchor == ' ' ? '-' : *anchor;
    } else {
        len = (size_t)snprintf(out, TEXT, "%s", words[field->kind]);
    }
    assert_true(len < TEXT);
}

static void expect_row(const char *text, const sim_schema *schema, const sim_field *field)
{
    char value[TEXT], row[2 * TEXT];
    cell_of(value, field);
    snprintf(row, sizeof row, "\n| `%s` | %s | ", field->name, value);
    const char *at = strstr(text, row);
    if (!at)
        fail_msg("%s: %s needs a row \"%s...\"", PAGE, schema->name, row + 1);
    const char *end = strchr(at + 1, '\n');
    const char *required = strstr(at, "**required**");
    if ((required && required < end) != field->required)
        fail_msg("%s: %s: `%s` is %srequired", PAGE, schema->name, field->name,
                 field->required ? "" : "not ");
}

/* Each row of the table of keys, which is the first, is about one of them. */
static size_t count_rows(const char *text)
{
    size_t rows = 0;
    const char *at = strstr(text, "|---|---|---|\n");
    assert_non_null(at);
    for (at = strchr(at, '\n') + 1; *at == '|'; at = strchr(at, '\n') + 1)
        rows++;
    return rows;
}

static void check(const sim_schema *schema, const sim_schema **seen, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        if (seen[i] == schema)
            return;
    assert_true(*count < SCHEMAS_MAX);
    seen[(*count)++] = schema;
    char *text = section(schema->name);
    for (size_t i = 0; i < schema->count; i++)
        expect_row(text, schema, &schema->fields[i]);
    if (count_rows(text) != schema->count)
        fail_msg("%s: %s has %d rows for %d keys", PAGE, schema->name, (int)count_rows(text),
                 (int)schema->count);
    free(text);
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].schema)
            check(schema->fields[i].schema, seen, count);
}

static void every_key_has_its_row(void **state)
{
    (void)state;
    const sim_schema *seen[SCHEMAS_MAX];
    size_t count = 0, sections = 0;
    read_page();
    check(sim_scenario_keys, seen, &count);
    for (const char *at = page; (at = strstr(at, "\n## ")); at++)
        sections++;
    assert_int_equal(sections, count);
    free(page);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(every_key_has_its_row),
};

SIM_TEST_MAIN(tests)
