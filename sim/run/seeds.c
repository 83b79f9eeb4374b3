/* SPDX-License-Identifier: MIT
 *
 * Many seeds, each in a process of its own: a broken one cannot harm the others, and all cores have
 * work. What a process says is kept in a file of its own and shown in the order of the seeds.
 */
#include "run/command.h"
#include "run/run.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct job {
    pid_t pid; /* 0: no process */
    uint64_t seed;
    FILE *output; /* of the process, both streams */
    int code;
    bool done;
} job;

static int run_child(const sim_run_options *options, const sim_scenario *scenario, const job *j)
{
    sim_run_options quiet = *options;
    quiet.quiet = true;
    quiet.threads = 1; /* all cores have work */
    int fd = fileno(j->output);
    if (dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
        return SIM_EXIT_USAGE;
    int code = sim_run_one(&quiet, scenario, j->seed, stdout);
    return fflush(stdout) == 0 ? code : SIM_EXIT_USAGE;
}

static bool start(job *j, uint64_t seed, const sim_run_options *options,
                  const sim_scenario *scenario)
{
    *j = (job){.seed = seed, .output = tmpfile()};
    if (!j->output)
        return false;
    fflush(NULL);
    j->pid = fork();
    if (j->pid == 0)
        _exit(run_child(options, scenario, j));
    if (j->pid > 0)
        return true;
    fclose(j->output);
    *j = (job){0};
    return false;
}

static void show(const job *j)
{
    char line[4096];
    rewind(j->output);
    while (fgets(line, sizeof line, j->output)) {
        if (strncmp(line, "digest: ", 8) == 0)
            printf("seed %" PRIu64 " ", j->seed);
        fputs(line, stdout);
    }
    fflush(stdout);
}

static void end(job *j)
{
    if (j->output)
        fclose(j->output);
    *j = (job){0};
}

/* Waits for any of our processes. */
static bool wait_for_one(job *jobs, unsigned count)
{
    int status;
    pid_t pid;
    do
        pid = waitpid(-1, &status, 0);
    while (pid < 0 && errno == EINTR);
    for (unsigned i = 0; i < count; i++)
        if (pid > 0 && jobs[i].pid == pid) {
            jobs[i].pid = 0;
            jobs[i].done = true;
            jobs[i].code = WIFEXITED(status) ? WEXITSTATUS(status) : SIM_EXIT_FAILED;
            return true;
        }
    return false;
}

static void stop_all(job *jobs, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (jobs[i].pid > 0)
            kill(jobs[i].pid, SIGTERM);
    for (unsigned i = 0; i < count; i++)
        if (jobs[i].pid > 0)
            waitpid(jobs[i].pid, NULL, 0);
    for (unsigned i = 0; i < count; i++)
        end(&jobs[i]);
}

static unsigned job_count(const sim_run_options *options)
{
    long cores = options->jobs ? (long)options->jobs : sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > 256 ? 256 : (unsigned)cores;
}

int sim_run_seeds(const sim_run_options *options, const sim_scenario *scenario)
{
    unsigned count = job_count(options);
    job *jobs = calloc(count, sizeof *jobs);
    if (!jobs)
        return SIM_EXIT_USAGE;
    uint64_t next = options->seed_first, shown = options->seed_first;
    bool more = true; /* seeds left to start; the last one may be UINT64_MAX */
    int code = SIM_EXIT_OK;
    for (;;) {
        for (unsigned i = 0; i < count && more; i++) {
            if (jobs[i].output)
                continue;
            if (!start(&jobs[i], next, options, scenario)) {
                fprintf(stderr, "uftp-sim: no process: %s\n", strerror(errno));
                stop_all(jobs, count);
                free(jobs);
                return SIM_EXIT_USAGE;
            }
            more = next++ != options->seed_last;
        }
        /* In the order of the seeds, so that the first failure is the lowest seed's. */
        bool again = true;
        while (again && code == SIM_EXIT_OK) {
            again = false;
            for (unsigned i = 0; i < count && !again; i++)
                if (jobs[i].done && jobs[i].seed == shown) {
                    show(&jobs[i]);
                    code = jobs[i].code;
                    end(&jobs[i]);
                    shown++;
                    again = true;
                }
        }
        bool running = false, room = false;
        for (unsigned i = 0; i < count; i++) {
            running |= jobs[i].pid > 0;
            room |= !jobs[i].output;
        }
        if (code != SIM_EXIT_OK || (!running && !(more && room)))
            break;
        if (running && !(more && room))
            wait_for_one(jobs, count);
    }
    stop_all(jobs, count);
    free(jobs);
    if (code == SIM_EXIT_OK)
        printf("all as expected: seeds %" PRIu64 " to %" PRIu64 "\n", options->seed_first,
               options->seed_last);
    return code;
}
