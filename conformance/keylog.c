/* SPDX-License-Identifier: MIT */
#include "keylog.h"

#include "tests/support.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct keylog {
    char *text;
};

keylog *keylog_open(const char *folder)
{
    char path[512];
    size_t len;
    snprintf(path, sizeof path, "%s/keylog.txt", folder);
    char *text = test_read_file(path, &len);
    if (!text)
        return NULL;
    keylog *log = malloc(sizeof *log);
    assert_non_null(log);
    log->text = text;
    return log;
}

void keylog_close(keylog *log)
{
    if (!log)
        return;
    free(log->text);
    free(log);
}

size_t keylog_find(const keylog *log, const char *label, uint32_t group, uint32_t uid,
                   uint8_t out[KEYLOG_VALUE_MAX])
{
    char start[80];
    snprintf(start, sizeof start, "%s %08" PRIX32 " %08" PRIX32 " ", label, group, uid);
    for (const char *line = log->text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, start, strlen(start)) == 0)
            return test_unhex(line + strlen(start), out, KEYLOG_VALUE_MAX);
    }
    return 0;
}
