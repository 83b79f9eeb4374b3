/* SPDX-License-Identifier: MIT
 *
 * uftp-sim list: the scenarios of a directory, each with its name.
 */
#include "run/command.h"
#include "run/scenario.h"

#include "engine/memory.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_scenario(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

/* Where scenarios are looked for when no directory is named: here, in a source tree, installed. */
static const char *find_directory(void)
{
    static const char *const places[] = {"sim/scenarios", SIM_SCENARIO_DIR, SIM_SCENARIO_SOURCE};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return ".";
}

static bool show(const char *directory, const char *file)
{
    char error[SIM_YAML_ERROR_MAX];
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", directory, file);
    if (len < 0 || (size_t)len >= sizeof path)
        return false;
    sim_scenario scenario;
    if (!sim_scenario_read(path, NULL, 0, &scenario, error)) {
        fprintf(stderr, "%s\n", error);
        return false;
    }
    printf("%-28s %6" PRIu64 " receiver%s  %s\n", file, sim_scenario_receivers(&scenario),
           sim_scenario_receivers(&scenario) == 1 ? " " : "s", scenario.name);
    sim_scenario_free(&scenario);
    return true;
}

int sim_command_list(int argc, char **argv)
{
    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        fputs("usage: uftp-sim list [DIRECTORY]\n", stderr);
        return SIM_EXIT_USAGE;
    }
    const char *directory = argc == 2 ? argv[1] : find_directory();
    struct dirent **entries;
    int count = scandir(directory, &entries, is_scenario, alphasort);
    if (count < 0) {
        fprintf(stderr, "uftp-sim: %s: %s\n", directory, strerror(errno));
        return SIM_EXIT_USAGE;
    }
    printf("%s:\n", directory);
    int code = SIM_EXIT_OK;
    for (int i = 0; i < count; i++) {
        if (!show(directory, entries[i]->d_name))
            code = SIM_EXIT_USAGE;
        free(entries[i]);
    }
    free(entries);
    return code;
}
