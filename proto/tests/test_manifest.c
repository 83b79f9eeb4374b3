/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "transfer/manifest.h"

#include <stdlib.h>
#include <string.h>

/* A tree as a list of paths; '/' at the end: directory, '@': link, '|': pipe, else a file whose
 * size is its name's length. */
static const char *const tree[] = {
    "src/", "src/a.txt", "src/sub/", "src/sub/deep", "src/empty/", "src/link@", "src/pipe|", "f1",
};

struct uftp_source_dir {
    char prefix[300];
    size_t at;
};

static size_t open_dirs;

static const char *find(const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < sizeof tree / sizeof *tree; i++)
        if (strncmp(tree[i], path, len) == 0 &&
            (tree[i][len] == '\0' || (strchr("/@|", tree[i][len]) && tree[i][len + 1] == '\0')))
            return tree[i];
    return NULL;
}

static const char *relative(const char *path)
{
    return strncmp(path, "/data/", 6) == 0 ? path + 6 : path;
}

static int tree_stat(void *ctx, const char *path, bool follow, uftp_stat *out)
{
    (void)ctx;
    const char *entry = find(relative(path));
    if (!entry)
        return UFTP_ERR_NOT_FOUND;
    size_t len = strlen(entry);
    char last = entry[len - 1];
    *out = (uftp_stat){.type = UFTP_STAT_REGULAR, .size = len, .mtime = 1700000000};
    if (last == '/')
        out->type = UFTP_STAT_DIRECTORY;
    else if (last == '@' && !follow)
        out->type = UFTP_STAT_SYMLINK;
    else if (last == '|')
        out->type = UFTP_STAT_OTHER;
    return UFTP_OK;
}

static int tree_readlink(void *ctx, const char *path, char *out, size_t capacity)
{
    (void)ctx;
    (void)path;
    if (capacity < 9)
        return UFTP_ERR_LIMIT;
    memcpy(out, "../f1", 6);
    return UFTP_OK;
}

static int tree_opendir(void *ctx, const char *path, uftp_source_dir **out)
{
    (void)ctx;
    *out = calloc(1, sizeof **out);
    strcpy((*out)->prefix, relative(path));
    open_dirs++;
    return UFTP_OK;
}

static int tree_readdir(void *ctx, uftp_source_dir *dir, const char **name)
{
    (void)ctx;
    static char entry[300];
    size_t len = strlen(dir->prefix);
    while (dir->at < sizeof tree / sizeof *tree) {
        const char *path = tree[dir->at++];
        if (strncmp(path, dir->prefix, len) || path[len] != '/' || path[len + 1] == '\0')
            continue;
        const char *rest = path + len + 1;
        const char *slash = strchr(rest, '/');
        if (slash && slash[1] != '\0')
            continue;
        size_t n = strcspn(rest, "/@|");
        memcpy(entry, rest, n);
        entry[n] = '\0';
        *name = entry;
        return 1;
    }
    return 0;
}

static void tree_closedir(void *ctx, uftp_source_dir *dir)
{
    (void)ctx;
    free(dir);
    open_dirs--;
}

static const uftp_source source = {.stat = tree_stat,
                                   .readlink = tree_readlink,
                                   .opendir = tree_opendir,
                                   .readdir = tree_readdir,
                                   .closedir = tree_closedir};

/* "type:name" of all objects, or "!path:why", separated by blanks. */
static const char *walk(uftp_manifest_config config)
{
    static char text[2000];
    static uftp_manifest manifest;
    static uftp_object object;
    text[0] = '\0';
    config.source = &source;
    uftp_manifest_init(&manifest, &config);
    while (uftp_manifest_next(&manifest, &object) > 0) {
        if (text[0])
            strcat(text, " ");
        if (object.skipped) {
            strcat(strcat(strcat(strcat(text, "!"), object.path), ":"), object.skipped);
            continue;
        }
        char type[3] = {(char)('0' + object.file_type), ':', '\0'};
        strcat(strcat(text, type), object.name);
        if (object.link[0])
            strcat(strcat(text, ">"), object.link);
    }
    uftp_manifest_end(&manifest);
    assert_int_equal(open_dirs, 0);
    return text;
}

#define WALK(...) walk((uftp_manifest_config){__VA_ARGS__})
#define PATHS(...) \
    .operands = (const char *const[]){__VA_ARGS__}, \
    .operand_count = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

static void directories_are_walked_and_empty_ones_sent(void **state)
{
    (void)state;
    assert_string_equal(
        WALK(PATHS("src", "/data/f1")),
        "0:src/a.txt 0:src/sub/deep 1:src/empty 2:src/link>../f1 !src/pipe:Skipping special file "
        "0:f1");
    assert_string_equal(WALK(PATHS("src/link"), .follow_links = true), "0:link");
    assert_string_equal(WALK(PATHS("src/"),
                             .excludes = (const char *const[]){"src/sub", "src/pipe"},
                             .exclude_count = 2),
                        "0:src/a.txt 1:src/empty 2:src/link>../f1");
}

/* Spec cli 2: -D names one object and is a directory for several; -o makes it one for a single. */
static void destination_name_renames_or_prefixes(void **state)
{
    (void)state;
    assert_string_equal(WALK(PATHS("/data/f1"), .destination_name = "new"), "0:new");
    assert_string_equal(WALK(PATHS("/data/f1"), .destination_name = "new/"), "0:new");
    assert_string_equal(
        WALK(PATHS("f1"), .destination_name = "d", .destination_is_directory = true), "0:d/f1");
    assert_string_equal(WALK(PATHS("f1", "src/a.txt"), .destination_name = "/abs"),
                        "0:/abs/f1 0:/abs/a.txt");
    assert_string_equal(WALK(PATHS("src/sub"), .destination_name = "tree"), "0:tree/deep");
}

/* The reference leaves "/f1" behind a base "/data": an absolute name, which receivers reject. */
static void base_directories_leave_no_leading_slash(void **state)
{
    (void)state;
    assert_string_equal(WALK(PATHS("/data/src/sub/deep", "f1"),
                             .base_dirs = (const char *const[]){"/else", "/data"},
                             .base_dir_count = 2),
                        "0:src/sub/deep !f1:doesn't match any base");
    assert_string_equal(WALK(PATHS("/data/src/sub/deep", "/data/f1"),
                             .base_dirs = (const char *const[]){"/data/"}, .base_dir_count = 1,
                             .destination_name = "pre"),
                        "0:pre/src/sub/deep 0:pre/f1");
}

static void pseudo_names_ask_for_delete_and_free_space(void **state)
{
    (void)state;
    assert_string_equal(WALK(PATHS("@DELETE:old/gone", "@FREESPACE", "@DELETE:")),
                        "3:gone 4:. !@DELETE::empty name");
    assert_string_equal(WALK(PATHS("@DELETE:x"), .destination_name = "old/gone"), "3:old/gone");
}

static void what_cannot_be_sent_is_skipped_and_the_rest_goes_on(void **state)
{
    (void)state;
    char lengthy[400];
    memset(lengthy, 'x', 310);
    lengthy[310] = '\0';
    assert_non_null(
        strstr(WALK(PATHS("f1"), .destination_name = lengthy), "Max pathname length exceeded"));
    assert_string_equal(WALK(PATHS("absent", "f1")), "!absent:no such file or directory 0:f1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directories_are_walked_and_empty_ones_sent),
        cmocka_unit_test(destination_name_renames_or_prefixes),
        cmocka_unit_test(base_directories_leave_no_leading_slash),
        cmocka_unit_test(pseudo_names_ask_for_delete_and_free_space),
        cmocka_unit_test(what_cannot_be_sent_is_skipped_and_the_rest_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
