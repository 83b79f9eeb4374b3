/* SPDX-License-Identifier: MIT
 *
 * Runs the files of corpora through a fuzz target, without libFuzzer: replay_<name> FILE|FOLDER...
 * Fails when there is nothing to run, so that a lost corpus shows.
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

/* The input in memory of exactly its length, so that a sanitizer sees one byte too many. */
static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    long size = ftell(file);
    rewind(file);
    uint8_t *data = size < 0 ? NULL : malloc(size ? (size_t)size : 1);
    if (!data || fread(data, 1, (size_t)size, file) != (size_t)size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(2);
    }
    fclose(file);
    fprintf(stderr, "%s\n", path); /* before it runs: the last line names the culprit */
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return 1;
}

static int run_path(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder)
        return run_file(path);
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char name[4096];
        int len = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (len < 0 || (size_t)len >= sizeof name) {
            fprintf(stderr, "%s: name too long\n", path);
            exit(2);
        }
        if (entry->d_name[0] != '.')
            count += run_file(name);
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++)
        count += run_path(argv[i]);
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 2;
}
