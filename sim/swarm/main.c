/* SPDX-License-Identifier: MIT */
#include "swarm/command.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "swarm") == 0)
        return swarm_command_swarm(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "shrink") == 0)
        return swarm_command_shrink(argc - 1, argv + 1);
    fputs("usage: uftp-sim swarm|shrink ...\n", stderr);
    return 1;
}
