/* SPDX-License-Identifier: MIT */
#include "store/disk_source.h"

#include "scratch.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <cmocka.h>

static const uftp_source *const source = &uftp_disk_source;

static int setup(void **state)
{
    scratch *dir = malloc(sizeof *dir);
    *state = dir;
    return dir && scratch_make(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    scratch_remove(*state);
    free(*state);
    return 0;
}

static int open_file(const char *path, bool follow, uftp_source_file **file)
{
    return source->open(source->ctx, path, follow, file);
}

static void stat_tells_what_stands_there(void **state)
{
    const scratch *dir = *state;
    char file[SCRATCH_PATH_MAX], link[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX];
    scratch_write(dir, "file", "12345");
    scratch_name(dir, "file", file);
    const struct timeval times[2] = {{.tv_sec = 1234567890}, {.tv_sec = 1234567890}};
    assert_int_equal(utimes(file, times), 0);
    assert_int_equal(symlink("file", scratch_name(dir, "link", link)), 0);
    uftp_stat st;
    assert_int_equal(source->stat(NULL, file, false, &st), UFTP_OK);
    assert_int_equal(st.type, UFTP_STAT_REGULAR);
    assert_int_equal(st.size, 5);
    assert_int_equal(st.mtime, 1234567890);
    assert_int_equal(source->stat(NULL, link, false, &st), UFTP_OK);
    assert_int_equal(st.type, UFTP_STAT_SYMLINK);
    assert_int_equal(source->stat(NULL, link, true, &st), UFTP_OK);
    assert_int_equal(st.type, UFTP_STAT_REGULAR);
    assert_int_equal(source->stat(NULL, dir->path, false, &st), UFTP_OK);
    assert_int_equal(st.type, UFTP_STAT_DIRECTORY);
    assert_int_equal(source->stat(NULL, "/dev/null", false, &st), UFTP_OK);
    assert_int_equal(st.type, UFTP_STAT_OTHER);
    const struct timeval before[2] = {{.tv_sec = -5}, {.tv_sec = -5}};
    assert_int_equal(utimes(file, before), 0);
    assert_int_equal(source->stat(NULL, file, false, &st), UFTP_OK);
    assert_int_equal(st.mtime, 0); /* the wire knows no time before the epoch */
    assert_int_equal(source->stat(NULL, scratch_name(dir, "none", path), false, &st),
                     UFTP_ERR_NOT_FOUND);
    assert_int_equal(source->stat(NULL, scratch_name(dir, "file/x", path), false, &st),
                     UFTP_ERR_KIND);
}

static void a_link_target_is_whole_or_refused(void **state)
{
    const scratch *dir = *state;
    char link[SCRATCH_PATH_MAX], out[16];
    assert_int_equal(symlink("0123456789", scratch_name(dir, "link", link)), 0);
    assert_int_equal(source->readlink(NULL, link, out, 11), UFTP_OK);
    assert_string_equal(out, "0123456789");
    assert_int_equal(source->readlink(NULL, link, out, 10), UFTP_ERR_LIMIT);
    assert_int_equal(source->readlink(NULL, dir->path, out, 16), UFTP_ERR_KIND);
}

static void a_directory_lists_each_entry_once(void **state)
{
    const scratch *dir = *state;
    int open_before = scratch_open_files();
    scratch_write(dir, "a", "");
    scratch_write(dir, "b", "");
    scratch_write(dir, "...", "");
    uftp_source_dir *listing;
    assert_int_equal(source->opendir(NULL, dir->path, &listing), UFTP_OK);
    int seen[3] = {0}, count = 0;
    const char *name;
    while (source->readdir(NULL, listing, &name) > 0) {
        seen[0] += !strcmp(name, "a");
        seen[1] += !strcmp(name, "b");
        seen[2] += !strcmp(name, "...");
        count++;
    }
    assert_int_equal(count, 3);
    assert_true(seen[0] == 1 && seen[1] == 1 && seen[2] == 1);
    source->closedir(NULL, listing);
    char path[SCRATCH_PATH_MAX];
    assert_int_equal(source->opendir(NULL, scratch_name(dir, "a", path), &listing), UFTP_ERR_KIND);
    assert_int_equal(scratch_open_files(), open_before);
}

static void only_regular_files_are_opened(void **state)
{
    const scratch *dir = *state;
    int open_before = scratch_open_files();
    char path[SCRATCH_PATH_MAX];
    uftp_source_file *file;
    assert_int_equal(mkfifo(scratch_name(dir, "pipe", path), 0600), 0);
    assert_int_equal(open_file(path, false, &file), UFTP_ERR_KIND); /* and does not hang */
    assert_int_equal(open_file(dir->path, false, &file), UFTP_ERR_KIND);
    assert_int_equal(open_file("/dev/null", false, &file), UFTP_ERR_KIND);
    assert_int_equal(open_file(scratch_name(dir, "none", path), false, &file), UFTP_ERR_NOT_FOUND);
    scratch_write(dir, "file", "x");
    assert_int_equal(symlink("file", scratch_name(dir, "link", path)), 0);
    assert_int_equal(open_file(path, false, &file), UFTP_ERR_KIND);
    assert_int_equal(open_file(path, true, &file), UFTP_OK);
    source->close(NULL, file);
    assert_int_equal(scratch_open_files(), open_before);
}

/* Linked in front of the system's own (--wrap): when `stutter` is set, each call is interrupted
 * first and then moves at most 7 bytes, as a file system may. */
static bool stutter;
static unsigned calls;

ssize_t __real_preadv(int fd, const struct iovec *vector, int count, off_t offset);
ssize_t __wrap_preadv(int fd, const struct iovec *vector, int count, off_t offset);

ssize_t __wrap_preadv(int fd, const struct iovec *vector, int count, off_t offset)
{
    if (!stutter)
        return __real_preadv(fd, vector, count, offset);
    if (calls++ % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    size_t len = vector->iov_len < 7 ? vector->iov_len : 7;
    return pread(fd, vector->iov_base, len, offset);
}

static void a_read_that_stops_halfway_is_continued_where_it_stopped(void **state)
{
    const scratch *dir = *state;
    char path[SCRATCH_PATH_MAX];
    uint8_t bytes[26];
    scratch_write(dir, "file", "abcdefghijklmnopqrstuvwxyz");
    uftp_source_file *file;
    assert_int_equal(open_file(scratch_name(dir, "file", path), false, &file), UFTP_OK);
    const uftp_slice slices[] = {{.data = bytes, .len = 10},
                                 {.data = bytes + 10, .len = 0},
                                 {.data = bytes + 10, .len = 15}};
    stutter = true;
    int err = source->read(NULL, file, 1, slices, 3);
    stutter = false;
    assert_int_equal(err, UFTP_OK);
    assert_true(calls > 6);
    assert_memory_equal(bytes, "bcdefghijklmnopqrstuvwxyz", 25);
    source->close(NULL, file);
}

static void slices_are_filled_one_after_the_other(void **state)
{
    const scratch *dir = *state;
    char path[SCRATCH_PATH_MAX], text[3001];
    for (size_t i = 0; i < 3000; i++)
        text[i] = (char)('a' + i % 23);
    text[3000] = '\0';
    scratch_write(dir, "file", text);
    uftp_source_file *file;
    assert_int_equal(open_file(scratch_name(dir, "file", path), false, &file), UFTP_OK);
    enum { SLICES = 1500 }; /* more than the kernel takes at once */
    uint8_t bytes[3000];
    uftp_slice *slices = calloc(SLICES, sizeof *slices);
    assert_non_null(slices);
    size_t used = 0;
    for (size_t i = 0; i < SLICES; i++) {
        slices[i] = (uftp_slice){.data = bytes + used, .len = i % 3};
        used += i % 3;
    }
    assert_int_equal(source->read(NULL, file, 100, slices, SLICES), UFTP_OK);
    assert_memory_equal(bytes, text + 100, used);
    free(slices);
    source->close(NULL, file);
}

/* A block of which a part is missing must not be sent as if it were whole. */
static void a_file_that_became_shorter_is_an_error(void **state)
{
    const scratch *dir = *state;
    char path[SCRATCH_PATH_MAX];
    uint8_t bytes[10];
    scratch_write(dir, "file", "0123456789");
    uftp_source_file *file;
    assert_int_equal(open_file(scratch_name(dir, "file", path), false, &file), UFTP_OK);
    const uftp_slice halves[] = {{.data = bytes, .len = 5}, {.data = bytes + 5, .len = 5}};
    assert_int_equal(source->read(NULL, file, 0, halves, 2), UFTP_OK);
    assert_int_equal(truncate(path, 7), 0);
    assert_int_equal(source->read(NULL, file, 0, halves, 2), UFTP_ERR_IO);
    assert_int_equal(source->read(NULL, file, 0, halves, 1), UFTP_OK);
    assert_int_equal(source->read(NULL, file, 100, halves, 1), UFTP_ERR_IO);
    assert_true(source->read(NULL, file, UINT64_MAX, halves, 1) < 0);
    source->close(NULL, file);
}

#define SOURCE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SOURCE(stat_tells_what_stands_there),
        SOURCE(a_link_target_is_whole_or_refused),
        SOURCE(a_directory_lists_each_entry_once),
        SOURCE(only_regular_files_are_opened),
        SOURCE(a_read_that_stops_halfway_is_continued_where_it_stopped),
        SOURCE(slices_are_filled_one_after_the_other),
        SOURCE(a_file_that_became_shorter_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
