/* SPDX-License-Identifier: MIT */
#include "run/yaml.h"

#include "engine/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* A scenario is written by hand: what is larger than this is a mistake, or an alias bomb. */
#define FILE_BYTES_MAX (1u << 20)
#define PIECES_MAX 200000
#define DEPTH_MAX 32

bool sim_yaml_refuse(const sim_yaml *at, char error[SIM_YAML_ERROR_MAX], const char *format, ...)
{
    int len = at->line ? snprintf(error, SIM_YAML_ERROR_MAX, "%s:%zu:%zu: ", at->file, at->line,
                                  at->column)
                       : snprintf(error, SIM_YAML_ERROR_MAX, "%s: ", at->file);
    va_list arguments;
    va_start(arguments, format);
    if (len >= 0 && len < SIM_YAML_ERROR_MAX)
        vsnprintf(error + len, SIM_YAML_ERROR_MAX - (size_t)len, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- the tree ---- */

static sim_yaml *piece_new(sim_yaml_kind kind, const char *file, size_t line, size_t column)
{
    sim_yaml *piece = sim_allocate(sizeof *piece);
    *piece = (sim_yaml){.kind = kind, .file = file, .line = line, .column = column};
    return piece;
}

void sim_yaml_free(sim_yaml *tree)
{
    if (!tree)
        return;
    for (size_t i = 0; i < tree->count; i++) {
        sim_yaml_free(tree->items[i]);
        if (tree->names)
            sim_release(tree->names[i]);
    }
    sim_release(tree->items);
    sim_release(tree->names);
    sim_release(tree->name_lines);
    sim_release(tree->name_columns);
    sim_release(tree->text);
    sim_release(tree);
}

/* Room for one more; its slots are filled by the caller, who then counts it. */
static void grow(sim_yaml *piece)
{
    if (piece->count < piece->capacity)
        return;
    piece->capacity = piece->capacity ? 2 * piece->capacity : 8;
    piece->items = sim_reallocate(piece->items, piece->capacity * sizeof *piece->items);
    if (piece->kind != SIM_YAML_MAP)
        return;
    piece->names = sim_reallocate(piece->names, piece->capacity * sizeof *piece->names);
    piece->name_lines =
        sim_reallocate(piece->name_lines, piece->capacity * sizeof *piece->name_lines);
    piece->name_columns =
        sim_reallocate(piece->name_columns, piece->capacity * sizeof *piece->name_columns);
}

static void append(sim_yaml *list, sim_yaml *item)
{
    grow(list);
    list->items[list->count++] = item;
}

static void append_named(sim_yaml *map, const char *name, size_t line, size_t column,
                         sim_yaml *item)
{
    grow(map);
    map->names[map->count] = sim_copy_text(name);
    map->name_lines[map->count] = line;
    map->name_columns[map->count] = column;
    map->items[map->count++] = item;
}

static size_t place_of(const sim_yaml *map, const char *name)
{
    size_t i = 0;
    while (i < map->count && strcmp(map->names[i], name) != 0)
        i++;
    return i;
}

sim_yaml *sim_yaml_find(const sim_yaml *map, const char *name)
{
    size_t at = map->kind == SIM_YAML_MAP ? place_of(map, name) : map->count;
    return at < map->count ? map->items[at] : NULL;
}

/* ---- from libyaml's document ---- */

typedef struct reading {
    yaml_document_t document;
    const char *name;
    bool positions; /* false: from the command line */
    size_t pieces;
    char *error;
} reading;

static sim_yaml *convert(reading *r, int index, size_t depth);

static sim_yaml *give_up(sim_yaml *piece, char *error, const char *why)
{
    sim_yaml_refuse(piece, error, "%s", why);
    sim_yaml_free(piece);
    return NULL;
}

static bool convert_pair(reading *r, sim_yaml *map, const yaml_node_pair_t *pair, size_t depth)
{
    const yaml_node_t *key = yaml_document_get_node(&r->document, pair->key);
    sim_yaml at = {.file = r->name};
    if (r->positions) {
        at.line = key->start_mark.line + 1;
        at.column = key->start_mark.column + 1;
    }
    if (key->type != YAML_SCALAR_NODE)
        return sim_yaml_refuse(&at, r->error, "a key must be a word");
    const char *name = (const char *)key->data.scalar.value;
    if (place_of(map, name) < map->count)
        return sim_yaml_refuse(&at, r->error, "'%s' is given twice", name);
    sim_yaml *item = convert(r, pair->value, depth + 1);
    if (item)
        append_named(map, name, at.line, at.column, item);
    return item != NULL;
}

static bool convert_items(reading *r, sim_yaml *piece, const yaml_node_t *node, size_t depth)
{
    if (node->type == YAML_SEQUENCE_NODE) {
        for (const yaml_node_item_t *item = node->data.sequence.items.start;
             item < node->data.sequence.items.top; item++) {
            sim_yaml *converted = convert(r, *item, depth + 1);
            if (!converted)
                return false;
            append(piece, converted);
        }
        return true;
    }
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++)
        if (!convert_pair(r, piece, pair, depth))
            return false;
    return true;
}

static sim_yaml *convert(reading *r, int index, size_t depth)
{
    const yaml_node_t *node = yaml_document_get_node(&r->document, index);
    sim_yaml_kind kind = node->type == YAML_SEQUENCE_NODE  ? SIM_YAML_LIST
                         : node->type == YAML_MAPPING_NODE ? SIM_YAML_MAP
                                                           : SIM_YAML_SCALAR;
    sim_yaml *piece = piece_new(kind, r->name, r->positions ? node->start_mark.line + 1 : 0,
                                r->positions ? node->start_mark.column + 1 : 0);
    if (depth > DEPTH_MAX || ++r->pieces > PIECES_MAX)
        return give_up(piece, r->error, "too much: is an alias inside itself?");
    if (kind == SIM_YAML_SCALAR) {
        if (strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
            return give_up(piece, r->error, "a NUL inside a text");
        piece->text = sim_copy_text((const char *)node->data.scalar.value);
        piece->quoted = node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        return piece;
    }
    if (convert_items(r, piece, node, depth))
        return piece;
    sim_yaml_free(piece);
    return NULL;
}

static sim_yaml *parse(const char *text, size_t len, reading *r)
{
    yaml_parser_t parser;
    sim_yaml at = {.file = r->name, .line = 1, .column = 1};
    sim_yaml *tree = NULL;
    if (!yaml_parser_initialize(&parser)) {
        sim_yaml_refuse(&at, r->error, "out of memory");
        return NULL;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    if (!yaml_parser_load(&parser, &r->document)) {
        if (r->positions) {
            at.line = parser.problem_mark.line + 1;
            at.column = parser.problem_mark.column + 1;
        } else {
            at.line = 0;
        }
        sim_yaml_refuse(&at, r->error, "%s%s%s", parser.problem ? parser.problem : "not YAML",
                        parser.context ? " " : "", parser.context ? parser.context : "");
    } else {
        if (yaml_document_get_root_node(&r->document))
            tree = convert(r, 1, 0);
        else
            sim_yaml_refuse(&at, r->error, "the file is empty");
        yaml_document_delete(&r->document);
    }
    yaml_parser_delete(&parser);
    return tree;
}

sim_yaml *sim_yaml_parse(const char *text, size_t len, const char *name,
                         char error[SIM_YAML_ERROR_MAX])
{
    reading r = {.name = name, .positions = true, .error = error};
    return parse(text, len, &r);
}

sim_yaml *sim_yaml_read(const char *path, const char *name, char error[SIM_YAML_ERROR_MAX])
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        snprintf(error, SIM_YAML_ERROR_MAX, "%s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = sim_allocate(FILE_BYTES_MAX + 1);
    size_t len = fread(text, 1, FILE_BYTES_MAX + 1, file);
    bool failed = ferror(file);
    fclose(file);
    sim_yaml *tree = NULL;
    if (failed || len > FILE_BYTES_MAX)
        snprintf(error, SIM_YAML_ERROR_MAX, "%s: %s", path,
                 failed ? "cannot be read" : "too large for a scenario");
    else
        tree = sim_yaml_parse(text, len, name, error);
    sim_release(text);
    return tree;
}

/* ---- overrides ---- */

static sim_yaml *copy_piece(const sim_yaml *piece)
{
    sim_yaml *copy = piece_new(piece->kind, piece->file, piece->line, piece->column);
    copy->text = sim_copy_text(piece->text);
    copy->quoted = piece->quoted;
    for (size_t i = 0; i < piece->count; i++) {
        sim_yaml *item = copy_piece(piece->items[i]);
        if (piece->kind == SIM_YAML_MAP)
            append_named(copy, piece->names[i], piece->name_lines[i], piece->name_columns[i], item);
        else
            append(copy, item);
    }
    return copy;
}

static bool set_below(sim_yaml *piece, char *path, const sim_yaml *value, char *error);

/* Puts a copy of the value into a slot, or goes on below it. */
static bool set_slot(sim_yaml **slot, char *rest, const sim_yaml *value, char *error)
{
    if (rest)
        return set_below(*slot, rest, value, error);
    sim_yaml_free(*slot);
    *slot = copy_piece(value);
    return true;
}

static bool set_in_list(sim_yaml *list, char *path, char *rest, const sim_yaml *value, char *error)
{
    char *end;
    errno = 0;
    unsigned long index = strtoul(path, &end, 10);
    if (end != path && !*end) {
        if (errno || index >= list->count)
            return sim_yaml_refuse(value, error, "there are %zu elements, no number %s",
                                   list->count, path);
        return set_slot(&list->items[index], rest, value, error);
    }
    if (rest) /* give the text back as it was: each element walks it anew */
        rest[-1] = '.';
    for (size_t i = 0; i < list->count; i++) {
        char *again = sim_copy_text(path);
        bool done = set_below(list->items[i], again, value, error);
        sim_release(again);
        if (!done)
            return false;
    }
    return true;
}

static bool set_below(sim_yaml *piece, char *path, const sim_yaml *value, char *error)
{
    char *rest = strchr(path, '.');
    if (rest)
        *rest++ = '\0';
    if (piece->kind == SIM_YAML_LIST)
        return set_in_list(piece, path, rest, value, error);
    if (piece->kind != SIM_YAML_MAP)
        return sim_yaml_refuse(value, error, "'%s': what is there has no parts", path);
    size_t at = place_of(piece, path);
    if (at == piece->count)
        append_named(piece, path, 0, 0, piece_new(SIM_YAML_MAP, value->file, 0, 0));
    return set_slot(&piece->items[at], rest, value, error);
}

bool sim_yaml_set(sim_yaml *tree, const char *assignment, char error[SIM_YAML_ERROR_MAX])
{
    const char *equals = strchr(assignment, '=');
    sim_yaml at = {.file = "--set"};
    if (!equals || equals == assignment)
        return sim_yaml_refuse(&at, error, "'%s' is not KEY=VALUE", assignment);
    reading r = {.name = "--set", .error = error};
    sim_yaml *value = parse(equals + 1, strlen(equals + 1), &r);
    if (!value)
        return false;
    char *path = sim_copy_text(assignment);
    path[equals - assignment] = '\0';
    bool done = set_below(tree, path, value, error);
    sim_release(path);
    sim_yaml_free(value);
    return done;
}
