/* SPDX-License-Identifier: MIT */
#include "store_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* cmocka hands a test no parameter but its state: the factory of the run that is under way. */
static const store_suite_factory *current;

typedef struct bench {
    void *fixture;
    const uftp_store *store;
} bench;

static int bench_open(void **state)
{
    bench *b = calloc(1, sizeof *b);
    *state = b;
    return !b || current->open(&b->fixture, &b->store) ? -1 : 0;
}

static int bench_close(void **state)
{
    bench *b = *state;
    current->close(b->fixture);
    free(b);
    return 0;
}

static uftp_place at(const char *name)
{
    return (uftp_place){.root = 0, .name = name};
}

static uftp_place in_temp(const char *name)
{
    return (uftp_place){.root = UFTP_ROOT_TEMP, .name = name};
}

/* ---- the table's verbs, with names instead of places ---- */

static int lookup(const bench *b, const char *name, uftp_stat *out)
{
    uftp_stat unused;
    uftp_place place = at(name);
    return b->store->lookup(b->store->ctx, &place, out ? out : &unused);
}

static int create(const bench *b, const char *name, bool keep, uftp_store_file **file)
{
    uftp_place place = at(name);
    return b->store->create(b->store->ctx, &place, 100, keep, file);
}

static int write_text(const bench *b, uftp_store_file *file, uint64_t offset, const char *text)
{
    uint8_t bytes[64];
    size_t len = strlen(text);
    assert_true(len <= sizeof bytes);
    memcpy(bytes, text, len);
    const uftp_slice slice = {.data = bytes, .len = len};
    return b->store->write(b->store->ctx, file, offset, &slice, 1);
}

static int commit(const bench *b, uftp_store_file *file, const char *name)
{
    uftp_place place = at(name);
    return b->store->commit(b->store->ctx, file, &place, 0, false);
}

static int make_dir(const bench *b, const char *name)
{
    uftp_place place = at(name);
    return b->store->mkdir(b->store->ctx, &place);
}

static int make_link(const bench *b, const char *name, const char *target)
{
    uftp_place place = at(name);
    return b->store->symlink(b->store->ctx, &place, target);
}

static int remove_at(const bench *b, const char *name)
{
    uftp_place place = at(name);
    return b->store->remove(b->store->ctx, &place);
}

static int move(const bench *b, const char *from, const char *to)
{
    uftp_place source = at(from), target = at(to);
    return b->store->move(b->store->ctx, &source, &target);
}

static int back_up(const bench *b, const char *name)
{
    uftp_place place = at(name);
    return b->store->backup(b->store->ctx, &place, UINT64_C(1795212000000000));
}

static void put(const bench *b, const char *name, const char *text)
{
    uftp_store_file *file;
    assert_int_equal(create(b, name, false, &file), UFTP_OK);
    assert_int_equal(write_text(b, file, 0, text), UFTP_OK);
    assert_int_equal(commit(b, file, name), UFTP_OK);
}

/* ---- what must then be there ---- */

static void expect_missing(const bench *b, const char *name)
{
    assert_int_equal(lookup(b, name, NULL), UFTP_ERR_NOT_FOUND);
}

static void expect_type(const bench *b, const char *name, uftp_stat_type type)
{
    uftp_stat st;
    assert_int_equal(lookup(b, name, &st), UFTP_OK);
    assert_int_equal(st.type, type);
}

static void expect_bytes(const bench *b, const char *name, const void *bytes, size_t len)
{
    uint8_t content[4096];
    size_t content_len = 0;
    uftp_place place = at(name);
    expect_type(b, name, UFTP_STAT_REGULAR);
    assert_int_equal(current->read(b->fixture, &place, content, sizeof content, &content_len), 0);
    assert_int_equal(content_len, len);
    if (len)
        assert_memory_equal(content, bytes, len);
}

static void expect_text(const bench *b, const char *name, const char *text)
{
    expect_bytes(b, name, text, strlen(text));
}

static void expect_link(const bench *b, const char *name, const char *target)
{
    char text[256];
    uftp_place place = at(name);
    expect_type(b, name, UFTP_STAT_SYMLINK);
    assert_int_equal(current->readlink(b->fixture, &place, text, sizeof text), 0);
    assert_string_equal(text, target);
}

/* ---- looking ---- */

static void nothing_is_found_in_an_empty_store(void **state)
{
    const bench *b = *state;
    expect_missing(b, "a");
    expect_missing(b, "no/such/parent");
}

/* The empty name is the root itself: @FREESPACE and absolute names ask for it. */
static void the_root_is_a_directory(void **state)
{
    const bench *b = *state;
    expect_type(b, "", UFTP_STAT_DIRECTORY);
    uftp_place temp = in_temp("");
    uftp_stat st;
    assert_int_equal(b->store->lookup(b->store->ctx, &temp, &st), UFTP_OK);
    assert_int_equal(st.type, UFTP_STAT_DIRECTORY);
}

static void lookup_tells_kind_and_size(void **state)
{
    const bench *b = *state;
    put(b, "file", "12345");
    assert_int_equal(make_dir(b, "dir"), UFTP_OK);
    assert_int_equal(make_link(b, "link", "file"), UFTP_OK);
    uftp_stat st;
    assert_int_equal(lookup(b, "file", &st), UFTP_OK);
    assert_int_equal(st.type, UFTP_STAT_REGULAR);
    assert_int_equal(st.size, 5);
    expect_type(b, "dir", UFTP_STAT_DIRECTORY);
    expect_type(b, "link", UFTP_STAT_SYMLINK); /* not what it points at */
}

static void equal_names_in_two_roots_are_two_files(void **state)
{
    const bench *b = *state;
    put(b, "name", "first root");
    uftp_place other = {.root = 1, .name = "name"}, temp = in_temp("name");
    uftp_stat st;
    assert_int_equal(b->store->lookup(b->store->ctx, &other, &st), UFTP_ERR_NOT_FOUND);
    assert_int_equal(b->store->lookup(b->store->ctx, &temp, &st), UFTP_ERR_NOT_FOUND);
    uftp_place first = at("name");
    assert_int_equal(b->store->move(b->store->ctx, &first, &other), UFTP_OK);
    expect_missing(b, "name");
    assert_int_equal(b->store->lookup(b->store->ctx, &other, &st), UFTP_OK);
}

/* ---- receiving ---- */

static void a_committed_file_has_its_bytes_and_time(void **state)
{
    const bench *b = *state;
    uftp_store_file *file;
    assert_int_equal(create(b, "part", false, &file), UFTP_OK);
    assert_int_equal(write_text(b, file, 0, "hello "), UFTP_OK);
    assert_int_equal(write_text(b, file, 6, "world"), UFTP_OK);
    expect_missing(b, "whole");
    uftp_place final = at("whole");
    assert_int_equal(b->store->commit(b->store->ctx, file, &final, 1234567890, true), UFTP_OK);
    expect_text(b, "whole", "hello world");
    expect_missing(b, "part");
    uftp_stat st;
    assert_int_equal(lookup(b, "whole", &st), UFTP_OK);
    assert_int_equal(st.mtime, 1234567890);
}

static void an_empty_file_can_be_received(void **state)
{
    const bench *b = *state;
    put(b, "empty", "");
    expect_text(b, "empty", "");
}

/* Blocks arrive in any order; what was never written reads as zero. */
static void a_write_behind_a_gap_leaves_zeros(void **state)
{
    const bench *b = *state;
    uftp_store_file *file;
    assert_int_equal(create(b, "f", false, &file), UFTP_OK);
    assert_int_equal(write_text(b, file, 8, "end"), UFTP_OK);
    assert_int_equal(write_text(b, file, 2, "mid"), UFTP_OK);
    assert_int_equal(commit(b, file, "f"), UFTP_OK);
    expect_bytes(b, "f", "\0\0mid\0\0\0end", 11);
}

/* More slices than one call of the kernel takes at once, with empty ones among them. */
static void many_slices_are_written_one_behind_the_other(void **state)
{
    const bench *b = *state;
    enum { SLICES = 1500 };
    uint8_t bytes[SLICES * 2], expected[4096];
    uftp_slice *slices = calloc(SLICES, sizeof *slices);
    assert_non_null(slices);
    size_t used = 0, wanted = 0;
    for (size_t i = 0; i < SLICES; i++) {
        size_t len = i % 3;
        slices[i] = (uftp_slice){.data = bytes + used, .len = len};
        for (size_t j = 0; j < len; j++)
            expected[wanted++] = bytes[used++] = (uint8_t)(i * 7 + j);
    }
    uftp_store_file *file;
    assert_int_equal(create(b, "f", false, &file), UFTP_OK);
    assert_int_equal(b->store->write(b->store->ctx, file, 3, slices, SLICES), UFTP_OK);
    assert_int_equal(b->store->write(b->store->ctx, file, 0, slices, 0), UFTP_OK);
    assert_int_equal(write_text(b, file, 0, "abc"), UFTP_OK);
    assert_int_equal(commit(b, file, "f"), UFTP_OK);
    free(slices);
    memmove(expected + 3, expected, wanted);
    memcpy(expected, "abc", 3);
    expect_bytes(b, "f", expected, wanted + 3);
}

static void commit_replaces_a_file(void **state)
{
    const bench *b = *state;
    put(b, "old", "old content, longer");
    uftp_store_file *file;
    assert_int_equal(create(b, "part", false, &file), UFTP_OK);
    assert_int_equal(write_text(b, file, 0, "new"), UFTP_OK);
    expect_text(b, "old", "old content, longer"); /* until the very end */
    assert_int_equal(commit(b, file, "old"), UFTP_OK);
    expect_text(b, "old", "new");
}

/* A link is replaced as a link: what it points at is not ours to change. */
static void commit_replaces_a_link_and_spares_its_target(void **state)
{
    const bench *b = *state;
    put(b, "target", "precious");
    assert_int_equal(make_link(b, "link", "target"), UFTP_OK);
    uftp_store_file *file;
    assert_int_equal(create(b, "part", false, &file), UFTP_OK);
    assert_int_equal(write_text(b, file, 0, "new"), UFTP_OK);
    assert_int_equal(commit(b, file, "link"), UFTP_OK);
    expect_text(b, "link", "new");
    expect_text(b, "target", "precious");
}

static void a_failed_commit_leaves_nothing_of_the_file(void **state)
{
    const bench *b = *state;
    assert_int_equal(make_dir(b, "dir"), UFTP_OK);
    put(b, "dir/inside", "kept");
    uftp_store_file *file;
    assert_int_equal(create(b, "part", false, &file), UFTP_OK);
    int err = commit(b, file, "dir");
    assert_true(err == UFTP_ERR_KIND || err == UFTP_ERR_EXISTS);
    expect_missing(b, "part");
    expect_text(b, "dir/inside", "kept");

    assert_int_equal(create(b, "part", false, &file), UFTP_OK);
    assert_int_equal(commit(b, file, "no/parent"), UFTP_ERR_NOT_FOUND);
    expect_missing(b, "part");
}

static void discard_removes_unless_asked_to_keep(void **state)
{
    const bench *b = *state;
    uftp_store_file *file;
    assert_int_equal(create(b, "gone", false, &file), UFTP_OK);
    b->store->discard(b->store->ctx, file, false);
    expect_missing(b, "gone");
    assert_int_equal(create(b, "kept", false, &file), UFTP_OK);
    assert_int_equal(write_text(b, file, 0, "first half"), UFTP_OK);
    assert_int_equal(b->store->sync(b->store->ctx, file), UFTP_OK);
    b->store->discard(b->store->ctx, file, true);
    expect_text(b, "kept", "first half");
}

static void a_kept_file_is_continued_and_a_left_over_is_emptied(void **state)
{
    const bench *b = *state;
    put(b, "f", "0123456789");
    uftp_store_file *file;
    assert_int_equal(create(b, "f", true, &file), UFTP_OK);
    assert_int_equal(write_text(b, file, 4, "xx"), UFTP_OK);
    assert_int_equal(commit(b, file, "f"), UFTP_OK);
    expect_text(b, "f", "0123xx6789");
    assert_int_equal(create(b, "f", false, &file), UFTP_OK);
    assert_int_equal(write_text(b, file, 0, "z"), UFTP_OK);
    assert_int_equal(commit(b, file, "f"), UFTP_OK);
    expect_text(b, "f", "z");
}

static void keep_creates_what_is_not_there(void **state)
{
    const bench *b = *state;
    uftp_store_file *file;
    assert_int_equal(create(b, "f", true, &file), UFTP_OK);
    assert_int_equal(commit(b, file, "f"), UFTP_OK);
    expect_text(b, "f", "");
}

static void two_files_are_received_at_once(void **state)
{
    const bench *b = *state;
    uftp_store_file *one, *two;
    assert_int_equal(create(b, "one", false, &one), UFTP_OK);
    assert_int_equal(create(b, "two", false, &two), UFTP_OK);
    assert_int_equal(write_text(b, one, 0, "1"), UFTP_OK);
    assert_int_equal(write_text(b, two, 0, "2"), UFTP_OK);
    assert_int_equal(commit(b, two, "two"), UFTP_OK);
    assert_int_equal(commit(b, one, "one"), UFTP_OK);
    expect_text(b, "one", "1");
    expect_text(b, "two", "2");
}

/* ---- links in the way ---- */

/* Writing through a link that was received earlier is how a hostile sender leaves the destination
 * (design threat 2): no verb may pass a link in a parent. */
static void no_verb_passes_a_link_in_a_parent(void **state)
{
    const bench *b = *state;
    assert_int_equal(make_dir(b, "real"), UFTP_OK);
    put(b, "real/file", "safe");
    put(b, "plain", "plain");
    assert_int_equal(make_link(b, "link", "real"), UFTP_OK);
    uftp_store_file *file;
    assert_int_equal(lookup(b, "link/file", NULL), UFTP_ERR_KIND);
    assert_int_equal(create(b, "link/file", false, &file), UFTP_ERR_KIND);
    assert_int_equal(create(b, "link/file", true, &file), UFTP_ERR_KIND);
    assert_int_equal(make_dir(b, "link/dir"), UFTP_ERR_KIND);
    assert_int_equal(make_link(b, "link/link", "x"), UFTP_ERR_KIND);
    assert_int_equal(remove_at(b, "link/file"), UFTP_ERR_KIND);
    assert_int_equal(move(b, "link/file", "away"), UFTP_ERR_KIND);
    assert_int_equal(move(b, "plain", "link/file"), UFTP_ERR_KIND);
    assert_int_equal(back_up(b, "link/file"), UFTP_ERR_KIND);
    assert_int_equal(create(b, "part", false, &file), UFTP_OK);
    assert_int_equal(commit(b, file, "link/file"), UFTP_ERR_KIND);
    expect_text(b, "real/file", "safe");
    expect_text(b, "plain", "plain");
    expect_missing(b, "part");
}

static void a_file_is_no_parent(void **state)
{
    const bench *b = *state;
    put(b, "file", "x");
    uftp_store_file *file;
    assert_int_equal(lookup(b, "file/a", NULL), UFTP_ERR_KIND);
    assert_int_equal(lookup(b, "file/a/b", NULL), UFTP_ERR_KIND);
    assert_int_equal(create(b, "file/a", false, &file), UFTP_ERR_KIND);
    assert_int_equal(make_dir(b, "file/a"), UFTP_ERR_KIND);
}

/* Someone on the receiving machine swaps a directory for a link while a file is on its way. */
static void a_link_swapped_in_before_commit_is_not_followed(void **state)
{
    const bench *b = *state;
    assert_int_equal(make_dir(b, "dir"), UFTP_OK);
    assert_int_equal(make_dir(b, "elsewhere"), UFTP_OK);
    uftp_store_file *file;
    assert_int_equal(create(b, "dir/part", false, &file), UFTP_OK);
    assert_int_equal(move(b, "dir", "dir-was"), UFTP_OK);
    assert_int_equal(make_link(b, "dir", "elsewhere"), UFTP_OK);
    assert_int_equal(write_text(b, file, 0, "x"), UFTP_OK);
    assert_int_equal(commit(b, file, "dir/file"), UFTP_ERR_KIND);
    expect_missing(b, "elsewhere/file");
    expect_missing(b, "elsewhere/part");
    expect_missing(b, "dir-was/part"); /* failed: nothing is left of it */
    expect_link(b, "dir", "elsewhere");
}

/* The same with the file itself: what stands under its name in the end is not ours. */
static void a_file_swapped_under_its_name_is_not_committed(void **state)
{
    const bench *b = *state;
    uftp_store_file *file;
    assert_int_equal(create(b, "part", false, &file), UFTP_OK);
    assert_int_equal(move(b, "part", "stolen"), UFTP_OK);
    assert_int_equal(make_link(b, "part", "stolen"), UFTP_OK);
    assert_true(commit(b, file, "final") < 0);
    expect_missing(b, "final");
    expect_link(b, "part", "stolen");
}

static void create_replaces_a_link_and_spares_its_target(void **state)
{
    const bench *b = *state;
    put(b, "target", "precious");
    assert_int_equal(make_link(b, "link", "target"), UFTP_OK);
    uftp_store_file *file;
    assert_int_equal(create(b, "link", true, &file), UFTP_ERR_KIND); /* no file to continue */
    assert_int_equal(create(b, "link", false, &file), UFTP_OK);
    assert_int_equal(write_text(b, file, 0, "new"), UFTP_OK);
    assert_int_equal(commit(b, file, "link"), UFTP_OK);
    expect_text(b, "link", "new");
    expect_text(b, "target", "precious");
}

static void create_refuses_a_directory(void **state)
{
    const bench *b = *state;
    assert_int_equal(make_dir(b, "dir"), UFTP_OK);
    uftp_store_file *file;
    assert_int_equal(create(b, "dir", false, &file), UFTP_ERR_KIND);
    assert_int_equal(create(b, "dir", true, &file), UFTP_ERR_KIND);
    assert_int_equal(create(b, "no/dir", false, &file), UFTP_ERR_NOT_FOUND);
    expect_type(b, "dir", UFTP_STAT_DIRECTORY);
}

/* Opening a FIFO without a reader would hang a program for ever. */
static void a_fifo_neither_hangs_nor_is_written_to(void **state)
{
    const bench *b = *state;
    if (!current->make_fifo)
        skip();
    uftp_place place = at("pipe");
    assert_int_equal(current->make_fifo(b->fixture, &place), 0);
    expect_type(b, "pipe", UFTP_STAT_OTHER);
    uftp_store_file *file;
    assert_int_equal(create(b, "pipe", true, &file), UFTP_ERR_KIND);
    assert_int_equal(create(b, "pipe", false, &file), UFTP_OK);
    assert_int_equal(commit(b, file, "pipe"), UFTP_OK);
    expect_text(b, "pipe", "");
    place.name = "other";
    assert_int_equal(current->make_fifo(b->fixture, &place), 0);
    assert_int_equal(remove_at(b, "other"), UFTP_OK);
}

/* ---- directories and links ---- */

static void mkdir_and_symlink_refuse_what_exists(void **state)
{
    const bench *b = *state;
    put(b, "file", "x");
    assert_int_equal(make_dir(b, "dir"), UFTP_OK);
    assert_int_equal(make_link(b, "link", "dir"), UFTP_OK);
    static const char *const names[] = {"file", "dir", "link"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(make_dir(b, names[i]), UFTP_ERR_EXISTS);
        assert_int_equal(make_link(b, names[i], "x"), UFTP_ERR_EXISTS);
    }
    assert_int_equal(make_dir(b, "no/dir"), UFTP_ERR_NOT_FOUND);
}

static void a_link_keeps_its_target_as_it_was_sent(void **state)
{
    const bench *b = *state;
    assert_int_equal(make_link(b, "link", "../../etc//passwd"), UFTP_OK);
    expect_link(b, "link", "../../etc//passwd");
}

static void a_name_of_255_bytes_works_and_one_of_256_does_not(void **state)
{
    const bench *b = *state;
    char name[257];
    memset(name, 'n', 256);
    name[256] = '\0';
    uftp_store_file *file;
    assert_int_equal(create(b, name, false, &file), UFTP_ERR_NAME);
    assert_int_equal(make_dir(b, name), UFTP_ERR_NAME);
    name[255] = '\0';
    put(b, name, "long");
    expect_text(b, name, "long");
    assert_int_equal(remove_at(b, name), UFTP_OK);
    assert_int_equal(make_dir(b, name), UFTP_OK);
}

/* ---- removing ---- */

static void remove_takes_files_and_links_only(void **state)
{
    const bench *b = *state;
    put(b, "file", "x");
    assert_int_equal(make_link(b, "link", "file"), UFTP_OK);
    assert_int_equal(make_link(b, "dangling", "nowhere"), UFTP_OK);
    assert_int_equal(remove_at(b, "link"), UFTP_OK);
    assert_int_equal(remove_at(b, "dangling"), UFTP_OK);
    expect_text(b, "file", "x");
    assert_int_equal(remove_at(b, "file"), UFTP_OK);
    assert_int_equal(remove_at(b, "file"), UFTP_ERR_NOT_FOUND);
}

static void remove_takes_a_tree_but_not_what_its_links_point_at(void **state)
{
    const bench *b = *state;
    assert_int_equal(make_dir(b, "outside"), UFTP_OK);
    put(b, "outside/file", "safe");
    assert_int_equal(make_dir(b, "tree"), UFTP_OK);
    assert_int_equal(make_dir(b, "tree/sub"), UFTP_OK);
    assert_int_equal(make_dir(b, "tree/empty"), UFTP_OK);
    put(b, "tree/sub/file", "x");
    assert_int_equal(make_link(b, "tree/sub/link", "../../outside"), UFTP_OK);
    assert_int_equal(make_link(b, "tree/link", "../outside/file"), UFTP_OK);
    assert_int_equal(remove_at(b, "tree"), UFTP_OK);
    expect_missing(b, "tree");
    expect_text(b, "outside/file", "safe");
}

/* Deeper than descriptors and stack of a careless walk reach; with branches, so that moving
 * subtrees about must not lose one. */
static void remove_takes_a_tree_of_any_depth(void **state)
{
    const bench *b = *state;
    enum { DEPTH = 400 };
    char name[2 * DEPTH + 8];
    size_t len = 0;
    for (int i = 0; i < DEPTH; i++) {
        len += (size_t)sprintf(name + len, i ? "/d" : "d");
        assert_int_equal(make_dir(b, name), UFTP_OK);
        if (i % 50)
            continue;
        strcpy(name + len, "/e");
        assert_int_equal(make_dir(b, name), UFTP_OK);
        strcpy(name + len, "/e/f");
        put(b, name, "leaf");
        name[len] = '\0';
    }
    assert_int_equal(remove_at(b, "d"), UFTP_OK);
    expect_missing(b, "d");
}

/* Many subtrees that are too deep at once, each to be told from the others. */
static void remove_takes_many_deep_branches(void **state)
{
    const bench *b = *state;
    enum { DEPTH = 40, BRANCHES = 1200 };
    char name[2 * DEPTH + 32];
    size_t len = 0;
    for (int i = 0; i < DEPTH; i++) {
        len += (size_t)sprintf(name + len, i ? "/d" : "d");
        assert_int_equal(make_dir(b, name), UFTP_OK);
    }
    for (int i = 0; i < BRANCHES; i++) {
        int used = sprintf(name + len, "/%d", i);
        assert_int_equal(make_dir(b, name), UFTP_OK);
        strcpy(name + len + used, "/in");
        assert_int_equal(make_dir(b, name), UFTP_OK);
    }
    assert_int_equal(remove_at(b, "d"), UFTP_OK);
    expect_missing(b, "d");
}

/* ---- moving ---- */

static void move_replaces_whatever_is_there(void **state)
{
    const bench *b = *state;
    static const char *const kinds[] = {"file", "link", "empty", "full", "none"};
    for (size_t from = 0; from < 4; from++) {
        for (size_t to = 0; to < 5; to++) {
            for (size_t side = 0; side < 2; side++) {
                const char *kind = kinds[side ? to : from], *name = side ? "to" : "from";
                if (!strcmp(kind, "file"))
                    put(b, name, name);
                else if (!strcmp(kind, "link"))
                    assert_int_equal(make_link(b, name, name), UFTP_OK);
                else if (strcmp(kind, "none"))
                    assert_int_equal(make_dir(b, name), UFTP_OK);
            }
            if (!strcmp(kinds[from], "full"))
                put(b, "from/inner", "from");
            if (!strcmp(kinds[to], "full"))
                put(b, "to/old", "to");
            assert_int_equal(move(b, "from", "to"), UFTP_OK);
            expect_missing(b, "from");
            if (!strcmp(kinds[from], "file"))
                expect_text(b, "to", "from");
            else if (!strcmp(kinds[from], "link"))
                expect_link(b, "to", "from");
            else
                expect_type(b, "to", UFTP_STAT_DIRECTORY);
            if (!strcmp(kinds[from], "full"))
                expect_text(b, "to/inner", "from");
            if (from >= 2)
                expect_missing(b, "to/old");
            assert_int_equal(remove_at(b, "to"), UFTP_OK);
        }
    }
}

static void move_out_of_the_temporary_directory(void **state)
{
    const bench *b = *state;
    uftp_place place = in_temp("session");
    assert_int_equal(b->store->mkdir(b->store->ctx, &place), UFTP_OK);
    place = in_temp("session/file");
    uftp_store_file *file;
    assert_int_equal(b->store->create(b->store->ctx, &place, 1, false, &file), UFTP_OK);
    assert_int_equal(write_text(b, file, 0, "x"), UFTP_OK);
    assert_int_equal(b->store->commit(b->store->ctx, file, &place, 0, false), UFTP_OK);
    uftp_place final = at("file");
    assert_int_equal(b->store->move(b->store->ctx, &place, &final), UFTP_OK);
    expect_text(b, "file", "x");
    place = in_temp("session");
    assert_int_equal(b->store->remove(b->store->ctx, &place), UFTP_OK);
}

static void move_refuses_what_makes_no_sense(void **state)
{
    const bench *b = *state;
    assert_int_equal(make_dir(b, "dir"), UFTP_OK);
    assert_int_equal(make_dir(b, "dir/sub"), UFTP_OK);
    put(b, "dir/sub/file", "x");
    assert_int_equal(move(b, "missing", "dir"), UFTP_ERR_NOT_FOUND);
    assert_int_equal(move(b, "dir", "no/parent"), UFTP_ERR_NOT_FOUND);
    assert_true(move(b, "dir", "dir/sub/dir") < 0);  /* into itself */
    assert_true(move(b, "dir/sub/file", "dir") < 0); /* onto what holds it */
    assert_true(move(b, "dir/sub", "dir") < 0);
    expect_text(b, "dir/sub/file", "x");
}

/* ---- space, backups, records ---- */

static void free_space_is_told_for_places_that_do_not_exist_yet(void **state)
{
    const bench *b = *state;
    put(b, "file", "x");
    static const char *const names[] = {"", "file", "none", "no/such/place", "file/below"};
    for (size_t i = 0; i < 5; i++) {
        uint64_t bytes = 0;
        uftp_place place = at(names[i]);
        assert_int_equal(b->store->free_space(b->store->ctx, &place, &bytes), UFTP_OK);
        assert_true(bytes > 0);
    }
}

static void a_backup_moves_away_what_is_there(void **state)
{
    const bench *b = *state;
    put(b, "file", "x");
    assert_int_equal(make_dir(b, "dir"), UFTP_OK);
    put(b, "dir/inner", "y");
    assert_int_equal(back_up(b, "file"), UFTP_OK);
    size_t after_file = current->backup_count(b->fixture);
    assert_true(after_file >= 1);
    expect_missing(b, "file");
    assert_int_equal(back_up(b, "dir"), UFTP_OK);
    expect_missing(b, "dir");
    assert_int_equal(current->backup_count(b->fixture), after_file + 2); /* the same folders */
}

static void a_second_backup_in_a_session_replaces_the_first(void **state)
{
    const bench *b = *state;
    put(b, "file", "first");
    assert_int_equal(back_up(b, "file"), UFTP_OK);
    size_t count = current->backup_count(b->fixture);
    put(b, "file", "second");
    assert_int_equal(back_up(b, "file"), UFTP_OK);
    assert_int_equal(current->backup_count(b->fixture), count);
    expect_missing(b, "file");
}

static void a_backup_of_nothing_makes_no_folders(void **state)
{
    const bench *b = *state;
    assert_int_equal(back_up(b, "none"), UFTP_ERR_NOT_FOUND);
    assert_int_equal(current->backup_count(b->fixture), 0);
    uftp_place place = in_temp("x");
    assert_int_equal(b->store->backup(b->store->ctx, &place, 0), UFTP_ERR_UNSUPPORTED);
}

static void resume_records_are_kept_by_group(void **state)
{
    const bench *b = *state;
    const uftp_store *s = b->store;
    uint8_t out[8];
    size_t len = 0;
    assert_int_equal(s->resume_load(s->ctx, 7, out, sizeof out, &len), UFTP_ERR_NOT_FOUND);
    assert_int_equal(s->resume_save(s->ctx, 7, (const uint8_t *)"seven", 5), UFTP_OK);
    assert_int_equal(s->resume_save(s->ctx, UINT32_MAX, (const uint8_t *)"last", 4), UFTP_OK);
    assert_int_equal(s->resume_load(s->ctx, 7, out, sizeof out, &len), UFTP_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(out, "seven", 5);
    assert_int_equal(s->resume_load(s->ctx, 7, out, 4, &len), UFTP_ERR_LIMIT);
    assert_int_equal(s->resume_save(s->ctx, 7, (const uint8_t *)"7", 1), UFTP_OK); /* shorter */
    assert_int_equal(s->resume_load(s->ctx, 7, out, sizeof out, &len), UFTP_OK);
    assert_int_equal(len, 1);
    assert_int_equal(s->resume_remove(s->ctx, 7), UFTP_OK);
    assert_int_equal(s->resume_remove(s->ctx, 7), UFTP_ERR_NOT_FOUND);
    assert_int_equal(s->resume_load(s->ctx, UINT32_MAX, out, sizeof out, &len), UFTP_OK);
    assert_int_equal(len, 4);
}

#define SUITE(test) cmocka_unit_test_setup_teardown(test, bench_open, bench_close)

int store_suite_run(const store_suite_factory *factory)
{
    const struct CMUnitTest tests[] = {
        SUITE(nothing_is_found_in_an_empty_store),
        SUITE(the_root_is_a_directory),
        SUITE(lookup_tells_kind_and_size),
        SUITE(equal_names_in_two_roots_are_two_files),
        SUITE(a_committed_file_has_its_bytes_and_time),
        SUITE(an_empty_file_can_be_received),
        SUITE(a_write_behind_a_gap_leaves_zeros),
        SUITE(many_slices_are_written_one_behind_the_other),
        SUITE(commit_replaces_a_file),
        SUITE(commit_replaces_a_link_and_spares_its_target),
        SUITE(a_failed_commit_leaves_nothing_of_the_file),
        SUITE(discard_removes_unless_asked_to_keep),
        SUITE(a_kept_file_is_continued_and_a_left_over_is_emptied),
        SUITE(keep_creates_what_is_not_there),
        SUITE(two_files_are_received_at_once),
        SUITE(no_verb_passes_a_link_in_a_parent),
        SUITE(a_file_is_no_parent),
        SUITE(a_link_swapped_in_before_commit_is_not_followed),
        SUITE(a_file_swapped_under_its_name_is_not_committed),
        SUITE(create_replaces_a_link_and_spares_its_target),
        SUITE(create_refuses_a_directory),
        SUITE(a_fifo_neither_hangs_nor_is_written_to),
        SUITE(mkdir_and_symlink_refuse_what_exists),
        SUITE(a_link_keeps_its_target_as_it_was_sent),
        SUITE(a_name_of_255_bytes_works_and_one_of_256_does_not),
        SUITE(remove_takes_files_and_links_only),
        SUITE(remove_takes_a_tree_but_not_what_its_links_point_at),
        SUITE(remove_takes_a_tree_of_any_depth),
        SUITE(remove_takes_many_deep_branches),
        SUITE(move_replaces_whatever_is_there),
        SUITE(move_out_of_the_temporary_directory),
        SUITE(move_refuses_what_makes_no_sense),
        SUITE(free_space_is_told_for_places_that_do_not_exist_yet),
        SUITE(a_backup_moves_away_what_is_there),
        SUITE(a_second_backup_in_a_session_replaces_the_first),
        SUITE(a_backup_of_nothing_makes_no_folders),
        SUITE(resume_records_are_kept_by_group),
    };
    current = factory;
    return cmocka_run_group_tests_name(factory->name, tests, NULL, NULL);
}
