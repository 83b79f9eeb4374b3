/* SPDX-License-Identifier: MIT */
#include "store/disk_internal.h"
#include "store/disk_store.h"

#include "isolated.h"
#include "scratch.h"
#include "store_suite.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <time.h>

/* ---- the suite that all stores pass ---- */

typedef struct disk_fixture {
    scratch dir;
    uftp_disk_store *store;
    int open_files;
} disk_fixture;

static bool use_openat2; /* of the run of the suite that is under way */

static void make_dirs(const scratch *dir)
{
    static const char *const names[] = {"one", "two", "temp", "backup"};
    char path[SCRATCH_PATH_MAX];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(mkdir(scratch_name(dir, names[i], path), 0755), 0);
}

static int open_store(const scratch *dir, uftp_disk_store **store, char *message)
{
    char paths[4][SCRATCH_PATH_MAX];
    const char *const destinations[] = {scratch_name(dir, "one", paths[0]),
                                        scratch_name(dir, "two", paths[1])};
    const char *backup = scratch_name(dir, "backup", paths[2]);
    const char *const backups[] = {backup, backup};
    return uftp_disk_store_open(
        &(uftp_disk_store_config){.destinations = destinations,
                                  .destination_count = 2,
                                  .temp = scratch_name(dir, "temp", paths[3]),
                                  .backups = backups},
        store, message);
}

static int disk_open(void **fixture, const uftp_store **store)
{
    disk_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->open_files = scratch_open_files();
    assert_true(scratch_make(&f->dir));
    make_dirs(&f->dir);
    char message[UFTP_DISK_MESSAGE_MAX] = "";
    int err = open_store(&f->dir, &f->store, message);
    assert_string_equal(message, "");
    assert_int_equal(err, UFTP_OK);
    if (use_openat2)
        assert_true(f->store->has_openat2); /* or the run would say nothing */
    f->store->has_openat2 = use_openat2;
    *store = uftp_disk_store_table(f->store);
    *fixture = f;
    return 0;
}

static void disk_close(void *fixture)
{
    disk_fixture *f = fixture;
    uftp_disk_store_close(f->store);
    scratch_remove(&f->dir);
    int left = scratch_open_files() - f->open_files;
    free(f);
    assert_int_equal(left, 0);
}

static char *real_path(disk_fixture *f, const uftp_place *place, char out[SCRATCH_PATH_MAX])
{
    char name[SCRATCH_PATH_MAX];
    const char *root = place->root == UFTP_ROOT_TEMP ? "temp" : place->root ? "two" : "one";
    snprintf(name, sizeof name, "%s/%s", root, place->name);
    return scratch_name(&f->dir, name, out);
}

static int disk_read(void *fixture, const uftp_place *place, uint8_t *out, size_t capacity,
                     size_t *len)
{
    char path[SCRATCH_PATH_MAX];
    FILE *file = fopen(real_path(fixture, place, path), "rb");
    if (!file)
        return UFTP_ERR_NOT_FOUND;
    *len = fread(out, 1, capacity, file);
    bool whole = fgetc(file) == EOF;
    fclose(file);
    return whole ? UFTP_OK : UFTP_ERR_LIMIT;
}

static int disk_readlink(void *fixture, const uftp_place *place, char *out, size_t capacity)
{
    char path[SCRATCH_PATH_MAX];
    ssize_t len = readlink(real_path(fixture, place, path), out, capacity - 1);
    if (len < 0)
        return UFTP_ERR_NOT_FOUND;
    out[len] = '\0';
    return UFTP_OK;
}

static int disk_make_fifo(void *fixture, const uftp_place *place)
{
    char path[SCRATCH_PATH_MAX];
    return mkfifo(real_path(fixture, place, path), 0644);
}

static size_t entries;

static int count_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)path;
    (void)st;
    (void)type;
    entries += at->level > 0;
    return 0;
}

static size_t disk_backup_count(void *fixture)
{
    disk_fixture *f = fixture;
    char path[SCRATCH_PATH_MAX];
    entries = 0;
    nftw(scratch_name(&f->dir, "backup", path), count_entry, 16, FTW_PHYS);
    return entries;
}

static const store_suite_factory factory = {.name = "disk store",
                                            .open = disk_open,
                                            .close = disk_close,
                                            .read = disk_read,
                                            .readlink = disk_readlink,
                                            .make_fifo = disk_make_fifo,
                                            .backup_count = disk_backup_count};

/* ---- what only a disk has ---- */

static int setup(void **state)
{
    use_openat2 = true;
    const uftp_store *store;
    return disk_open(state, &store);
}

static int teardown(void **state)
{
    disk_close(*state);
    return 0;
}

static const uftp_store *table_of(const disk_fixture *f)
{
    return uftp_disk_store_table(f->store);
}

/* The core checks names; the store is the last line behind it. */
static void no_name_leaves_its_root(void **state)
{
    disk_fixture *f = *state;
    const uftp_store *s = table_of(f);
    static const char *const names[] = {"../x", "/etc/x", "a/../../x", "..", ".",    "a//b",
                                        "a/",   "./a",    "a/..",      "/",  "a/./b"};
    for (int mode = 0; mode < 2; mode++) {
        f->store->has_openat2 = mode;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            uftp_place place = {.name = names[i]};
            uftp_store_file *file;
            uftp_stat st;
            uint64_t bytes;
            assert_int_equal(s->lookup(s->ctx, &place, &st), UFTP_ERR_NAME);
            assert_int_equal(s->create(s->ctx, &place, 0, false, &file), UFTP_ERR_NAME);
            assert_int_equal(s->mkdir(s->ctx, &place), UFTP_ERR_NAME);
            assert_int_equal(s->remove(s->ctx, &place), UFTP_ERR_NAME);
            assert_int_equal(s->free_space(s->ctx, &place, &bytes), UFTP_ERR_NAME);
        }
    }
    uftp_place root = {.name = ""}, stranger = {.root = 2, .name = "x"};
    assert_int_equal(s->remove(s->ctx, &root), UFTP_ERR_NAME);
    assert_int_equal(s->mkdir(s->ctx, &stranger), UFTP_ERR_ARGUMENT);
}

/* A kept file that also stands elsewhere would be changed there too. */
static void a_hard_link_is_not_continued(void **state)
{
    disk_fixture *f = *state;
    const uftp_store *s = table_of(f);
    char from[SCRATCH_PATH_MAX], to[SCRATCH_PATH_MAX], text[32];
    scratch_write(&f->dir, "precious", "precious");
    assert_int_equal(
        link(scratch_name(&f->dir, "precious", from), scratch_name(&f->dir, "one/file", to)), 0);
    uftp_place place = {.name = "file"};
    uftp_store_file *file;
    assert_int_equal(s->create(s->ctx, &place, 0, true, &file), UFTP_ERR_KIND);
    assert_int_equal(s->create(s->ctx, &place, 0, false, &file), UFTP_OK);
    const uftp_slice slice = {.data = (uint8_t[]){"new"}, .len = 3};
    assert_int_equal(s->write(s->ctx, file, 0, &slice, 1), UFTP_OK);
    s->discard(s->ctx, file, false);
    assert_string_equal(scratch_read(&f->dir, "precious", text, sizeof text), "precious");
}

/* A delete request that names the directory above the temporary one must not take it along. */
static void a_directory_that_holds_a_root_stays(void **state)
{
    (void)state;
    scratch dir;
    assert_true(scratch_make(&dir));
    char paths[3][SCRATCH_PATH_MAX];
    const char *destination = scratch_name(&dir, "in", paths[0]);
    assert_int_equal(mkdir(destination, 0755), 0);
    assert_int_equal(mkdir(scratch_name(&dir, "in/sub", paths[1]), 0755), 0);
    const char *temp = scratch_name(&dir, "in/sub/temp", paths[2]);
    assert_int_equal(mkdir(temp, 0755), 0);
    scratch_write(&dir, "in/sub/temp/file", "x");
    scratch_write(&dir, "in/other", "y");
    uftp_disk_store *store;
    assert_int_equal(uftp_disk_store_open(&(uftp_disk_store_config){.destinations = &destination,
                                                                    .destination_count = 1,
                                                                    .temp = temp},
                                          &store, NULL),
                     UFTP_OK);
    const uftp_store *s = uftp_disk_store_table(store);
    uftp_place sub = {.name = "sub"}, inner = {.name = "sub/temp"}, other = {.name = "other"},
               file = {.root = UFTP_ROOT_TEMP, .name = "file"};
    assert_int_equal(s->remove(s->ctx, &sub), UFTP_ERR_ACCESS);
    assert_int_equal(s->remove(s->ctx, &inner), UFTP_ERR_ACCESS);
    assert_int_equal(s->move(s->ctx, &sub, &other), UFTP_ERR_ACCESS);
    assert_int_equal(s->move(s->ctx, &other, &sub), UFTP_ERR_ACCESS);
    assert_int_equal(s->move(s->ctx, &file, &sub), UFTP_ERR_ACCESS);
    char text[8];
    assert_string_equal(scratch_read(&dir, "in/sub/temp/file", text, sizeof text), "x");
    assert_string_equal(scratch_read(&dir, "in/other", text, sizeof text), "y");
    uftp_disk_store_close(store);
    scratch_remove(&dir);
}

/* Spec cli 13.4: <backup>/YYYYMMDD/HHMMSS/<full path>, in local time. */
static void a_backup_stands_under_its_time_and_full_path(void **state)
{
    disk_fixture *f = *state;
    const uftp_store *s = table_of(f);
    scratch_write(&f->dir, "one/file", "old");
    setenv("TZ", "UTC-3", 1);
    tzset();
    uftp_place place = {.name = "file"};
    assert_int_equal(s->backup(s->ctx, &place, UINT64_C(1795212001999999)), UFTP_OK);
    unsetenv("TZ");
    tzset();
    char name[SCRATCH_PATH_MAX], text[8];
    snprintf(name, sizeof name, "backup/20261121/010001%s/one/file", f->dir.path);
    assert_string_equal(scratch_read(&f->dir, name, text, sizeof text), "old");
}

/* A link planted in the backup must not lead elsewhere. */
static void a_backup_passes_no_link(void **state)
{
    disk_fixture *f = *state;
    const uftp_store *s = table_of(f);
    char path[SCRATCH_PATH_MAX], text[8];
    scratch_write(&f->dir, "one/file", "old");
    setenv("TZ", "UTC", 1);
    tzset();
    assert_int_equal(symlink("../two", scratch_name(&f->dir, "backup/20261120", path)), 0);
    uftp_place place = {.name = "file"};
    assert_int_equal(s->backup(s->ctx, &place, UINT64_C(1795212000000000)), UFTP_ERR_KIND);
    unsetenv("TZ");
    tzset();
    assert_string_equal(scratch_read(&f->dir, "one/file", text, sizeof text), "old");
    assert_int_equal(rmdir(scratch_name(&f->dir, "two", path)), 0); /* still empty */
}

/* A daemon changes its directory after it has opened its store. */
static void a_store_does_not_depend_on_the_working_directory(void **state)
{
    disk_fixture *f = *state;
    const uftp_store *s = table_of(f);
    assert_int_equal(chdir("/"), 0);
    uftp_place place = {.name = "dir"};
    assert_int_equal(s->mkdir(s->ctx, &place), UFTP_OK);
    char path[SCRATCH_PATH_MAX];
    assert_int_equal(rmdir(scratch_name(&f->dir, "one/dir", path)), 0);
}

static void resume_records_have_the_name_of_the_reference(void **state)
{
    disk_fixture *f = *state;
    const uftp_store *s = table_of(f);
    char text[8];
    assert_int_equal(s->resume_save(s->ctx, 0xAB12, (const uint8_t *)"r", 1), UFTP_OK);
    assert_string_equal(scratch_read(&f->dir, "temp/_group_0000AB12_restart", text, sizeof text),
                        "r");
    assert_string_equal(
        scratch_read(&f->dir, "temp/_group_0000AB12_restart.new", text, sizeof text), "");
    /* What stands there is not trusted to be a file. */
    char path[SCRATCH_PATH_MAX];
    scratch_name(&f->dir, "temp/_group_00000001_restart", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    uint8_t out[8];
    size_t len;
    assert_int_equal(s->resume_load(s->ctx, 1, out, sizeof out, &len), UFTP_ERR_KIND);
    unlink(path);
    assert_int_equal(symlink("_group_0000AB12_restart", path), 0);
    assert_int_equal(s->resume_load(s->ctx, 1, out, sizeof out, &len), UFTP_ERR_KIND);
}

/* A note is newer than what was saved, but good for this boot of the machine only: what it speaks
 * of may never have reached the disk. */
static void a_note_counts_until_the_next_boot(void **state)
{
    disk_fixture *f = *state;
    const uftp_store *s = table_of(f);
    uint8_t out[8];
    size_t len;
    assert_int_equal(s->resume_save(s->ctx, 5, (const uint8_t *)"saved", 5), UFTP_OK);
    assert_int_equal(s->resume_note(s->ctx, 5, (const uint8_t *)"note", 4), UFTP_OK);
    assert_int_equal(s->resume_load(s->ctx, 5, out, sizeof out, &len), UFTP_OK);
    assert_int_equal(len, 4);
    assert_memory_equal(out, "note", 4);
    char text[64];
    scratch_read(&f->dir, "temp/_group_00000005_restart.note", text, sizeof text);
    assert_int_equal(strlen(text), 36 + 4);
    text[7] = text[7] == '0' ? '1' : '0'; /* another boot */
    scratch_write(&f->dir, "temp/_group_00000005_restart.note", text);
    assert_int_equal(s->resume_load(s->ctx, 5, out, sizeof out, &len), UFTP_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(out, "saved", 5);
    scratch_write(&f->dir, "temp/_group_00000005_restart.note", "cut");
    assert_int_equal(s->resume_load(s->ctx, 5, out, sizeof out, &len), UFTP_OK);
    assert_int_equal(len, 5);
    /* What is saved later is the newer one. */
    assert_int_equal(s->resume_note(s->ctx, 5, (const uint8_t *)"note", 4), UFTP_OK);
    assert_int_equal(s->resume_save(s->ctx, 5, (const uint8_t *)"again", 5), UFTP_OK);
    assert_int_equal(s->resume_load(s->ctx, 5, out, sizeof out, &len), UFTP_OK);
    assert_memory_equal(out, "again", 5);
    /* Both go. */
    assert_int_equal(s->resume_note(s->ctx, 5, (const uint8_t *)"note", 4), UFTP_OK);
    assert_int_equal(s->resume_remove(s->ctx, 5), UFTP_OK);
    assert_int_equal(s->resume_load(s->ctx, 5, out, sizeof out, &len), UFTP_ERR_NOT_FOUND);
    assert_int_equal(s->resume_note(s->ctx, 5, (const uint8_t *)"note", 4), UFTP_OK);
    assert_int_equal(s->resume_remove(s->ctx, 5), UFTP_OK);
    assert_int_equal(s->resume_remove(s->ctx, 5), UFTP_ERR_NOT_FOUND);
}

/* ---- opening and the start-up checks ---- */

static void opening_says_what_is_wrong(void **state)
{
    disk_fixture *f = *state;
    char message[UFTP_DISK_MESSAGE_MAX], path[SCRATCH_PATH_MAX];
    uftp_disk_store *store;
    const char *name = "relative";
    uftp_disk_store_config config = {.destinations = &name, .destination_count = 1};
    assert_int_equal(uftp_disk_store_open(&config, &store, message), UFTP_ERR_ARGUMENT);
    assert_non_null(strstr(message, "must specify absolute pathname for dest directory"));
    name = scratch_name(&f->dir, "none", path);
    assert_int_equal(uftp_disk_store_open(&config, &store, message), UFTP_ERR_NOT_FOUND);
    assert_non_null(strstr(message, "none"));
    scratch_write(&f->dir, "none", "a file");
    assert_int_equal(uftp_disk_store_open(&config, &store, message), UFTP_ERR_KIND);
    config.destination_count = 0;
    assert_int_equal(uftp_disk_store_open(&config, &store, message), UFTP_ERR_ARGUMENT);
}

static int check(const scratch *dir, const char *destination, const char *temp, const char *backup,
                 char *message)
{
    char paths[3][SCRATCH_PATH_MAX];
    const char *one = scratch_name(dir, destination, paths[0]);
    const char *two = backup ? scratch_name(dir, backup, paths[1]) : NULL;
    message[0] = '\0';
    return uftp_disk_store_check(
        &(uftp_disk_store_config){.destinations = &one,
                                  .destination_count = 1,
                                  .temp = temp ? scratch_name(dir, temp, paths[2]) : NULL,
                                  .backups = backup ? &two : NULL},
        message);
}

static void the_start_up_check_passes_good_directories_and_leaves_nothing(void **state)
{
    disk_fixture *f = *state;
    char message[UFTP_DISK_MESSAGE_MAX], path[SCRATCH_PATH_MAX];
    scratch_write(&f->dir, "one/_uftptmp1", "left over");
    assert_int_equal(check(&f->dir, "one", "temp", NULL, message), UFTP_OK);
    assert_int_equal(check(&f->dir, "one", NULL, "backup", message), UFTP_OK);
    assert_string_equal(message, "");
    assert_int_equal(rmdir(scratch_name(&f->dir, "one", path)), 0);
    assert_int_equal(rmdir(scratch_name(&f->dir, "temp", path)), 0);
    assert_int_equal(rmdir(scratch_name(&f->dir, "backup", path)), 0);
}

static void the_start_up_check_refuses_a_directory_given_twice(void **state)
{
    disk_fixture *f = *state;
    char message[UFTP_DISK_MESSAGE_MAX], path[SCRATCH_PATH_MAX];
    assert_int_equal(check(&f->dir, "one", "one", NULL, message), UFTP_ERR_ARGUMENT);
    assert_non_null(strstr(message, "must differ"));
    assert_int_equal(check(&f->dir, "one", NULL, "one", message), UFTP_ERR_ARGUMENT);
    assert_int_equal(symlink("one", scratch_name(&f->dir, "alias", path)), 0);
    assert_int_equal(check(&f->dir, "one", NULL, "alias", message), UFTP_ERR_ARGUMENT);
}

static void the_start_up_check_refuses_what_cannot_be_written(void **state)
{
    disk_fixture *f = *state;
    (void)f;
    char message[UFTP_DISK_MESSAGE_MAX] = "";
    const char *destination = "/proc/self"; /* not even root can make a file there */
    int err = uftp_disk_store_check(
        &(uftp_disk_store_config){.destinations = &destination, .destination_count = 1}, message);
    assert_true(err < 0);
    assert_non_null(strstr(message, "cannot write to directory /proc/self"));
}

/* ---- another file system: full, and out of reach for rename() ---- */

/* In the child: a 64 KB tmpfs on <scratch>/one. */
static void mount_small_disk(const disk_fixture *f)
{
    char path[SCRATCH_PATH_MAX];
    if (mount("", "/", "", MS_REC | MS_PRIVATE, NULL) ||
        mount("tmpfs", scratch_name(&f->dir, "one", path), "tmpfs", 0, "size=64k,mode=755"))
        ISOLATED_CANNOT("no private mount here");
}

static void fill_the_disk(void *arg)
{
    const disk_fixture *f = arg;
    mount_small_disk(f);
    uftp_disk_store *store;
    MUST(open_store(&f->dir, &store, NULL) == UFTP_OK);
    const uftp_store *s = uftp_disk_store_table(store);
    static uint8_t bytes[16384];
    uftp_slice slices[8];
    for (size_t i = 0; i < 8; i++)
        slices[i] = (uftp_slice){.data = bytes, .len = sizeof bytes};
    uftp_place place = {.name = "big"};
    uint64_t before, after;
    MUST(s->free_space(s->ctx, &place, &before) == UFTP_OK && before <= 65536);
    uftp_store_file *file;
    MUST(s->create(s->ctx, &place, 131072, false, &file) == UFTP_OK);
    MUST(s->write(s->ctx, file, 0, slices, 8) == UFTP_ERR_NO_SPACE);
    MUST(s->free_space(s->ctx, &place, &after) == UFTP_OK && after == 0);
    s->discard(s->ctx, file, false);
    MUST(s->free_space(s->ctx, &place, &after) == UFTP_OK && after == before);
    uftp_disk_store_close(store);
}

static void a_full_disk_is_no_space_and_discard_gives_it_back(void **state)
{
    run_isolated(CLONE_NEWNS, fill_the_disk, *state);
}

static void move_between_disks(void *arg)
{
    const disk_fixture *f = arg;
    mount_small_disk(f);
    uftp_disk_store *store;
    MUST(open_store(&f->dir, &store, NULL) == UFTP_OK);
    const uftp_store *s = uftp_disk_store_table(store);
    uftp_place from = {.name = "dir"}, to = {.root = 1, .name = "dir"};
    uftp_stat st;
    MUST(s->mkdir(s->ctx, &from) == UFTP_OK);
    MUST(s->mkdir(s->ctx, &to) == UFTP_OK);
    MUST(s->move(s->ctx, &from, &to) == UFTP_ERR_UNSUPPORTED);
    MUST(s->backup(s->ctx, &from, 0) == UFTP_ERR_UNSUPPORTED);
    MUST(s->lookup(s->ctx, &from, &st) == UFTP_OK && s->lookup(s->ctx, &to, &st) == UFTP_OK);
    uftp_disk_store_close(store);
    char message[UFTP_DISK_MESSAGE_MAX];
    MUST(check(&f->dir, "one", "temp", NULL, message) == UFTP_ERR_UNSUPPORTED);
    MUST(strstr(message, "cannot move files from"));
    MUST(check(&f->dir, "one", NULL, "backup", message) == UFTP_ERR_UNSUPPORTED);
}

static void a_move_to_another_disk_is_refused_and_changes_nothing(void **state)
{
    run_isolated(CLONE_NEWNS, move_between_disks, *state);
}

#define DISK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISK(no_name_leaves_its_root),
        DISK(a_hard_link_is_not_continued),
        cmocka_unit_test(a_directory_that_holds_a_root_stays),
        DISK(a_backup_stands_under_its_time_and_full_path),
        DISK(a_backup_passes_no_link),
        DISK(a_store_does_not_depend_on_the_working_directory),
        DISK(resume_records_have_the_name_of_the_reference),
        DISK(a_note_counts_until_the_next_boot),
        DISK(opening_says_what_is_wrong),
        DISK(the_start_up_check_passes_good_directories_and_leaves_nothing),
        DISK(the_start_up_check_refuses_a_directory_given_twice),
        DISK(the_start_up_check_refuses_what_cannot_be_written),
        DISK(a_full_disk_is_no_space_and_discard_gives_it_back),
        DISK(a_move_to_another_disk_is_refused_and_changes_nothing),
    };
    /* One descriptor per level of a deep tree must be too many. */
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = 128, .rlim_max = 128});
    store_suite_factory by_steps = factory;
    by_steps.name = "disk store, without openat2";
    use_openat2 = true;
    int failed = store_suite_run(&factory);
    use_openat2 = false;
    failed += store_suite_run(&by_steps);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
