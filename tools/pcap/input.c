/* SPDX-License-Identifier: MIT */
#include "input.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { SNAPLEN = 65535, LIVE_TIMEOUT_MS = 100 };

#define SECONDS_MAX UINT64_C(0xffffffff) /* what a pcap file can hold; no sum below overflows */

struct cap_input {
    pcap_t *pcap;
    bool live;
    volatile sig_atomic_t stopped;
    uint64_t frames;
};

/* zlib passes a file that is not compressed through as it is. */
static ssize_t stream_read(void *ctx, char *out, size_t len)
{
    int got = gzread(ctx, out, len > 1u << 20 ? 1u << 20 : (unsigned)len);
    if (got >= 0)
        return got;
    /* A compressed file that was cut off: what could be unpacked has been handed out already. */
    int code;
    (void)gzerror(ctx, &code);
    if (code == Z_BUF_ERROR)
        return 0;
    errno = EIO;
    return -1;
}

static int stream_close(void *ctx)
{
    return gzclose(ctx) == Z_OK ? 0 : EOF;
}

static pcap_t *open_file(const char *path, char *error)
{
    gzFile file = strcmp(path, "-") == 0 ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path, "rb");
    if (!file) {
        snprintf(error, CAP_INPUT_ERROR_MAX, "%.300s: %s", path, strerror(errno ? errno : ENOMEM));
        return NULL;
    }
    FILE *stream = fopencookie(file, "rb",
                               (cookie_io_functions_t){.read = stream_read, .close = stream_close});
    if (!stream) {
        gzclose(file);
        snprintf(error, CAP_INPUT_ERROR_MAX, "%s", strerror(ENOMEM));
        return NULL;
    }
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap =
        pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!pcap) {
        fclose(stream);
        snprintf(error, CAP_INPUT_ERROR_MAX, "%.200s: %.200s", path, why);
    }
    return pcap;
}

static pcap_t *open_live(const char *device, char *error)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_create(device, why);
    if (!pcap) {
        snprintf(error, CAP_INPUT_ERROR_MAX, "%.100s: %.200s", device, why);
        return NULL;
    }
    (void)pcap_set_snaplen(pcap, SNAPLEN);
    (void)pcap_set_timeout(pcap, LIVE_TIMEOUT_MS);
    (void)pcap_set_buffer_size(pcap, 16 << 20); /* a burst at a gigabit, 0.1 s */
    (void)pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    int result = pcap_activate(pcap);
    if (result >= 0)
        return pcap;
    const char *detail = pcap_geterr(pcap);
    snprintf(error, CAP_INPUT_ERROR_MAX, "%.100s: %.100s%s%.200s", device, pcap_statustostr(result),
             *detail ? ": " : "", detail);
    pcap_close(pcap);
    return NULL;
}

static bool set_filter(pcap_t *pcap, const char *filter, char *error)
{
    struct bpf_program program;
    if (pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) < 0) {
        snprintf(error, CAP_INPUT_ERROR_MAX, "filter \"%.150s\": %.200s", filter,
                 pcap_geterr(pcap));
        return false;
    }
    bool set = pcap_setfilter(pcap, &program) == 0;
    if (!set)
        snprintf(error, CAP_INPUT_ERROR_MAX, "%.200s", pcap_geterr(pcap));
    pcap_freecode(&program);
    return set;
}

cap_input *cap_input_open(const cap_input_config *config, char *error)
{
    cap_input *input = calloc(1, sizeof *input);
    if (!input) {
        snprintf(error, CAP_INPUT_ERROR_MAX, "%s", strerror(ENOMEM));
        return NULL;
    }
    input->live = !config->path;
    input->pcap = input->live ? open_live(config->device, error) : open_file(config->path, error);
    if (!input->pcap || (config->filter && !set_filter(input->pcap, config->filter, error))) {
        cap_input_close(input);
        return NULL;
    }
    return input;
}

void cap_input_close(cap_input *input)
{
    if (!input)
        return;
    if (input->pcap)
        pcap_close(input->pcap);
    free(input);
}

cap_link cap_input_link(const cap_input *input)
{
    switch (pcap_datalink(input->pcap)) {
    case DLT_EN10MB:
        return CAP_LINK_ETHERNET;
    case DLT_LINUX_SLL:
        return CAP_LINK_SLL;
    case DLT_LINUX_SLL2:
        return CAP_LINK_SLL2;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
        return CAP_LINK_RAW;
    case DLT_NULL:
    case DLT_LOOP:
        return CAP_LINK_NULL;
    default:
        return CAP_LINK_UNKNOWN;
    }
}

int cap_input_datalink(const cap_input *input)
{
    return pcap_datalink(input->pcap);
}

const char *cap_input_link_name(const cap_input *input)
{
    const char *name = pcap_datalink_val_to_name(pcap_datalink(input->pcap));
    return name ? name : "unnamed";
}

cap_next cap_input_next(cap_input *input, cap_frame *out)
{
    struct pcap_pkthdr *info;
    const uint8_t *data;
    int got;
    do {
        if (input->stopped)
            return CAP_NEXT_END;
        got = pcap_next_ex(input->pcap, &info, &data); /* 0: a live capture's timeout */
    } while (got == 0);
    if (got != 1)
        return got == PCAP_ERROR_BREAK ? CAP_NEXT_END : CAP_NEXT_BROKEN;
    /* A damaged file may hold any time; a negative one would wrap. */
    uint64_t seconds = info->ts.tv_sec > 0 ? (uint64_t)info->ts.tv_sec : 0;
    uint64_t rest = info->ts.tv_usec > 0 ? (uint64_t)info->ts.tv_usec : 0;
    if (pcap_get_tstamp_precision(input->pcap) == PCAP_TSTAMP_PRECISION_MICRO)
        rest *= 1000;
    if (seconds > SECONDS_MAX)
        seconds = SECONDS_MAX;
    *out = (cap_frame){.number = ++input->frames,
                       .time = UFTP_S(seconds) + rest,
                       .wire_len = info->len,
                       .bytes = {data, info->caplen}};
    return CAP_NEXT_FRAME;
}

const char *cap_input_error(const cap_input *input)
{
    return pcap_geterr(input->pcap);
}

void cap_input_stop(cap_input *input)
{
    input->stopped = 1;
    pcap_breakloop(input->pcap);
}

uint64_t cap_input_dropped(const cap_input *input)
{
    struct pcap_stat stat;
    return input->live && pcap_stats(input->pcap, &stat) == 0 ? stat.ps_drop : 0;
}
