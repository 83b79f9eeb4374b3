/* SPDX-License-Identifier: MIT
 *
 * Test bodies that need namespaces of their own, or a system call taken away: they run in a child
 * process, so that nothing of it stays with the other tests.
 */
#ifndef UFTP_TESTS_ISOLATED_H
#define UFTP_TESTS_ISOLATED_H

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ISOLATED_SKIP = 77 };

/* In the child an assertion of cmocka would jump into the parent's tests. */
#define MUST(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            _exit(1); \
        } \
    } while (0)

/* The body found that this machine cannot do what it needs. */
#define ISOLATED_CANNOT(why) \
    do { \
        print_message("[  NOTE    ] skipped: %s\n", why); \
        _exit(ISOLATED_SKIP); \
    } while (0)

/* Runs `body` in a child that has unshared `namespaces` (CLONE_NEWNET, ..., 0 for none). Skips the
 * test without the right to do so. */
static inline void run_isolated(int namespaces, void (*body)(void *), void *arg)
{
    if (namespaces && geteuid()) {
        print_message("[  NOTE    ] skipped: namespaces need root\n");
        skip();
    }
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        alarm(60); /* a hang is a failure too */
        if (namespaces && unshare(namespaces))
            ISOLATED_CANNOT("no namespaces here");
        body(arg);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == ISOLATED_SKIP)
        skip();
    assert_int_equal(status, 0);
}

#endif
