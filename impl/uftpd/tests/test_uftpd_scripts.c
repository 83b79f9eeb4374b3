/* SPDX-License-Identifier: MIT */
#include "uftpd/scripts.h"

#include "runtime/clock.h"

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

static struct {
    char directory[64], script[96], log_path[96];
    uftp_log *log;
    uftp_scripts *scripts;
} stage;

static const uftp_log_subject subject = {.group = 0xBEEF};

static void raise_curtain(const char *lines, uint64_t time_max)
{
    snprintf(stage.directory, sizeof stage.directory, "/tmp/test_scripts.XXXXXX");
    assert_non_null(mkdtemp(stage.directory));
    snprintf(stage.script, sizeof stage.script, "%s/script", stage.directory);
    snprintf(stage.log_path, sizeof stage.log_path, "%s/log", stage.directory);
    int fd = open(stage.script, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    assert_true(dprintf(fd, "#!/bin/sh\ncd %s || exit 1\n%s\n", stage.directory, lines) > 0);
    close(fd);
    assert_int_equal(
        uftp_log_open(&(uftp_log_config){.path = stage.log_path, .level = 2}, &stage.log), 0);
    stage.scripts = uftp_scripts_create(
        &(uftp_scripts_config){.log = stage.log, .program = stage.script, .time_max = time_max});
    assert_non_null(stage.scripts);
}

static void lower_curtain(void)
{
    char command[128];
    uftp_scripts_destroy(stage.scripts);
    uftp_log_close(stage.log);
    snprintf(command, sizeof command, "rm -r %s", stage.directory);
    assert_int_equal(system(command), 0);
}

static void run(const char *path)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%s", path);
    char *items[] = {copy};
    uftp_scripts_run(stage.scripts, &subject, &(uftp_strings){.items = items, .count = 1});
}

static bool exists(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", stage.directory, name);
    return access(path, F_OK) == 0;
}

static long number_in(const char *name)
{
    char path[128], text[32] = "";
    snprintf(path, sizeof path, "%s/%s", stage.directory, name);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    close(fd);
    return atol(text);
}

static void create(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", stage.directory, name);
    close(open(path, O_WRONLY | O_CREAT, 0600));
}

static bool logged(const char *words)
{
    char text[65536] = "";
    int fd = open(stage.log_path, O_RDONLY);
    ssize_t len = read(fd, text, sizeof text - 1);
    assert_true(len >= 0);
    close(fd);
    return strstr(text, words) != NULL;
}

/* Real processes need real time; ten seconds is for a machine that is busy. */
#define WAIT_UNTIL(condition) \
    do { \
        int tries = 0; \
        while (!(condition)) { \
            assert_true(tries++ < 1000); \
            usleep(10000); \
        } \
    } while (0)

static bool idle(uint64_t now)
{
    uftp_scripts_turn(stage.scripts, now);
    return uftp_scripts_deadline(stage.scripts) == UFTP_NEVER;
}

static bool gone(long pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return true;
    ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    const char *state = len > 0 ? strrchr(text, ')') : NULL;
    return !state || state[2] == 'Z';
}

static void a_script_is_not_waited_for_and_leaves_no_zombie(void **state)
{
    (void)state;
    raise_curtain("while ! [ -e go ]; do sleep 0.02; done; exit 3", 0);
    assert_int_equal(uftp_scripts_deadline(stage.scripts), UFTP_NEVER);
    run("/d/f");
    assert_int_not_equal(uftp_scripts_deadline(stage.scripts), UFTP_NEVER);
    assert_false(idle(uftp_clock_now() + UFTP_S(1000000))); /* no limit */
    create("go");
    WAIT_UNTIL(idle(UFTP_NEVER - 1));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_true(logged("ended with status 3"));
    lower_curtain();
}

/* Time is handed in, so that nobody has to wait for it. */
static void a_script_that_hangs_is_ended_with_what_it_has_started(void **state)
{
    (void)state;
    raise_curtain("sleep 1000 & echo $! >child; echo $$ >self; touch up; wait", UFTP_S(60));
    run("/d/f");
    WAIT_UNTIL(exists("up"));
    long self = number_in("self"), child = number_in("child");
    assert_false(idle(uftp_clock_now() + UFTP_S(59)));
    assert_false(gone(self));
    const uint64_t late = uftp_clock_now() + UFTP_S(61);
    assert_false(idle(late));
    WAIT_UNTIL(gone(self) && gone(child));
    WAIT_UNTIL(idle(late + UFTP_S(1)));
    assert_true(logged("has run for 60 seconds"));
    assert_true(logged("ended by signal 15"));
    lower_curtain();
}

/* Neither does ignoring SIGTERM help, nor leaving a child behind that does. */
static void a_script_that_ignores_the_signal_is_killed(void **state)
{
    (void)state;
    raise_curtain("trap '' TERM; sleep 1000 & echo $! >child; echo $$ >self; touch up; wait",
                  UFTP_S(60));
    run("/d/f");
    WAIT_UNTIL(exists("up"));
    long self = number_in("self"), child = number_in("child");
    const uint64_t late = uftp_clock_now() + UFTP_S(61);
    assert_false(idle(late));
    usleep(100000);
    assert_false(gone(self));
    assert_false(idle(late + UFTP_S(6)));
    WAIT_UNTIL(gone(self) && gone(child));
    WAIT_UNTIL(idle(late + UFTP_S(7)));
    assert_true(logged("ended by signal 9"));
    lower_curtain();
}

static void a_child_that_outlives_an_ended_script_goes_too(void **state)
{
    (void)state;
    raise_curtain("(trap '' TERM; touch up; exec sleep 1000) & echo $! >child; wait", UFTP_S(60));
    run("/d/f");
    WAIT_UNTIL(exists("up") && exists("child"));
    usleep(50000);
    long child = number_in("child");
    const uint64_t late = uftp_clock_now() + UFTP_S(61);
    assert_false(idle(late));
    uint64_t now = late; /* turns in which nothing is due do nothing */
    WAIT_UNTIL(idle(now += UFTP_MS(51)));
    assert_true(now < late + UFTP_S(5));
    WAIT_UNTIL(gone(child));
    lower_curtain();
}

/* A thousand small files do not make a thousand processes, and none is forgotten. */
static void so_many_run_at_a_time_and_the_others_wait(void **state)
{
    (void)state;
    raise_curtain("echo \"$3\" >>started; while ! [ -e go ]; do sleep 0.02; done", 0);
    char path[32];
    const int count = UFTP_SCRIPTS_RUNNING_MAX + 8;
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "/d/%d", i);
        run(path);
    }
    usleep(200000);
    uftp_scripts_turn(stage.scripts, uftp_clock_now());
    char command[128];
    snprintf(command, sizeof command, "[ $(wc -l <%s/started) = %d ]", stage.directory,
             UFTP_SCRIPTS_RUNNING_MAX);
    WAIT_UNTIL(system(command) == 0);
    create("go");
    uint64_t now = uftp_clock_now();
    WAIT_UNTIL(idle(now += UFTP_S(1)));
    snprintf(command, sizeof command, "[ $(sort -u %s/started | wc -l) = %d ]", stage.directory,
             count);
    assert_int_equal(system(command), 0);
    lower_curtain();
}

static void what_finds_no_place_is_told(void **state)
{
    (void)state;
    raise_curtain("while ! [ -e go ]; do sleep 0.02; done", 0);
    for (int i = 0; i < UFTP_SCRIPTS_RUNNING_MAX + UFTP_SCRIPTS_WAITING_MAX; i++)
        run("/d/f");
    assert_false(logged("not run"));
    run("/d/last");
    assert_true(logged("Script not run for /d/last: too many wait"));
    create("go");
    usleep(300000);
    lower_curtain();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_is_not_waited_for_and_leaves_no_zombie),
        cmocka_unit_test(a_script_that_hangs_is_ended_with_what_it_has_started),
        cmocka_unit_test(a_script_that_ignores_the_signal_is_killed),
        cmocka_unit_test(a_child_that_outlives_an_ended_script_goes_too),
        cmocka_unit_test(so_many_run_at_a_time_and_the_others_wait),
        cmocka_unit_test(what_finds_no_place_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
