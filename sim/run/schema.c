/* SPDX-License-Identifier: MIT */
#include "run/schema.h"

#include "base/assert.h"
#include "engine/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void *member(void *object, const sim_field *field)
{
    return (char *)object + field->offset;
}

/* ---- scalars ---- */

static bool read_flag(const sim_yaml *at, bool *out)
{
    static const char *const names[2][3] = {{"false", "no", "off"}, {"true", "yes", "on"}};
    for (int value = 0; value < 2; value++)
        for (int i = 0; i < 3; i++)
            if (!at->quoted && strcmp(at->text, names[value][i]) == 0) {
                *out = value;
                return true;
            }
    return false;
}

static bool read_choice(const sim_field *field, const sim_yaml *at, int *out, char *error)
{
    char names[256] = "";
    size_t len = 0;
    for (const sim_choice *choice = field->choices; choice->name; choice++) {
        if (strcmp(choice->name, at->text) == 0) {
            *out = choice->value;
            return true;
        }
        int wrote = snprintf(names + len, sizeof names - len, "%s%s",
                             choice == field->choices ? "" : ", ", choice->name);
        UFTP_ASSERT(wrote > 0 && (size_t)wrote < sizeof names - len);
        len += (size_t)wrote;
    }
    return sim_yaml_refuse(at, error, "%s: '%s' is none of: %s", field->name, at->text, names);
}

static bool is_signed(sim_field_kind kind)
{
    return kind == SIM_FIELD_OFFSET || kind == SIM_FIELD_DRIFT;
}

static bool read_number(const sim_field *field, const sim_yaml *at, void *out, char *error)
{
    uint64_t value;
    bool negative = is_signed(field->kind) && at->text[0] == '-';
    if (!sim_value_parse(field->kind, at->text + negative, &value))
        return sim_yaml_refuse(at, error, "%s: '%s' is not %s", field->name, at->text,
                               sim_value_example(field->kind));
    uint64_t max = field->max ? field->max : is_signed(field->kind) ? INT64_MAX : UINT64_MAX;
    if (field->kind == SIM_FIELD_SHARE && !field->max)
        max = 1000000;
    if (value < field->min || value > max)
        return sim_yaml_refuse(at, error, "%s: %s is out of range", field->name, at->text);
    if (field->kind == SIM_FIELD_SHARE)
        *(uint32_t *)out = (uint32_t)value;
    else if (is_signed(field->kind))
        *(int64_t *)out = negative ? -(int64_t)value : (int64_t)value;
    else
        *(uint64_t *)out = value;
    return true;
}

static bool read_scalar(const sim_field *field, const sim_yaml *at, void *out, char *error)
{
    if (at->kind != SIM_YAML_SCALAR)
        return sim_yaml_refuse(at, error, "%s: expected %s", field->name,
                               sim_value_example(field->kind));
    if (field->kind == SIM_FIELD_TEXT) {
        *(const char **)out = at->text;
        return true;
    }
    if (field->kind == SIM_FIELD_CHOICE)
        return read_choice(field, at, out, error);
    if (field->kind == SIM_FIELD_FLAG)
        return read_flag(at, out) ||
               sim_yaml_refuse(at, error, "%s: '%s' is not true or false", field->name, at->text);
    return read_number(field, at, out, error);
}

/* ---- mappings ---- */

/* An "a" for a "b", one letter more, or one less. */
static bool nearly_the_same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    if (!*a && !*b)
        return false;
    return (*a && *b && strcmp(a + 1, b + 1) == 0) || (*a && strcmp(a + 1, b) == 0) ||
           (*b && strcmp(a, b + 1) == 0) ||
           (*a && *b && a[0] == b[1] && a[1] == b[0] && strcmp(a + 2, b + 2) == 0);
}

static bool refuse_name(const sim_schema *schema, const sim_yaml *map, size_t index, char *error)
{
    sim_yaml at = *map;
    if (map->name_lines[index]) {
        at.line = map->name_lines[index];
        at.column = map->name_columns[index];
    } else {
        at.line = 0;
        at.file = "--set";
    }
    const char *name = map->names[index];
    for (size_t i = 0; i < schema->count; i++)
        if (nearly_the_same(name, schema->fields[i].name))
            return sim_yaml_refuse(&at, error, "%s has no '%s'; is '%s' meant?", schema->name, name,
                                   schema->fields[i].name);
    return sim_yaml_refuse(&at, error, "%s has no '%s'", schema->name, name);
}

static bool read_list(const sim_field *field, const sim_yaml *at, sim_list *out, char *error)
{
    const sim_schema *schema = field->schema;
    if (at->kind == SIM_YAML_SCALAR)
        return sim_yaml_refuse(at, error, "%s: expected %s", field->name,
                               sim_value_example(SIM_FIELD_LIST));
    size_t count = at->kind == SIM_YAML_LIST ? at->count : 1;
    out->items = sim_allocate(count * schema->size + 1);
    for (size_t i = 0; i < count; i++) {
        const sim_yaml *item = at->kind == SIM_YAML_LIST ? at->items[i] : at;
        out->count = i + 1; /* so that a half-read one is freed, too */
        if (!sim_schema_read(schema, item, (char *)out->items + i * schema->size, error))
            return false;
    }
    return true;
}

static const sim_field *find_field(const sim_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->count; i++)
        if (strcmp(schema->fields[i].name, name) == 0)
            return &schema->fields[i];
    return NULL;
}

bool sim_schema_read(const sim_schema *schema, const sim_yaml *map, void *out,
                     char error[SIM_YAML_ERROR_MAX])
{
    if (map->kind != SIM_YAML_MAP)
        return sim_yaml_refuse(map, error, "%s is written as a mapping of keys to values",
                               schema->name);
    ((sim_mark *)out)->at = map;
    for (size_t i = 0; i < map->count; i++) {
        const sim_field *field = find_field(schema, map->names[i]);
        const sim_yaml *item = map->items[i];
        if (!field)
            return refuse_name(schema, map, i, error);
        bool read = field->kind == SIM_FIELD_OBJECT
                        ? sim_schema_read(field->schema, item, member(out, field), error)
                    : field->kind == SIM_FIELD_LIST
                        ? read_list(field, item, member(out, field), error)
                        : read_scalar(field, item, member(out, field), error);
        if (!read)
            return false;
    }
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].required && !sim_yaml_find(map, schema->fields[i].name))
            return sim_yaml_refuse(map, error, "%s needs '%s'", schema->name,
                                   schema->fields[i].name);
    return true;
}

void sim_schema_free(const sim_schema *schema, void *out)
{
    for (size_t i = 0; i < schema->count; i++) {
        const sim_field *field = &schema->fields[i];
        if (field->kind == SIM_FIELD_OBJECT)
            sim_schema_free(field->schema, member(out, field));
        if (field->kind != SIM_FIELD_LIST)
            continue;
        sim_list *list = member(out, field);
        for (size_t item = 0; item < list->count; item++)
            sim_schema_free(field->schema, (char *)list->items + item * field->schema->size);
        sim_release(list->items);
        *list = (sim_list){0};
    }
}
