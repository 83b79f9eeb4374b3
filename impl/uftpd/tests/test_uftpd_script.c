/* SPDX-License-Identifier: MIT */
#include "uftpd/script.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64], script[96], output[96];

static int make_script(void **state)
{
    (void)state;
    static const char text[] = "#!/bin/sh\n"
                               "for a in \"$@\"; do printf '<%s>' \"$a\"; done >\"$0.part\"\n"
                               "mv \"$0.part\" \"$0.out\"\n";
    snprintf(directory, sizeof directory, "/tmp/test_script.XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(script, sizeof script, "%s/script", directory);
    snprintf(output, sizeof output, "%s/script.out", directory);
    int fd = open(script, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    assert_int_equal(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    close(fd);
    return 0;
}

static int remove_script(void **state)
{
    (void)state;
    unlink(output);
    unlink(script);
    return rmdir(directory);
}

/* No shell stands between: what a sender put into a name arrives as one argument, untouched. It
 * is not waited for, and leaves no zombie. */
static void names_reach_the_script_as_they_are(void **state)
{
    (void)state;
    char plain[] = "/dest/f1.bin", hostile[] = "/dest/$(touch x);`id` \"'\n&";
    char *items[] = {plain, hostile};
    const uftp_strings paths = {.items = items, .count = 2};
    uftp_script_init();
    assert_int_equal(uftp_script_run(script, 0xBEEF, &paths), 0);
    assert_int_equal(waitpid(-1, NULL, 0), -1); /* waits for all, and has none to reap */
    assert_int_equal(errno, ECHILD);
    char text[512] = "";
    int fd = open(output, O_RDONLY);
    assert_true(fd >= 0);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    close(fd);
    assert_string_equal(text, "<-I><0000BEEF></dest/f1.bin></dest/$(touch x);`id` \"'\n&>");
    unlink(output);
}

static void a_script_that_cannot_run_is_told(void **state)
{
    (void)state;
    char name[] = "/f";
    char *items[] = {name};
    const uftp_strings paths = {.items = items, .count = 1};
    assert_int_equal(uftp_script_run("/nonexistent/script", 1, &paths), ENOENT);
    chmod(script, 0644);
    assert_int_equal(uftp_script_run(script, 1, &paths), EACCES);
    chmod(script, 0755);
}

/* The daemon blocks INT and TERM and ignores PIPE: a script that inherited that could not be
 * stopped. */
static void the_script_has_its_signals_back(void **state)
{
    (void)state;
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, &before);
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction pipe_before;
    sigaction(SIGPIPE, &ignore, &pipe_before);

    int fd = open(script, O_WRONLY | O_TRUNC | O_CLOEXEC);
    static const char text[] = "#!/bin/sh\ngrep -E '^Sig(Blk|Ign)' /proc/self/status >\"$0.part\"\n"
                               "mv \"$0.part\" \"$0.out\"\n";
    assert_int_equal(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    close(fd);
    const uftp_strings none = {0};
    assert_int_equal(uftp_script_run(script, 1, &none), 0);
    while (waitpid(-1, NULL, 0) >= 0) {
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGPIPE, &pipe_before, NULL);

    char status[256] = "";
    unsigned long long blocked = 1, ignored = 1;
    fd = open(output, O_RDONLY);
    assert_true(read(fd, status, sizeof status - 1) > 0);
    close(fd);
    assert_int_equal(sscanf(status, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_int_equal(blocked, 0);
    assert_int_equal(ignored & (1ULL << (SIGPIPE - 1) | 1ULL << (SIGCHLD - 1)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_reach_the_script_as_they_are),
        cmocka_unit_test(a_script_that_cannot_run_is_told),
        cmocka_unit_test(the_script_has_its_signals_back),
    };
    return cmocka_run_group_tests(tests, make_script, remove_script);
}
