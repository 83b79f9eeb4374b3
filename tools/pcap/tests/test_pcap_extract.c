/* SPDX-License-Identifier: MIT
 *
 * test_pcap_extract PROGRAM: `uftp-pcap extract` as people call it, on every capture of
 * conformance/captures, plain and encrypted, on every leg of a path through proxies. Each file that
 * a receiver got is there, with the digest of the manifest; which captures carry no files is
 * written down here, so that one which should and gives none is seen.
 */
#include "tests/support.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAPTURES UFTP_SOURCE_DIR "/conformance/captures"
#define TEXT(object, key) json_string_value(json_object_get(object, key))
enum { PATH_SIZE = 1200, DIGEST_SIZE = 65, STATUS_INCOMPLETE = 8 };

/* No receiver of these ended with a file that the session brought. */
static const struct {
    const char *suffix; /* of the scenario's name behind its version */
    const char *reason;
} without_files[] = {
    {"abort-sender", "the sender was interrupted in its only file"},
    {"enc-abort-sender", "the sender was interrupted in its only file"},
    {"quit-on-error", "the sender quit in its only file"},
    {"reject-path", "both receivers rejected the only name"},
    {"sync-preview", "nothing is sent"},
    {"enc-key-mismatch", "nobody could register"},
};

static const char *program;
static char work[] = "/tmp/uftp-extract.XXXXXX";

/* ---- files on disk ---- */

static bool digest_file(const char *path, char out[DIGEST_SIZE])
{
    uint8_t chunk[65536], digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx ctx;
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    sha256_init(&ctx);
    for (size_t len; (len = fread(chunk, 1, sizeof chunk, file)) > 0;)
        sha256_update(&ctx, len, chunk);
    fclose(file);
    sha256_digest(&ctx, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    return true;
}

/* Below the folder of any session: a sender that ran twice has made one group of two. */
static bool find_path(const char *folder, const char *name, char out[PATH_SIZE])
{
    struct stat status;
    bool found = false;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry; !found && (entry = readdir(dir));) {
        snprintf(out, PATH_SIZE, "%.300s/%.100s/%.700s", folder, entry->d_name, name);
        found = entry->d_name[0] != '.' && lstat(out, &status) == 0;
    }
    closedir(dir);
    return found;
}

static void compare(const char *capture, const char *folder, const json_t *object)
{
    char path[PATH_SIZE], got[PATH_SIZE] = "";
    struct stat status;
    const char *name = TEXT(object, "path"), *type = TEXT(object, "type");
    if (!find_path(folder, name, path) || lstat(path, &status) != 0)
        fail_msg("%s: %s was not extracted", capture, name);
    if (type && strcmp(type, "dir") == 0) {
        assert_true(S_ISDIR(status.st_mode));
    } else if (type && strcmp(type, "link") == 0) {
        ssize_t len = readlink(path, got, sizeof got - 1);
        assert_true(len > 0);
        got[len] = '\0';
        assert_string_equal(got, TEXT(object, "to"));
    } else if (!digest_file(path, got) || strcmp(got, TEXT(object, "sha256")) != 0) {
        fail_msg("%s: %s has the digest %s, the manifest says %s", capture, name, got,
                 TEXT(object, "sha256"));
    }
}

/* ---- one capture ---- */

static bool was_there(const json_t *before, const json_t *object)
{
    size_t i;
    const json_t *old;
    json_array_foreach(before, i, old) if (json_equal(old, object)) return true;
    return false;
}

/* at-NODE.pcap of a receiver holds what that one got; the others hold what the sender sent. */
static bool holds(const char *file, const char *node)
{
    size_t len = strlen(node);
    if (strncmp(file, "at-", 3) != 0 || strcmp(file, "at-server.pcap") == 0)
        return true;
    return strncmp(file + 3, node, len) == 0 && strcmp(file + 3 + len, ".pcap") == 0;
}

static int compare_all(const char *capture, const char *file, const char *folder,
                       const json_t *manifest)
{
    const char *node;
    const json_t *expected, *object;
    size_t i;
    int compared = 0;
    json_object_foreach(json_object_get(manifest, "expected"), node, expected)
    {
        if (!holds(file, node))
            continue;
        json_array_foreach(json_object_get(expected, "files"), i, object)
        {
            if (was_there(json_object_get(expected, "files_before"), object))
                continue;
            compare(capture, folder, object);
            compared++;
        }
    }
    return compared;
}

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Exit status 8 is right, too: some of these sessions were broken off. */
static void run(const char *format, ...)
{
    char command[4000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    int status = system(command);
    if (!WIFEXITED(status) ||
        (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != STATUS_INCOMPLETE))
        fail_msg("status %d of: %s", status, command);
}

static int extract(const char *scenario, const char *file, const json_t *manifest)
{
    char folder[400], capture[800], keys[900] = "", path[800];
    snprintf(capture, sizeof capture, CAPTURES "/%s/%s", scenario, file);
    snprintf(path, sizeof path, CAPTURES "/%s/keylog.txt", scenario);
    if (access(path, R_OK) == 0)
        snprintf(keys, sizeof keys, "-k '%s'", path);
    snprintf(folder, sizeof folder, "%s/out", work);
    assert_int_equal(mkdir(folder, 0700), 0);
    run("'%s' extract -q -o '%s' %s '%s' >'%s/report'", program, folder, keys, capture, work);
    int compared = compare_all(capture, file, folder, manifest);
    run("rm -rf '%s'", folder);
    return compared;
}

/* ---- all ---- */

static const char *reason_of(const char *scenario)
{
    for (size_t i = 0; i < sizeof without_files / sizeof *without_files; i++)
        if (strcmp(scenario + strlen("v4-"), without_files[i].suffix) == 0)
            return without_files[i].reason;
    return NULL;
}

static int extract_scenario(const char *scenario, int *captures)
{
    char path[600];
    json_error_t error;
    snprintf(path, sizeof path, CAPTURES "/%s/manifest.json", scenario);
    json_t *manifest = json_load_file(path, 0, &error);
    assert_non_null(manifest);
    const char *file, *reason = reason_of(scenario);
    const json_t *described;
    int sum = 0;
    json_object_foreach(json_object_get(manifest, "captures"), file, described)
    {
        int compared = extract(scenario, file, manifest);
        if ((compared == 0) != (reason != NULL))
            fail_msg("%s/%s: %d files compared%s%s", scenario, file, compared,
                     reason ? ", expected none: " : "", reason ? reason : "");
        sum += compared;
        ++*captures;
    }
    if (reason)
        print_message("%s: no files: %s\n", scenario, reason);
    json_decref(manifest);
    return sum;
}

static int only_scenarios(const struct dirent *entry)
{
    return entry->d_name[0] == 'v';
}

/* Breaks when a byte of a file goes astray on its way through keys, blocks and the disk. */
static void every_capture_gives_the_files_of_its_manifest(void **state)
{
    (void)state;
    struct dirent **folders;
    int count = scandir(CAPTURES, &folders, only_scenarios, alphasort), captures = 0, files = 0;
    assert_true(count > 90);
    for (int i = 0; i < count; i++) {
        files += extract_scenario(folders[i]->d_name, &captures);
        free(folders[i]);
    }
    free(folders);
    print_message("%d scenarios, %d captures, %d files compared\n", count, captures, files);
}

int main(int argc, char **argv)
{
    if (argc != 2 || !mkdtemp(work)) {
        fprintf(stderr, "usage: test_pcap_extract PROGRAM\n");
        return 2;
    }
    program = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_capture_gives_the_files_of_its_manifest),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", work);
    return system(command) != 0 || failed;
}
