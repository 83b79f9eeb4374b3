/* SPDX-License-Identifier: MIT */
#include "writer.h"

#include <inttypes.h>
#include <string.h>

/* Bytes of the UTF-8 character at the front; 0 when there is none (overlong forms, surrogates and
 * what lies beyond U+10FFFF are none). */
static size_t utf8_len(const uint8_t *at, size_t left)
{
    uint8_t first = at[0];
    if (first < 0x80)
        return 1;
    size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || left < len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) ||
        (first == 0xf0 && at[1] < 0x90) || (first == 0xf4 && at[1] > 0x8f))
        return 0;
    return len;
}

/* C0, DEL, and C1 as UTF-8: what a terminal would obey. */
static bool is_control(const uint8_t *at, size_t len)
{
    return (len == 1 && (at[0] < 0x20 || at[0] == 0x7f)) ||
           (len == 2 && at[0] == 0xc2 && at[1] < 0xa0);
}

void cap_print_safe(FILE *out, uftp_bytes bytes)
{
    for (size_t i = 0; i < bytes.len;) {
        size_t len = utf8_len(bytes.data + i, bytes.len - i);
        if (len == 0 || is_control(bytes.data + i, len)) {
            fprintf(out, "\\x%02x", bytes.data[i]);
            i++;
        } else {
            fwrite(bytes.data + i, 1, len, out);
            i += len;
        }
    }
}

/* The same as the inside of a JSON string; what is not UTF-8 becomes U+FFFD. False: some was. */
static bool print_json(FILE *out, uftp_bytes bytes)
{
    bool exact = true;
    for (size_t i = 0; i < bytes.len;) {
        size_t len = utf8_len(bytes.data + i, bytes.len - i);
        if (len == 0) {
            fputs("\\ufffd", out);
            exact = false;
            i++;
            continue;
        }
        uint8_t c = bytes.data[i];
        if (is_control(bytes.data + i, len))
            fprintf(out, "\\u%04x", len == 1 ? c : bytes.data[i + 1]);
        else if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else
            fwrite(bytes.data + i, 1, len, out);
        i += len;
    }
    return exact;
}

static void begin(cap_writer *w, const char *name)
{
    if (w->json) {
        if (!w->first)
            fputc(',', w->out);
        w->first = false;
        if (name)
            fprintf(w->out, "\"%s\":", name);
        return;
    }
    fprintf(w->out, "%*s", w->indent + 2 * w->depth, "");
    if (name)
        fprintf(w->out, "%s: ", name);
}

static void end(cap_writer *w)
{
    if (!w->json)
        fputc('\n', w->out);
}

static void open_group(cap_writer *w, const char *name, char bracket)
{
    if (w->json) {
        begin(w, name);
        fputc(bracket, w->out);
    } else if (name) {
        fprintf(w->out, "%*s%s:\n", w->indent + 2 * w->depth, "", name);
    } else {
        fprintf(w->out, "%*s-\n", w->indent + 2 * w->depth, "");
    }
    w->first = true;
    w->depth++;
}

static void close_group(cap_writer *w, char bracket)
{
    w->depth--;
    if (w->json)
        fputc(bracket, w->out);
    w->first = false;
}

void cap_open_object(cap_writer *w, const char *name)
{
    open_group(w, name, '{');
}

void cap_close_object(cap_writer *w)
{
    close_group(w, '}');
}

void cap_open_list(cap_writer *w, const char *name)
{
    open_group(w, name, '[');
}

void cap_close_list(cap_writer *w)
{
    close_group(w, ']');
}

void cap_write_number(cap_writer *w, const char *name, uint64_t value)
{
    begin(w, name);
    fprintf(w->out, "%" PRIu64, value);
    end(w);
}

void cap_write_flag(cap_writer *w, const char *name, bool value)
{
    begin(w, name);
    fputs(w->json ? (value ? "true" : "false") : (value ? "yes" : "no"), w->out);
    end(w);
}

void cap_write_text(cap_writer *w, const char *name, const char *text)
{
    begin(w, name);
    fprintf(w->out, w->json ? "\"%s\"" : "%s", text);
    end(w);
}

void cap_write_name(cap_writer *w, const char *name, uftp_bytes bytes)
{
    begin(w, name);
    if (!w->json) {
        cap_print_safe(w->out, bytes);
        end(w);
        return;
    }
    fputc('"', w->out);
    bool exact = print_json(w->out, bytes);
    fputc('"', w->out);
    if (!exact && name) { /* the bytes themselves, for those who need them */
        fprintf(w->out, ",\"%s_hex\":\"", name);
        for (size_t i = 0; i < bytes.len; i++)
            fprintf(w->out, "%02x", bytes.data[i]);
        fputc('"', w->out);
    }
}

void cap_write_hex(cap_writer *w, const char *name, uftp_bytes bytes)
{
    begin(w, name);
    if (w->json)
        fputc('"', w->out);
    for (size_t i = 0; i < bytes.len; i++)
        fprintf(w->out, "%02x", bytes.data[i]);
    if (w->json)
        fputc('"', w->out);
    end(w);
}

void cap_write_uid(cap_writer *w, const char *name, uint32_t uid)
{
    begin(w, name);
    fprintf(w->out, w->json ? "\"%08" PRIX32 "\"" : "%08" PRIX32, uid);
    end(w);
}

void cap_write_address(cap_writer *w, const char *name, const uftp_address *address)
{
    char text[UFTP_ADDRESS_TEXT_MAX];
    cap_write_text(w, name, uftp_address_format(address, text));
}

void cap_write_seconds(cap_writer *w, const char *name, uint64_t ns)
{
    char text[40];
    snprintf(text, sizeof text, "%" PRIu64 ".%09" PRIu64, ns / UFTP_S(1), ns % UFTP_S(1));
    cap_write_text(w, name, text);
}
