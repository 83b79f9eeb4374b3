/* SPDX-License-Identifier: MIT */
#include "uftpd/script.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void uftp_script_init(void)
{
    /* Not SIG_IGN: that would be inherited, and break waitpid() in the script. */
    const struct sigaction reap = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    sigaction(SIGCHLD, &reap, NULL);
}

/* The signals we block and ignore are the script's own business again. */
static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, ours;
    sigemptyset(&none);
    sigemptyset(&ours);
    sigaddset(&ours, SIGPIPE);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    int err = posix_spawnattr_setsigmask(attributes, &none);
    if (!err)
        err = posix_spawnattr_setsigdefault(attributes, &ours);
    if (!err)
        err = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return err;
}

/* To /dev/null, not closed: a script that opens a file must not find it at its stdout. */
static int silence(posix_spawn_file_actions_t *actions)
{
    int err = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (!err)
        err = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    return err;
}

static int spawn(const char *program, char *const *argv)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int err = posix_spawnattr_init(&attributes);
    if (err)
        return err;
    err = posix_spawn_file_actions_init(&actions);
    if (!err) {
        pid_t child;
        err = set_signals(&attributes);
        if (!err)
            err = silence(&actions);
        if (!err)
            err = posix_spawn(&child, program, &actions, &attributes, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return err;
}

int uftp_script_run(const char *program, uint32_t group, const uftp_strings *paths)
{
    char id[9], option[] = "-I";
    snprintf(id, sizeof id, "%08" PRIX32, group);
    const char **argv = calloc(paths->count + 4, sizeof *argv);
    if (!argv)
        return ENOMEM;
    argv[0] = program;
    argv[1] = option;
    argv[2] = id;
    for (size_t i = 0; i < paths->count; i++)
        argv[3 + i] = paths->items[i];
    int err = spawn(program, (char *const *)argv); /* it does not change them: POSIX's own cast */
    free(argv);
    return err;
}
