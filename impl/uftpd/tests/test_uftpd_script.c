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

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/test_script.XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(script, sizeof script, "%s/script", directory);
    snprintf(output, sizeof output, "%s/script.out", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(output);
    unlink(script);
    return rmdir(directory);
}

/* Runs a shell script of these lines to its end; what it writes to "$0.out" goes to `text`. */
static void run(const char *lines, const uftp_strings *paths, char *text, size_t capacity)
{
    pid_t child;
    int status, fd = open(script, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    assert_true(dprintf(fd, "#!/bin/sh\n%s\n", lines) > 0);
    close(fd);
    assert_int_equal(uftp_script_start(script, 0xBEEF, paths, &child), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    fd = open(output, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t len = read(fd, text, capacity - 1);
    assert_true(len >= 0);
    text[len] = '\0';
    close(fd);
    unlink(output);
}

/* No shell stands between: what a sender put into a name arrives as one argument, untouched. */
static void names_reach_the_script_as_they_are(void **state)
{
    (void)state;
    char plain[] = "/dest/f1.bin", hostile[] = "/dest/$(touch x);`id` \"'\n&", text[512];
    char *items[] = {plain, hostile};
    run("for a in \"$@\"; do printf '<%s>' \"$a\"; done >\"$0.out\"",
        &(uftp_strings){.items = items, .count = 2}, text, sizeof text);
    assert_string_equal(text, "<-I><0000BEEF></dest/f1.bin></dest/$(touch x);`id` \"'\n&>");
}

static void a_script_that_cannot_run_is_told(void **state)
{
    (void)state;
    const uftp_strings none = {0};
    pid_t child;
    assert_int_equal(uftp_script_start("/nonexistent/script", 1, &none, &child), ENOENT);
    chmod(script, 0644);
    assert_int_equal(uftp_script_start(script, 1, &none, &child), EACCES);
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
    char text[256];
    unsigned long long blocked = 1, ignored = 1;
    run("grep -E '^Sig(Blk|Ign)' /proc/self/status >\"$0.out\"", &(uftp_strings){0}, text,
        sizeof text);
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGPIPE, &pipe_before, NULL);
    assert_int_equal(sscanf(text, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_int_equal(blocked, 0);
    assert_int_equal(ignored & (1ULL << (SIGPIPE - 1) | 1ULL << (SIGCHLD - 1)), 0);
}

/* What the daemon was started with may hold secrets, or change what a shell does. */
static void of_the_environment_only_what_is_listed_passes(void **state)
{
    (void)state;
    char text[4096];
    setenv("SSLKEYLOGFILE", "/secret", 1);
    setenv("ENV", "/evil", 1);
    setenv("LCX", "no locale", 1);
    setenv("LC_TIME", "C", 1);
    setenv("PATHS", "no path", 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    setenv("TZ", "UTC", 1);
    run("tr '\\0' '\\n' </proc/$$/environ >\"$0.out\"", &(uftp_strings){0}, text, sizeof text);
    assert_non_null(strstr(text, "LC_TIME=C\n"));
    assert_non_null(strstr(text, "TZ=UTC\n"));
    assert_non_null(strstr(text, "PATH=/usr/bin:/bin\n"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        assert_null(strstr(line, "KEYLOG"));
        assert_int_not_equal(strncmp(line, "ENV=", 4), 0);
        assert_int_not_equal(strncmp(line, "LCX", 3), 0);
        assert_int_not_equal(strncmp(line, "PATHS", 5), 0);
    }
    clearenv(); /* a daemon may have none at all */
    run("tr '\\0' '\\n' </proc/$$/environ >\"$0.out\"", &(uftp_strings){0}, text, sizeof text);
    assert_string_equal(text, "PATH=/usr/local/bin:/usr/bin:/bin\n");
}

/* Also of those that somebody left open in us. */
static void no_descriptor_passes(void **state)
{
    (void)state;
    char text[512];
    int left_open = open("/etc/passwd", O_RDONLY); /* without O_CLOEXEC */
    assert_true(left_open > 2);
    /* Of a shell, which has its script open on some higher one, and pipes of its own making. */
    run("ls -l /proc/$$/fd | sed -n '/script$/d; /pipe:/d; s/.* \\([0-9]* ->\\)/\\1/p' "
        ">\"$0.out\"\n"
        "if read x; then echo something to read >>\"$0.out\"; fi",
        &(uftp_strings){0}, text, sizeof text);
    close(left_open);
    assert_string_equal(text, "0 -> /dev/null\n1 -> /dev/null\n2 -> /dev/null\n");
}

static void the_script_leads_a_group_of_its_own(void **state)
{
    (void)state;
    char text[64];
    run("set -- $(cat /proc/$$/stat); echo $$ $5 >\"$0.out\"", &(uftp_strings){0}, text,
        sizeof text);
    int pid, group;
    assert_int_equal(sscanf(text, "%d %d", &pid, &group), 2);
    assert_int_equal(pid, group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_reach_the_script_as_they_are),
        cmocka_unit_test(a_script_that_cannot_run_is_told),
        cmocka_unit_test(the_script_has_its_signals_back),
        cmocka_unit_test(of_the_environment_only_what_is_listed_passes),
        cmocka_unit_test(no_descriptor_passes),
        cmocka_unit_test(the_script_leads_a_group_of_its_own),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
