/* SPDX-License-Identifier: MIT */
#include "uftpd/scripts.h"

#include "runtime/clock.h"
#include "uftpd/script.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* How long an end may go unseen. Instead of SIGCHLD: only while scripts run, and nothing to race.
 */
#define LOOK_INTERVAL UFTP_MS(50)
#define KILL_AFTER UFTP_S(5) /* SIGTERM */

typedef struct running_script {
    pid_t pid; /* 0: a free place; also its process group */
    uftp_log_subject subject;
    uint64_t deadline; /* for the next signal */
    bool told_to_end;
} running_script;

typedef struct waiting_script {
    struct waiting_script *next;
    uftp_log_subject subject;
    uftp_strings paths;
} waiting_script;

struct uftp_scripts {
    uftp_scripts_config config;
    running_script running[UFTP_SCRIPTS_RUNNING_MAX];
    size_t running_count;
    waiting_script *first, **end; /* in the order in which files arrived */
    size_t waiting_count;
    uint64_t look; /* when to look next */
};

uftp_scripts *uftp_scripts_create(const uftp_scripts_config *config)
{
    uftp_scripts *scripts = calloc(1, sizeof *scripts);
    if (!scripts)
        return NULL;
    /* Who started us may have had it ignored, which is inherited: then nobody could be reaped. */
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &standard, NULL);
    scripts->config = *config;
    scripts->end = &scripts->first;
    scripts->look = UFTP_NEVER;
    return scripts;
}

static waiting_script *take_first(uftp_scripts *scripts)
{
    waiting_script *first = scripts->first;
    scripts->first = first->next;
    if (!scripts->first)
        scripts->end = &scripts->first;
    scripts->waiting_count--;
    return first;
}

static void free_waiting(waiting_script *waiting)
{
    uftp_strings_free(&waiting->paths);
    free(waiting);
}

static void not_run(const uftp_scripts *scripts, const uftp_log_subject *subject,
                    const uftp_strings *paths, const char *why)
{
    for (size_t i = 0; i < paths->count; i++)
        uftp_log_line(scripts->config.log, 0, subject, "Script not run for %s: %s", paths->items[i],
                      why);
}

void uftp_scripts_destroy(uftp_scripts *scripts)
{
    if (!scripts)
        return;
    while (scripts->first) {
        waiting_script *waiting = take_first(scripts);
        not_run(scripts, &waiting->subject, &waiting->paths, "we end");
        free_waiting(waiting);
    }
    free(scripts);
}

/* There is a free place. */
static void start(uftp_scripts *scripts, const uftp_log_subject *subject, const uftp_strings *paths)
{
    running_script *place = scripts->running;
    while (place->pid)
        place++;
    int system_error =
        uftp_script_start(scripts->config.program, subject->group, paths, &place->pid);
    if (system_error) {
        place->pid = 0;
        uftp_log_system(scripts->config.log, 0, subject, system_error, "Error running script %s",
                        scripts->config.program);
        return;
    }
    const uint64_t now = uftp_clock_now();
    place->subject = *subject;
    place->deadline = scripts->config.time_max ? now + scripts->config.time_max : UFTP_NEVER;
    place->told_to_end = false;
    if (!scripts->running_count++)
        scripts->look = now + LOOK_INTERVAL;
    uftp_log_line(scripts->config.log, 3, subject, "Script started as process %ld for %s",
                  (long)place->pid, paths->count ? paths->items[0] : "");
}

static bool copy_paths(uftp_strings *out, const uftp_strings *paths)
{
    uftp_failure failure;
    for (size_t i = 0; i < paths->count; i++)
        if (uftp_strings_add(out, paths->items[i], strlen(paths->items[i]), &failure))
            return false;
    return true;
}

static void enqueue(uftp_scripts *scripts, const uftp_log_subject *subject,
                    const uftp_strings *paths)
{
    if (scripts->waiting_count == UFTP_SCRIPTS_WAITING_MAX) {
        not_run(scripts, subject, paths, "too many wait");
        return;
    }
    waiting_script *waiting = calloc(1, sizeof *waiting);
    if (!waiting || !copy_paths(&waiting->paths, paths)) {
        if (waiting)
            free_waiting(waiting);
        not_run(scripts, subject, paths, "out of memory");
        return;
    }
    waiting->subject = *subject;
    *scripts->end = waiting;
    scripts->end = &waiting->next;
    scripts->waiting_count++;
}

void uftp_scripts_run(uftp_scripts *scripts, const uftp_log_subject *subject,
                      const uftp_strings *paths)
{
    if (!scripts->config.program)
        return;
    if (scripts->running_count < UFTP_SCRIPTS_RUNNING_MAX && !scripts->first)
        start(scripts, subject, paths);
    else
        enqueue(scripts, subject, paths);
}

static void report_end(const uftp_scripts *scripts, const running_script *script, int status)
{
    if (WIFSIGNALED(status))
        uftp_log_line(scripts->config.log, 1, &script->subject, "Script %ld ended by signal %d",
                      (long)script->pid, WTERMSIG(status));
    else
        uftp_log_line(scripts->config.log, WEXITSTATUS(status) ? 2 : 3, &script->subject,
                      "Script %ld ended with status %d", (long)script->pid, WEXITSTATUS(status));
}

/* The group still has its leader, alive or not yet reaped: the number cannot be another's. */
static void signal_late(const uftp_scripts *scripts, running_script *script, uint64_t now)
{
    if (now < script->deadline)
        return;
    if (!script->told_to_end)
        uftp_log_line(scripts->config.log, 1, &script->subject,
                      "Script %ld has run for %llu seconds: it is told to end", (long)script->pid,
                      (unsigned long long)(scripts->config.time_max / UFTP_S(1)));
    (void)kill(-script->pid, script->told_to_end ? SIGKILL : SIGTERM);
    script->deadline = script->told_to_end ? UFTP_NEVER : now + KILL_AFTER;
    script->told_to_end = true;
}

static void look_after(uftp_scripts *scripts, running_script *script, uint64_t now)
{
    siginfo_t info = {0};
    /* Seen, but left there for a moment: what it has started and left behind in its group goes,
     * too, if it was told to end. */
    if (waitid(P_PID, (id_t)script->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && !info.si_pid) {
        signal_late(scripts, script, now);
        return;
    }
    int status = 0;
    if (script->told_to_end)
        (void)kill(-script->pid, SIGKILL);
    if (waitpid(script->pid, &status, WNOHANG) == script->pid)
        report_end(scripts, script, status);
    script->pid = 0;
    scripts->running_count--;
}

void uftp_scripts_turn(uftp_scripts *scripts, uint64_t now)
{
    if (now < scripts->look)
        return;
    for (size_t i = 0; i < UFTP_SCRIPTS_RUNNING_MAX; i++)
        if (scripts->running[i].pid)
            look_after(scripts, &scripts->running[i], now);
    while (scripts->first && scripts->running_count < UFTP_SCRIPTS_RUNNING_MAX) {
        waiting_script *waiting = take_first(scripts);
        start(scripts, &waiting->subject, &waiting->paths);
        free_waiting(waiting);
    }
    scripts->look = scripts->running_count ? now + LOOK_INTERVAL : UFTP_NEVER;
}

uint64_t uftp_scripts_deadline(const uftp_scripts *scripts)
{
    return scripts->look;
}
