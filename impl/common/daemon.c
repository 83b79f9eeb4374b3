/* SPDX-License-Identifier: MIT */
#include "common/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *uftp_daemon_path(const char *path, char out[UFTP_DAEMON_PATH_MAX])
{
    int len = snprintf(out, UFTP_DAEMON_PATH_MAX, "%s%s", path[0] == '/' ? "" : "/", path);
    return len < UFTP_DAEMON_PATH_MAX ? out : NULL;
}

int uftp_daemon_pid_open(const char *path, int *fd, uftp_failure *failure)
{
    /* 0644 whatever the umask of the day: a pid file that anybody may write is an invitation. */
    *fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
    if (*fd < 0)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "cannot write pid file %s: %s", path,
                         strerror(errno));
    return 0;
}

/* Returns 0 or an errno. */
static int write_pid(int fd)
{
    int err = dprintf(fd, "%d\n", (int)getpid()) < 0 ? errno : 0;
    if (close(fd) < 0 && !err)
        err = errno;
    return err;
}

static int enter_background(uftp_failure *failure)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return uftp_fail(failure, UFTP_EXIT_SYSTEM, "cannot open /dev/null: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0) {
        close(null);
        return uftp_fail(failure, UFTP_EXIT_SYSTEM, "cannot fork: %s", strerror(errno));
    }
    if (child > 0)
        _exit(UFTP_EXIT_OK); /* nothing is flushed or closed twice */
    (void)setsid();          /* a fresh child cannot be a group leader already */
    (void)umask(0);          /* files are made with the modes that the store asks for */
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (null > STDERR_FILENO)
        close(null);
    if (chdir("/") < 0)
        return uftp_fail(failure, UFTP_EXIT_SYSTEM, "cannot change to /: %s", strerror(errno));
    return 0;
}

int uftp_daemon_detach(const uftp_daemon *daemon, uftp_failure *failure)
{
    uftp_entropy_wipe(daemon->entropy); /* a stock must not be drawn from on both sides of a fork */
    int code = enter_background(failure);
    if (code)
        return code;
    uftp_entropy_init(daemon->entropy);
    int system_error = daemon->pid_fd >= 0 ? write_pid(daemon->pid_fd) : 0;
    if (system_error)
        uftp_log_system(daemon->log, 0, NULL, system_error, "Error writing pid file %s",
                        daemon->pid_path);
    return 0;
}

void uftp_daemon_set_priority(int priority, uftp_log *log)
{
    errno = 0;
    if (priority && nice(priority) == -1 && errno)
        uftp_log_system(log, 0, NULL, errno, "Error setting priority %d", priority);
}
