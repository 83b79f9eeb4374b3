/* SPDX-License-Identifier: MIT
 *
 * Writes the seeds of fuzz_wire_v4 and fuzz_wire_v5: wire_seeds v4|v5 FOLDER CAPTURE... Every
 * sample as a message and as a datagram, and of the captures, for each type, a few datagrams of
 * different length, short ones first come.
 */
#include "conformance/capture.h"
#include "samples_v4.h"
#include "samples_v5.h"
#include <uftp/wire.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PER_TYPE_MAX 5
#define SEED_LEN_MAX 1100 /* larger ones only slow the fuzzer down */

static const uftp_wire *wire = &uftp_wire_v5;
static const char *folder;

static void write_seed(const char *prefix, const char *name, const uint8_t *data, size_t len)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s%s", folder, prefix, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, len, file) != len)
        perror(path);
    if (file)
        fclose(file);
}

static void write_samples(const sample_v5 *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t datagram[16 + SAMPLE_V5_LEN_MAX];
        size_t len = sample_v5_bytes(&samples[i], datagram + 16);
        uftp_header header = sample_v5_header;
        header.type = samples[i].message.type;
        uftp_writer w = {.at = datagram, .end = datagram + 16};
        (void)wire->header_write(&w, &header);
        write_seed("message_", samples[i].name, datagram + 16, len);
        write_seed("datagram_", samples[i].name, datagram, 16 + len);
    }
}

typedef struct taken {
    size_t lens[256][PER_TYPE_MAX];
    int counts[256];
} taken;

static void take(void *ctx, int frame, const uint8_t *payload, size_t len)
{
    (void)frame;
    taken *seen = ctx;
    if (len < 20 || len > SEED_LEN_MAX || payload[0] != wire->version)
        return;
    uint8_t type = payload[1];
    for (int i = 0; i < seen->counts[type]; i++)
        if (seen->lens[type][i] == len)
            return;
    if (seen->counts[type] == PER_TYPE_MAX)
        return;
    seen->lens[type][seen->counts[type]++] = len;
    char name[64];
    snprintf(name, sizeof name, "%s_%zu", uftp_message_name(type), len);
    write_seed("capture_", name, payload, len);
}

int main(int argc, char **argv)
{
    if (argc < 3 || (strcmp(argv[1], "v4") != 0 && strcmp(argv[1], "v5") != 0)) {
        fprintf(stderr, "usage: %s v4|v5 FOLDER CAPTURE...\n", argv[0]);
        return 1;
    }
    folder = argv[2];
    if (strcmp(argv[1], "v4") == 0) {
        wire = &uftp_wire_v4;
        write_samples(samples_v4, samples_v4_count);
    } else {
        write_samples(samples_v5, samples_v5_count);
    }
    static taken seen;
    for (int i = 3; i < argc; i++)
        if (capture_each(argv[i], take, &seen) < 0)
            return 1;
    return 0;
}
