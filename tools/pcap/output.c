/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SNAPLEN = 262144 }; /* what a reader must be ready for, as tcpdump has it */

struct cap_output {
    pcap_t *pcap;
    pcap_dumper_t *dumper;
    const char *path;
};

/* Opening it for writing would empty the capture before it is read. */
static bool is_input(const cap_output_config *config)
{
    struct stat in, out;
    return config->input_path && stat(config->input_path, &in) == 0 &&
           stat(config->path, &out) == 0 && S_ISREG(out.st_mode) && in.st_dev == out.st_dev &&
           in.st_ino == out.st_ino;
}

static FILE *open_file(const cap_output_config *config)
{
    const bool is_stdout = strcmp(config->path, "-") == 0;
    int fd = is_stdout ? dup(STDOUT_FILENO)
                       : open(config->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!file && fd >= 0)
        close(fd);
    return file;
}

cap_output *cap_output_open(const cap_output_config *config, char *error)
{
    cap_output *output = calloc(1, sizeof *output);
    if (output && is_input(config)) {
        snprintf(error, CAP_INPUT_ERROR_MAX, "%.300s: is the capture that is read", config->path);
        free(output);
        return NULL;
    }
    FILE *file = output ? open_file(config) : NULL;
    if (!file) {
        snprintf(error, CAP_INPUT_ERROR_MAX, "%.300s: %s", config->path,
                 strerror(errno ? errno : ENOMEM));
        free(output);
        return NULL;
    }
    output->path = config->path;
    output->pcap =
        pcap_open_dead_with_tstamp_precision(config->datalink, SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
    if (output->pcap)
        output->dumper = pcap_dump_fopen(output->pcap, file);
    if (!output->dumper) {
        snprintf(error, CAP_INPUT_ERROR_MAX, "%.200s: %.200s", config->path,
                 output->pcap ? pcap_geterr(output->pcap) : strerror(ENOMEM));
        fclose(file);
        if (output->pcap)
            pcap_close(output->pcap);
        free(output);
        return NULL;
    }
    return output;
}

void cap_output_write(cap_output *output, const cap_frame *frame)
{
    const struct pcap_pkthdr info = {
        .ts = {.tv_sec = (time_t)(frame->time / 1000000000),
               .tv_usec = (suseconds_t)(frame->time % 1000000000)}, /* ns: see the precision */
        .caplen = (uint32_t)frame->bytes.len,
        .len = frame->wire_len};
    pcap_dump((u_char *)output->dumper, &info, frame->bytes.data);
}

bool cap_output_close(cap_output *output)
{
    if (!output)
        return true;
    bool written = pcap_dump_flush(output->dumper) == 0 && !ferror(pcap_dump_file(output->dumper));
    if (!written)
        fprintf(stderr, "uftp-pcap: %s: %s\n", output->path, strerror(errno));
    pcap_dump_close(output->dumper);
    pcap_close(output->pcap);
    free(output);
    return written;
}
