/* SPDX-License-Identifier: MIT
 *
 * uftp-sim: runs scenarios in a world of its own time.
 */
#include "run/command.h"

#include <stdio.h>
#include <string.h>

static const sim_command commands[] = {
    {"run", "FILE.yaml [--seed N] [...]", "run a scenario; --help tells all options",
     sim_command_run},
    {"list", "[DIRECTORY]", "name the scenarios that are at hand", sim_command_list},
};
#define COMMANDS (sizeof commands / sizeof *commands)

static void usage(FILE *out)
{
    fputs("usage: uftp-sim COMMAND ...\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %s %s\n      %s\n", commands[i].name, commands[i].synopsis,
                commands[i].summary);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return SIM_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return SIM_EXIT_OK;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "uftp-sim: no such command: %s\n", argv[1]);
    usage(stderr);
    return SIM_EXIT_USAGE;
}
