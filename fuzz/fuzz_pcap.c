/* SPDX-License-Identifier: MIT
 *
 * Frames of a hostile capture, through everything that uftp-pcap does with them: link layers,
 * fragments, recognition, keys, sessions, all outputs, rules, and files into a store that counts.
 *
 * Input: one byte link layer, one byte that says which keys are known; then frames, each with two
 * bytes of length and one that moves the clock.
 */
#include "fuzz.h"

#include "check.h"
#include "decrypt.h"
#include "dump.h"
#include "extract.h"
#include "stats.h"
#include "tracker.h"

#include <string.h>

/* ---- a store that keeps nothing ---- */

typedef struct sink {
    uint64_t open, bytes;
} sink;

struct uftp_store_file {
    uint64_t size;
};
static struct uftp_store_file handle;

/* What the core promises a store must hold for names out of a capture, too. */
static void check_name(const char *name)
{
    size_t len = strlen(name);
    FUZZ_CHECK(len > 0 && name[0] != '/' && name[len - 1] != '/');
    FUZZ_CHECK(!strstr(name, "//") && strncmp(name, "../", 3) != 0 && !strstr(name, "/../"));
    FUZZ_CHECK(len < 3 || strcmp(name + len - 3, "/..") != 0);
}

static int sink_create(void *ctx, const uftp_place *place, uint64_t size, bool keep,
                       uftp_store_file **out)
{
    (void)size;
    (void)keep;
    check_name(place->name);
    ((sink *)ctx)->open++;
    *out = &handle;
    return UFTP_OK;
}

static int sink_write(void *ctx, uftp_store_file *file, uint64_t offset, const uftp_slice *slices,
                      size_t count)
{
    (void)file;
    (void)offset;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < slices[i].len; k++)
            ((sink *)ctx)->bytes += slices[i].data[k];
    return UFTP_OK;
}

static int sink_commit(void *ctx, uftp_store_file *file, const uftp_place *final, uint64_t mtime,
                       bool sync)
{
    (void)file;
    (void)mtime;
    (void)sync;
    check_name(final->name);
    ((sink *)ctx)->open--;
    return UFTP_OK;
}

static void sink_discard(void *ctx, uftp_store_file *file, bool keep)
{
    (void)file;
    (void)keep;
    ((sink *)ctx)->open--;
}

static int sink_place(void *ctx, const uftp_place *place)
{
    (void)ctx;
    check_name(place->name);
    return UFTP_ERR_EXISTS;
}

static int sink_remove(void *ctx, const uftp_place *place)
{
    (void)ctx;
    check_name(place->name);
    return UFTP_ERR_NOT_FOUND;
}

static int sink_symlink(void *ctx, const uftp_place *place, const char *target)
{
    (void)ctx;
    check_name(place->name);
    FUZZ_CHECK(target);
    return UFTP_OK;
}

/* ---- the run ---- */

typedef struct run {
    sink sink;
    uftp_store store;
    cap_keylog keylog;
    cap_tracker *tracker;
    cap_check *check;
    cap_stats *stats;
    cap_extract *extract;
    FILE *nowhere;
    cap_dump dumps[2];
    cap_decrypt *decrypt;
    cap_tracker *sealed, *open; /* of what decrypt gets, and of what it hands out */
    cap_link link;
} run;

/* Secrets of captured sessions that are among the seeds: traffic keys, a premaster, scalars. The
 * second and third go the whole way through the captured handshake. */
static const char *const secrets[] = {
    "SERVER_APP_KEY CDC4C9B6 0A4D0001 "
    "0d9b6745e82a056b9911a91dd81f1ef2a0eac9265e99273ea8f379fb829d01d3\n"
    "SERVER_APP_IV CDC4C9B6 0A4D0001 0457c5e6feeff5fcdaeb8587\n",
    "PREMASTER DA24AE70 0A4D000B "
    "c200b3ae6bef1517ee8e6abeb027d98bd10059363a5cbc3c4df77bb5a4952fc694433f82"
    "01a0b99a24475a9979fb5fd8\n",
    "SERVER_ECDH_PRIVATE 01E2D280 0A4D0001 "
    "aa7e5d21d86585a301a5d3bf77481f3943011df8ed0bd9e49c1b59aeb6cc0bec\n"
    "SERVER_ECDH_PRIVATE 336A8071 0A4D0001 "
    "d1498e2f46bc0d342afc9ce67f446ea8bef10121c21f0f63cd0c254a07d11314\n"
    "PROXY_DOWN_ECDH_PRIVATE 336A8071 0A4E0002 "
    "fa7169b12318d37bd15798ee38aabaac06def1464d7cd852edd65f2d198e842b\n"};

/* What is written can be read, and is no longer than what it came from but for headers. */
static void take_decrypted(void *ctx, const cap_frame *frame)
{
    run *r = ctx;
    const cap_packet *packet;
    FUZZ_CHECK(frame->bytes.len <= 1024 + 65535);
    for (bool got = cap_tracker_take(r->open, r->link, frame, &packet); got;
         got = cap_tracker_next(r->open, &packet))
        ;
}

static void start(run *r, uint8_t keys)
{
    r->store = (uftp_store){.ctx = &r->sink,
                            .create = sink_create,
                            .write = sink_write,
                            .commit = sink_commit,
                            .discard = sink_discard,
                            .mkdir = sink_place,
                            .remove = sink_remove,
                            .symlink = sink_symlink};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (keys >> i & 1)
            FUZZ_CHECK(cap_keylog_add(&r->keylog, secrets[i], strlen(secrets[i])) == 0);
    r->tracker = cap_tracker_new(&r->keylog);
    r->sealed = cap_tracker_new(&r->keylog);
    r->open = cap_tracker_new(NULL);
    r->decrypt = cap_decrypt_new(r->link, take_decrypted, r);
    r->check = cap_check_new();
    r->stats = cap_stats_new();
    r->extract = cap_extract_new(&r->store);
    r->nowhere = fopen("/dev/null", "w");
    FUZZ_CHECK(r->tracker && r->sealed && r->open && r->decrypt && r->check && r->stats &&
               r->extract && r->nowhere);
    r->dumps[0] = (cap_dump){.out = r->nowhere, .verbose = true};
    r->dumps[1] = (cap_dump){.out = r->nowhere, .json = true};
}

static void finish(run *r)
{
    cap_extract_result result;
    cap_extract_finish(r->extract, r->nowhere, &result);
    FUZZ_CHECK(r->sink.open == 0);
    cap_writer text = {.out = r->nowhere, .first = true};
    cap_writer json = {.out = r->nowhere, .json = true, .first = true};
    cap_stats_write(r->stats, r->tracker, &text);
    cap_stats_write(r->stats, r->tracker, &json);
    cap_check_write(r->check, &text);
    FUZZ_CHECK(text.depth == 0 && json.depth == 0);
    cap_extract_free(r->extract);
    cap_stats_free(r->stats);
    cap_check_free(r->check);
    cap_decrypt_free(r->decrypt);
    cap_tracker_free(r->sealed);
    cap_tracker_free(r->open);
    cap_tracker_free(r->tracker);
    cap_keylog_free(&r->keylog);
    fclose(r->nowhere);
}

static void take(run *r, const cap_frame *frame)
{
    /* Memory of exactly the frame's length, so that one byte too many is seen. */
    uint8_t *exact = malloc(frame->bytes.len ? frame->bytes.len : 1);
    FUZZ_CHECK(exact);
    memcpy(exact, frame->bytes.data, frame->bytes.len);
    cap_frame copy = *frame;
    copy.bytes.data = exact;
    const cap_packet *packet;
    for (bool got = cap_tracker_take(r->tracker, r->link, &copy, &packet); got;
         got = cap_tracker_next(r->tracker, &packet)) {
        cap_dump_packet(&r->dumps[0], packet);
        cap_dump_packet(&r->dumps[1], packet);
        cap_check_packet(r->check, packet);
        cap_stats_packet(r->stats, packet);
        cap_extract_packet(r->extract, packet);
    }
    cap_decrypt_frame(r->decrypt, r->sealed, &copy);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    run r = {.link = (cap_link)(data[0] % (CAP_LINK_NULL + 1))};
    start(&r, data[1]);
    cap_frame frame = {.time = UFTP_S(1)};
    for (size_t at = 2; size - at >= 3;) {
        size_t len = (size_t)(data[at] << 8 | data[at + 1]);
        frame.time += UFTP_US(10) * data[at + 2];
        at += 3;
        if (len > size - at)
            len = size - at;
        frame.number++;
        frame.bytes = (uftp_bytes){data + at, len};
        at += len;
        take(&r, &frame);
    }
    finish(&r);
    return 0;
}
