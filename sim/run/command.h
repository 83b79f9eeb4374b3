/* SPDX-License-Identifier: MIT
 *
 * The sub-commands of uftp-sim. One is added by a line in the table of main.c.
 */
#ifndef SIM_RUN_COMMAND_H
#define SIM_RUN_COMMAND_H

/* Exit codes of all sub-commands. */
enum {
    SIM_EXIT_OK = 0,
    SIM_EXIT_USAGE = 1,  /* the command line, or a scenario that cannot be read */
    SIM_EXIT_FAILED = 2, /* a run that did not end as it should */
};

typedef struct sim_command {
    const char *name;
    const char *synopsis; /* what follows the name on the command line */
    const char *summary;  /* one line */
    /* argv[0] is the sub-command's name. Returns an exit code. */
    int (*run)(int argc, char **argv);
} sim_command;

int sim_command_run(int argc, char **argv);
int sim_command_list(int argc, char **argv);

#endif
