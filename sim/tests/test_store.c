/* SPDX-License-Identifier: MIT
 *
 * What the memory store and source add to the contract of their tables (which the shared suite
 * tests): faults, a full disk, checked content, links on the way.
 */
#include "expect.h"

#include "engine/memory_source.h"
#include "engine/memory_store.h"

#include <string.h>

static uftp_store_file *create(sim_store *store, const char *name, uint64_t size, bool keep)
{
    uftp_store_file *file = NULL;
    const uftp_place place = {.name = name};
    assert_int_equal(store->core.create(store->core.ctx, &place, size, keep, &file), UFTP_OK);
    return file;
}

static int write_at(sim_store *store, uftp_store_file *file, uint64_t offset, const char *text)
{
    uint8_t bytes[64];
    size_t len = strlen(text);
    memcpy(bytes, text, len);
    const uftp_slice slices[] = {{.data = bytes, .len = len / 2},
                                 {.data = bytes + len / 2, .len = len - len / 2}};
    return store->core.write(store->core.ctx, file, offset, slices, 2);
}

static int commit(sim_store *store, uftp_store_file *file, const char *name)
{
    const uftp_place place = {.name = name};
    return store->core.commit(store->core.ctx, file, &place, 1234, true);
}

static void committed_file_stands_under_its_final_name_only(void **state)
{
    (void)state;
    sim_store store;
    sim_store_init(&store, NULL);
    uftp_store_file *file = create(&store, "~part", 8, false);
    assert_int_equal(write_at(&store, file, 4, "5678"), UFTP_OK);
    assert_int_equal(write_at(&store, file, 0, "1234"), UFTP_OK);
    sim_store_put(&store, 0, "final", "old", 3, 1);
    assert_int_equal(commit(&store, file, "final"), UFTP_OK);
    assert_null(sim_store_find(&store, 0, "~part"));
    const sim_entry *entry = sim_store_find(&store, 0, "final");
    uint8_t bytes[8];
    assert_int_equal(entry->content.size, 8);
    assert_int_equal(entry->mtime, 1234);
    sim_content_read(&entry->content, 0, bytes, 8);
    assert_memory_equal(bytes, "12345678", 8);
    assert_int_equal(store.used, 8);
    assert_int_equal(store.open_count, 0);
    sim_store_free(&store);
}

/* Used space that is not given back would fill the disk in a long run. */
static void full_disk_says_so_and_recovers(void **state)
{
    (void)state;
    sim_store store;
    uint64_t free_bytes;
    const uftp_place root = {.name = ""}, place = {.name = "a"};
    sim_store_init(&store, &(sim_store_options){.capacity = 10});
    uftp_store_file *file = create(&store, "a", 12, false);
    assert_int_equal(write_at(&store, file, 0, "12345678"), UFTP_OK);
    assert_int_equal(write_at(&store, file, 8, "9012"), UFTP_ERR_NO_SPACE);
    store.core.free_space(store.core.ctx, &root, &free_bytes);
    assert_int_equal(free_bytes, 0); /* the first half of the write fitted */
    store.core.discard(store.core.ctx, file, true);
    assert_non_null(sim_store_find(&store, 0, "a"));
    assert_int_equal(store.core.remove(store.core.ctx, &place), UFTP_OK);
    store.core.free_space(store.core.ctx, &root, &free_bytes);
    assert_int_equal(free_bytes, 10);
    sim_store_free(&store);
}

static void faults_come_at_their_number(void **state)
{
    (void)state;
    sim_store store;
    sim_store_init(&store, NULL);
    store.faults[SIM_STORE_WRITE] = (sim_store_fault){.first = 2, .count = 2};
    store.faults[SIM_STORE_COMMIT] = (sim_store_fault){.first = 1, .error = UFTP_ERR_NO_SPACE};
    uftp_store_file *file = create(&store, "a", 4, false);
    assert_int_equal(write_at(&store, file, 0, "1"), UFTP_OK);
    assert_int_equal(write_at(&store, file, 1, "2"), UFTP_ERR_IO);
    assert_int_equal(write_at(&store, file, 1, "2"), UFTP_ERR_IO);
    assert_int_equal(write_at(&store, file, 1, "2"), UFTP_OK);
    assert_int_equal(commit(&store, file, "b"), UFTP_ERR_NO_SPACE);
    assert_null(sim_store_find(&store, 0, "a")); /* on failure the file is gone */
    assert_null(sim_store_find(&store, 0, "b"));
    assert_int_equal(store.used, 0);
    sim_store_free(&store);
}

/* The file's owner may have lost it to someone else in the meantime. */
static void file_removed_under_its_writer_is_not_committed(void **state)
{
    (void)state;
    sim_store store;
    sim_store_init(&store, NULL);
    const uftp_place dir = {.name = "d"};
    assert_int_equal(store.core.mkdir(store.core.ctx, &dir), UFTP_OK);
    uftp_store_file *file = create(&store, "d/a", 4, false);
    assert_int_equal(write_at(&store, file, 0, "12"), UFTP_OK);
    assert_int_equal(store.core.remove(store.core.ctx, &dir), UFTP_OK);
    assert_int_equal(write_at(&store, file, 2, "34"), UFTP_OK);
    assert_int_equal(commit(&store, file, "b"), UFTP_ERR_NOT_FOUND);
    assert_null(sim_store_find(&store, 0, "b"));
    assert_int_equal(store.used, 0);
    sim_store_free(&store);
}

static void expected_file_is_checked_and_costs_a_bitmap(void **state)
{
    (void)state;
    const sim_expected expected = {.size = 50000000, .seed = 77};
    sim_store store;
    sim_store_init(&store, &(sim_store_options){.expected = &expected, .expected_count = 1});
    uftp_store_file *file = create(&store, "big", expected.size, false);
    uint8_t block[1300];
    for (uint64_t at = 0; at < expected.size; at += sizeof block) {
        uftp_slice slice = {.data = block, .len = sizeof block};
        if (slice.len > expected.size - at)
            slice.len = (size_t)(expected.size - at);
        sim_generate(expected.seed, at, block, slice.len);
        assert_int_equal(store.core.write(store.core.ctx, file, at, &slice, 1), UFTP_OK);
    }
    assert_int_equal(commit(&store, file, "big"), UFTP_OK);
    sim_content same;
    sim_content_generate(&same, expected.seed, expected.size);
    const sim_entry *entry = sim_store_find(&store, 0, "big");
    assert_true(sim_content_equal(&entry->content, &same));
    assert_int_equal(entry->content.page_count, 0);
    sim_store_free(&store);
}

/* 2026-01-31 23:59:59 and the day after February of a leap year: where calendars go wrong. */
static void backups_lie_below_the_time_of_the_session(void **state)
{
    (void)state;
    sim_store store;
    const uftp_place place = {.name = "d/a"};
    sim_store_init(&store, &(sim_store_options){.backup = true});
    sim_store_put(&store, 0, "d/a", "1", 1, 1);
    assert_int_equal(store.core.backup(store.core.ctx, &place, UINT64_C(1769903999000000)), 0);
    assert_null(sim_store_find(&store, 0, "d/a"));
    sim_entry *entry;
    assert_int_equal(sim_tree_walk(store.backups[0], "20260131/235959/in/d/a", &entry), UFTP_OK);
    sim_store_put(&store, 0, "d/a", "2", 1, 1);
    assert_int_equal(store.core.backup(store.core.ctx, &place, UINT64_C(1709251200000000)), 0);
    assert_int_equal(sim_tree_walk(store.backups[0], "20240301/000000/in/d/a", &entry), UFTP_OK);
    assert_int_equal(store.core.backup(store.core.ctx, &place, 1), UFTP_ERR_NOT_FOUND);
    sim_store_free(&store);
}

static void places_never_leave_their_root(void **state)
{
    (void)state;
    static const char *const names[] = {"..", "../a", "a/..", "a/../../b", ".", "a//b", "/a", "a/"};
    sim_store store;
    sim_store_init(&store, NULL);
    sim_store_put(&store, 0, "a/x", "1", 1, 1);
    const uftp_place link = {.name = "link"}, through = {.name = "link/x"};
    assert_int_equal(store.core.symlink(store.core.ctx, &link, "a"), UFTP_OK);
    uftp_stat st;
    assert_int_equal(store.core.lookup(store.core.ctx, &link, &st), UFTP_OK);
    assert_int_equal(st.type, UFTP_STAT_SYMLINK);
    assert_int_equal(store.core.lookup(store.core.ctx, &through, &st), UFTP_ERR_KIND);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const uftp_place place = {.name = names[i]};
        assert_int_equal(store.core.mkdir(store.core.ctx, &place), UFTP_ERR_NAME);
        assert_int_equal(store.core.lookup(store.core.ctx, &place, &st), UFTP_ERR_NAME);
    }
    sim_store_free(&store);
}

static void tree_is_not_moved_into_itself(void **state)
{
    (void)state;
    sim_store store;
    sim_store_init(&store, NULL);
    sim_store_put(&store, 0, "a/b/x", "1", 1, 1);
    const uftp_place a = {.name = "a"}, inner = {.name = "a/b/c"}, b = {.name = "a/b"};
    assert_int_equal(store.core.move(store.core.ctx, &a, &inner), UFTP_ERR_KIND);
    assert_int_equal(store.core.move(store.core.ctx, &b, &a), UFTP_ERR_KIND);
    assert_int_equal(store.core.move(store.core.ctx, &a, &a), UFTP_OK);
    assert_non_null(sim_store_find(&store, 0, "a/b/x"));
    sim_store_free(&store);
}

/* ---- the source ---- */

static void source_lists_and_follows_as_a_file_system_does(void **state)
{
    (void)state;
    sim_source source;
    uftp_stat st;
    sim_source_init(&source);
    sim_source_file(&source, "/data/b", "bb", 2, 42);
    sim_source_file(&source, "/data/a", "a", 1, 41);
    sim_source_generated(&source, "/data/big", 5, UINT64_C(1) << 40, 43);
    sim_source_link(&source, "/data/to-a", "a");
    sim_source_link(&source, "/out", "/data");
    sim_source_link(&source, "/loop", "loop");
    const uftp_source *core = &source.core;
    assert_int_equal(core->stat(core->ctx, "/out/to-a", false, &st), UFTP_OK);
    assert_int_equal(st.type, UFTP_STAT_SYMLINK);
    assert_int_equal(core->stat(core->ctx, "out/../data/./to-a", true, &st), UFTP_OK);
    assert_int_equal(st.size, 1);
    assert_int_equal(st.mtime, 41);
    assert_int_equal(core->stat(core->ctx, "/loop", true, &st), UFTP_ERR_LIMIT);
    assert_int_equal(core->stat(core->ctx, "/data/a/x", true, &st), UFTP_ERR_KIND);
    assert_int_equal(core->stat(core->ctx, "/data/x", true, &st), UFTP_ERR_NOT_FOUND);
    char target[2];
    assert_int_equal(core->readlink(core->ctx, "/data/to-a", target, 2), UFTP_OK);
    assert_string_equal(target, "a");
    assert_int_equal(core->readlink(core->ctx, "/data/to-a", target, 1), UFTP_ERR_LIMIT);
    uftp_source_dir *dir;
    static const char *const names[] = {"a", "b", "big", "to-a"};
    const char *name;
    assert_int_equal(core->opendir(core->ctx, "/out", &dir), UFTP_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(core->readdir(core->ctx, dir, &name), 1);
        assert_string_equal(name, names[i]);
    }
    assert_int_equal(core->readdir(core->ctx, dir, &name), 0);
    core->closedir(core->ctx, dir);
    sim_source_free(&source);
}

static void reads_fill_their_slices_or_fail(void **state)
{
    (void)state;
    sim_source source;
    uint8_t bytes[10] = {0};
    sim_source_init(&source);
    sim_source_file(&source, "a", "0123456789", 10, 1);
    const uftp_source *core = &source.core;
    uftp_source_file *file;
    assert_int_equal(core->open(core->ctx, "/a", true, &file), UFTP_OK);
    const uftp_slice slices[] = {{.data = bytes, .len = 3}, {.data = bytes + 3, .len = 4}};
    assert_int_equal(core->read(core->ctx, file, 3, slices, 2), UFTP_OK);
    assert_memory_equal(bytes, "3456789", 7);
    assert_int_equal(core->read(core->ctx, file, 4, slices, 2), UFTP_ERR_IO);
    source.read_fail_at = 3;
    assert_int_equal(core->read(core->ctx, file, 0, slices, 2), UFTP_ERR_IO);
    assert_int_equal(core->read(core->ctx, file, 0, slices, 2), UFTP_OK);
    assert_int_equal(source.open_count, 1);
    core->close(core->ctx, file);
    sim_source_free(&source);
}

static void trees_differ_where_one_byte_does(void **state)
{
    (void)state;
    sim_source a, b;
    char where[32];
    sim_source_init(&a);
    sim_source_init(&b);
    sim_source_file(&a, "d/x", "1", 1, 1);
    sim_source_file(&b, "d/x", "1", 1, 2);
    sim_source_link(&a, "l", "d");
    sim_source_link(&b, "l", "d");
    assert_true(sim_tree_equal(a.root, b.root, false, where, sizeof where));
    assert_false(sim_tree_equal(a.root, b.root, true, where, sizeof where));
    assert_string_equal(where, "/d/x");
    sim_source_dir(&a, "e");
    assert_false(sim_tree_equal(a.root, b.root, false, where, sizeof where));
    assert_string_equal(where, "/e");
    sim_source_dir(&b, "e");
    sim_source_link(&b, "l", "e");
    assert_false(sim_tree_equal(a.root, b.root, false, where, sizeof where));
    assert_string_equal(where, "/l");
    sim_source_free(&a);
    sim_source_free(&b);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(committed_file_stands_under_its_final_name_only),
    SIM_TEST(full_disk_says_so_and_recovers),
    SIM_TEST(faults_come_at_their_number),
    SIM_TEST(file_removed_under_its_writer_is_not_committed),
    SIM_TEST(expected_file_is_checked_and_costs_a_bitmap),
    SIM_TEST(backups_lie_below_the_time_of_the_session),
    SIM_TEST(places_never_leave_their_root),
    SIM_TEST(tree_is_not_moved_into_itself),
    SIM_TEST(source_lists_and_follows_as_a_file_system_does),
    SIM_TEST(reads_fill_their_slices_or_fail),
    SIM_TEST(trees_differ_where_one_byte_does),
};

SIM_TEST_MAIN(tests)
