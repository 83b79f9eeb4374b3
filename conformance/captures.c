/* SPDX-License-Identifier: MIT */
#include "captures.h"

#include "tests/support.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define CAPTURES_DIR UFTP_SOURCE_DIR "/conformance/captures"

static size_t pcap_files_in(const char *folder)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += strstr(entry->d_name, ".pcap") != NULL;
    closedir(dir);
    return count;
}

static void visit_folder(const char *name, captures_visit *visit, void *ctx)
{
    char folder[256], path[512];
    snprintf(folder, sizeof folder, CAPTURES_DIR "/%.100s", name);
    snprintf(path, sizeof path, "%s/manifest.json", folder);
    json_error_t error;
    json_t *manifest = json_load_file(path, 0, &error);
    if (!manifest)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    json_t *captures = json_object_get(manifest, "captures");
    assert_int_equal(json_object_size(captures), pcap_files_in(folder));
    const char *file;
    const json_t *described;
    json_object_foreach(captures, file, described)
    {
        snprintf(path, sizeof path, "%s/%.100s", folder, file);
        visit(ctx, folder, path, described);
    }
    json_decref(manifest);
}

int captures_each(const char *prefix, captures_visit *visit, void *ctx)
{
    int folders = 0;
    DIR *dir = opendir(CAPTURES_DIR);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        folders++;
        visit_folder(entry->d_name, visit, ctx);
    }
    closedir(dir);
    return folders;
}
