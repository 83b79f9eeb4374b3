/* SPDX-License-Identifier: MIT */
#include "dump.h"

#include "fields.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static void print_time(const cap_dump *dump, uint64_t time)
{
    if (dump->utc) {
        time_t seconds = (time_t)(time / UFTP_S(1));
        struct tm parts;
        char text[40] = "?";
        if (gmtime_r(&seconds, &parts))
            strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
        fprintf(dump->out, "%s.%06" PRIu64, text, time % UFTP_S(1) / 1000);
        return;
    }
    /* A capture out of order has packets before its first one. */
    bool before = time < dump->start;
    uint64_t since = before ? dump->start - time : time - dump->start;
    char text[40];
    snprintf(text, sizeof text, "%s%" PRIu64 ".%06" PRIu64, before ? "-" : "", since / UFTP_S(1),
             since % UFTP_S(1) / 1000);
    fprintf(dump->out, "%11s", text);
}

static void print_line(const cap_dump *dump, const cap_packet *packet)
{
    char from[UFTP_ADDRESS_TEXT_MAX], to[UFTP_ADDRESS_TEXT_MAX];
    fprintf(dump->out, "%5" PRIu64 " ", packet->number);
    print_time(dump, packet->time);
    fprintf(dump->out, " %s > %s v%u %08" PRIX32 "/%u %08" PRIX32 " ",
            uftp_address_format(&packet->source, from),
            uftp_address_format(&packet->destination, to), packet->header.version >> 4,
            packet->header.group, packet->header.instance, packet->header.source);
    cap_summary(dump->out, packet);
    fputc('\n', dump->out);
}

static const char *depth_name(const cap_packet *packet)
{
    if (packet->depth == CAP_DEPTH_MESSAGE)
        return packet->sealed ? "decrypted" : "plain";
    if (packet->depth == CAP_DEPTH_WRAPPER)
        return packet->has_key ? "no key fits" : "no key";
    return packet->cut ? "cut short" : "malformed";
}

static void print_json(const cap_dump *dump, const cap_packet *packet)
{
    cap_writer w = {.out = dump->out, .json = true, .first = true};
    cap_open_object(&w, NULL);
    cap_write_number(&w, "number", packet->number);
    cap_write_seconds(&w, "time", packet->time);
    cap_write_address(&w, "from", &packet->source);
    cap_write_address(&w, "to", &packet->destination);
    cap_write_number(&w, "tos", packet->tos);
    cap_write_flag(&w, "reassembled", packet->reassembled);
    cap_write_number(&w, "len", packet->bytes.len);
    cap_write_text(&w, "state", depth_name(packet));
    if (packet->error)
        cap_write_text(&w, "error", uftp_strerror(packet->error));
    cap_fields_packet(&w, packet);
    cap_close_object(&w);
    fputc('\n', dump->out);
}

void cap_dump_packet(cap_dump *dump, const cap_packet *packet)
{
    if (!dump->started)
        dump->start = packet->time;
    dump->started = true;
    if (dump->json) {
        print_json(dump, packet);
        return;
    }
    print_line(dump, packet);
    if (dump->verbose) {
        cap_writer w = {.out = dump->out, .indent = 6, .first = true};
        cap_fields_packet(&w, packet);
    }
}
