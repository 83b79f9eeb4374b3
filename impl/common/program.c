/* SPDX-License-Identifier: MIT */
#include "common/program.h"

#include <uftp/core.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool uftp_program_informs(const uftp_option_table *table, uftp_action action)
{
    switch (action) {
    case UFTP_ACTION_HELP:
        uftp_option_help(table, stdout);
        return true;
    case UFTP_ACTION_VERSION:
        uftp_option_version(table, stdout);
        return true;
    case UFTP_ACTION_RUN:
        break;
    }
    return false;
}

int uftp_program_log_open(const uftp_log_config *config, uftp_log **out, uftp_failure *failure)
{
    int err = uftp_log_open(config, out);
    if (err == UFTP_ERR_MEMORY)
        return uftp_fail_memory(failure);
    if (err < 0)
        return uftp_fail(failure, UFTP_EXIT_LOG, "cannot open log file %s: %s", config->path,
                         strerror(errno));
    return 0;
}
