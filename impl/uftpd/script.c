/* SPDX-License-Identifier: MIT */
#include "uftpd/script.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const uftp_script_environment_names[] = {
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_", "TZ", "TMPDIR", NULL};
static char path_default[] = "PATH=/usr/local/bin:/usr/bin:/bin";

static bool may_pass(const char *variable)
{
    for (const char *const *name = uftp_script_environment_names; *name; name++) {
        size_t len = strlen(*name);
        if (strncmp(variable, *name, len) == 0 && ((*name)[len - 1] == '_' || variable[len] == '='))
            return true;
    }
    return false;
}

/* The list is the caller's, its texts are not. NULL without memory. */
static char **choose_environment(void)
{
    size_t count = 0;
    while (environ && environ[count])
        count++;
    char **chosen = calloc(count + 2, sizeof *chosen);
    if (!chosen)
        return NULL;
    size_t used = 0;
    bool has_path = false;
    for (size_t i = 0; i < count; i++) {
        if (!may_pass(environ[i]))
            continue;
        has_path |= strncmp(environ[i], "PATH=", 5) == 0;
        chosen[used++] = environ[i];
    }
    if (!has_path)
        chosen[used] = path_default;
    return chosen;
}

/* The signals we block and ignore are the script's own business again. */
static int set_attributes(posix_spawnattr_t *attributes)
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
        err = posix_spawnattr_setpgroup(attributes, 0);
    if (!err)
        err = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                       POSIX_SPAWN_SETPGROUP);
    return err;
}

/* To /dev/null, not closed: a script that opens a file must not find it at its stdout. */
static int set_descriptors(posix_spawn_file_actions_t *actions)
{
    int err = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!err)
        err = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (!err)
        err = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    /* Ours are closed on exec anyway; this is for what we were started with. */
    if (!err)
        err = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return err;
}

static int spawn(const char *program, char *const *argv, char *const *environment, pid_t *child)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int err = posix_spawnattr_init(&attributes);
    if (err)
        return err;
    err = posix_spawn_file_actions_init(&actions);
    if (!err) {
        err = set_attributes(&attributes);
        if (!err)
            err = set_descriptors(&actions);
        if (!err)
            err = posix_spawn(child, program, &actions, &attributes, argv, environment);
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return err;
}

int uftp_script_start(const char *program, uint32_t group, const uftp_strings *paths, pid_t *child)
{
    char id[9], option[] = "-I";
    snprintf(id, sizeof id, "%08" PRIX32, group);
    const char **argv = calloc(paths->count + 4, sizeof *argv);
    char **environment = choose_environment();
    int err = ENOMEM;
    if (argv && environment) {
        argv[0] = program;
        argv[1] = option;
        argv[2] = id;
        for (size_t i = 0; i < paths->count; i++)
            argv[3 + i] = paths->items[i];
        /* It does not change them: POSIX's own cast. */
        err = spawn(program, (char *const *)argv, environment, child);
    }
    free(environment);
    free(argv);
    return err;
}
