/* SPDX-License-Identifier: MIT */
#include "golden.h"

#include "tests/support.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *golden_manifest(const char *folder)
{
    char path[600];
    json_error_t error;
    snprintf(path, sizeof path, "%s/manifest.json", folder);
    json_t *manifest = json_load_file(path, 0, &error);
    if (!manifest)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return manifest;
}

void golden_keylog(const char *folder, cap_keylog *log)
{
    char path[600];
    snprintf(path, sizeof path, "%s/keylog.txt", folder);
    size_t len;
    char *text = test_read_file(path, &len);
    if (text)
        assert_int_equal(cap_keylog_add(log, text, len), 0);
    free(text);
}

static uftp_key *read_key(const char *path, const uftp_allocator *memory)
{
    size_t len;
    uftp_key *key = NULL;
    char *text = test_read_file(path, &len);
    if (text)
        assert_int_equal(uftp_key_parse_pem(memory, text, len, &key), UFTP_OK);
    free(text);
    return key;
}

uftp_key *golden_key(const char *folder, const char *node, const uftp_allocator *memory)
{
    char path[600];
    snprintf(path, sizeof path, "%s/keys/%s.pem", folder, node);
    return read_key(path, memory);
}

uftp_key *golden_any_key(const uftp_allocator *memory)
{
    uftp_key *key = read_key(UFTP_SOURCE_DIR "/proto/tests/keys/ec256.pem", memory);
    assert_non_null(key);
    return key;
}

const char *golden_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

uint32_t golden_uid(const json_t *manifest, const char *node)
{
    const json_t *described = json_object_get(json_object_get(manifest, "nodes"), node);
    return (uint32_t)strtoul(golden_text(described, "uid"), NULL, 16);
}

void golden_digest(const sim_entry *entry, char out[GOLDEN_DIGEST_SIZE])
{
    struct sha256_ctx ctx;
    uint8_t digest[SHA256_DIGEST_SIZE], chunk[4096];
    sha256_init(&ctx);
    for (uint64_t at = 0; at < entry->content.size;) {
        uint64_t left = entry->content.size - at;
        size_t len = left < sizeof chunk ? (size_t)left : sizeof chunk;
        sim_content_read(&entry->content, at, chunk, len);
        sha256_update(&ctx, len, chunk);
        at += len;
    }
    sha256_digest(&ctx, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

uint8_t *golden_content(const char *stream, size_t size)
{
    static const uint8_t prefix[] = {'u', 'f', 't', 'p', '-', 'g', 'o', 'l', 'd', 'e', 'n'};
    uint8_t *bytes = calloc(size / SHA256_DIGEST_SIZE + 1, SHA256_DIGEST_SIZE);
    assert_non_null(bytes);
    for (uint64_t i = 0; i * SHA256_DIGEST_SIZE < size; i++) {
        struct sha256_ctx ctx;
        uint8_t number[8];
        for (size_t k = 0; k < 8; k++)
            number[k] = (uint8_t)(i >> (56 - 8 * k));
        sha256_init(&ctx);
        sha256_update(&ctx, sizeof prefix, prefix);
        sha256_update(&ctx, strlen(stream), (const uint8_t *)stream);
        sha256_update(&ctx, sizeof number, number);
        sha256_digest(&ctx, SHA256_DIGEST_SIZE, bytes + i * SHA256_DIGEST_SIZE);
    }
    return bytes;
}

void golden_put(sim_store *store, const char *path, const char *stream, size_t size, uint64_t mtime)
{
    uint8_t *bytes = golden_content(stream, size);
    sim_store_put(store, 0, path, bytes, size, mtime);
    free(bytes);
}

const char *golden_differs(const sim_entry *entry, const json_t *object)
{
    const char *type = golden_text(object, "type");
    if (!entry)
        return "is not there";
    if (strcmp(type, "dir") == 0)
        return entry->type == UFTP_STAT_DIRECTORY ? NULL : "is no directory";
    if (strcmp(type, "link") == 0) {
        if (entry->type != UFTP_STAT_SYMLINK)
            return "is no symbolic link";
        return strcmp(entry->target, golden_text(object, "to")) == 0 ? NULL : "leads elsewhere";
    }
    if (entry->type != UFTP_STAT_REGULAR)
        return "is no file";
    char digest[GOLDEN_DIGEST_SIZE];
    golden_digest(entry, digest);
    return strcmp(digest, golden_text(object, "sha256")) == 0 ? NULL
                                                              : "has other content than it should";
}

void golden_compare(const sim_entry *entry, const json_t *object)
{
    const char *why = golden_differs(entry, object);
    if (why)
        fail_msg("%s %s", golden_text(object, "path"), why);
}
