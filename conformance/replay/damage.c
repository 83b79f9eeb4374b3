/* SPDX-License-Identifier: MIT
 *
 * Damages a capture (classic pcap, Ethernet, IPv4) in one place, for replays that have to fail:
 *
 *     damage IN OUT TYPE NUMBER drop
 *     damage IN OUT TYPE NUMBER OFFSET BITS
 *
 * TYPE and NUMBER say which packet: that of the outer UFTP message type with this number, from 1.
 * It is left out, or its byte at OFFSET (from the start of the datagram; negative: from its end) is
 * changed in the BITS given. Prints the number of the packet in the capture.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_HEADER = 24, RECORD_HEADER = 16, DATAGRAM = 14 + 20 + 8, RECORD_MAX = 65536 };

typedef struct damage {
    uint8_t type;
    long number, offset;
    uint8_t bits;
    int drop;
} damage;

static uint32_t little(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* One record; whether it is to be kept. */
static int treat(const damage *d, uint8_t *frame, uint32_t len, long *seen)
{
    if (len < DATAGRAM + 20 || frame[DATAGRAM + 1] != d->type || ++*seen != d->number)
        return 1;
    if (d->drop)
        return 0;
    uint32_t end = 34 + (uint32_t)(frame[38] << 8 | frame[39]); /* Ethernet pads short frames */
    long at = d->offset < 0 ? (long)end + d->offset : DATAGRAM + d->offset;
    if (at < DATAGRAM || at >= (long)len) {
        fprintf(stderr, "damage: the packet has no such byte\n");
        exit(1);
    }
    frame[at] ^= d->bits;
    return 1;
}

static int copy(FILE *in, FILE *out, const damage *d)
{
    static uint8_t header[RECORD_HEADER], frame[RECORD_MAX], file_header[FILE_HEADER];
    long seen = 0, found = 0;
    if (fread(file_header, 1, FILE_HEADER, in) != FILE_HEADER ||
        little(file_header) != UINT32_C(0xa1b2c3d4) ||
        fwrite(file_header, 1, FILE_HEADER, out) != FILE_HEADER)
        return 1;
    for (long packet = 1; fread(header, 1, RECORD_HEADER, in) == RECORD_HEADER; packet++) {
        uint32_t len = little(header + 8);
        if (len > RECORD_MAX || fread(frame, 1, len, in) != len)
            return 1;
        long before = seen;
        int kept = treat(d, frame, len, &seen);
        if (seen != before && seen == d->number)
            found = packet;
        if (kept && (fwrite(header, 1, RECORD_HEADER, out) != RECORD_HEADER ||
                     fwrite(frame, 1, len, out) != len))
            return 1;
    }
    printf("packet %ld\n", found);
    return found == 0;
}

int main(int argc, char **argv)
{
    damage d = {0};
    if (argc != 6 && argc != 7) {
        fprintf(stderr, "usage: damage IN OUT TYPE NUMBER drop | OFFSET BITS\n");
        return 2;
    }
    d.type = (uint8_t)strtol(argv[3], NULL, 10);
    d.number = strtol(argv[4], NULL, 10);
    d.drop = argc == 6 && strcmp(argv[5], "drop") == 0;
    if (!d.drop && argc != 7)
        return 2;
    if (!d.drop) {
        d.offset = strtol(argv[5], NULL, 10);
        d.bits = (uint8_t)strtol(argv[6], NULL, 10);
    }
    FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");
    if (!in || !out) {
        perror("damage");
        return 1;
    }
    int failed = copy(in, out, &d);
    fclose(in);
    return fclose(out) != 0 || failed;
}
