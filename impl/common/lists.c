/* SPDX-License-Identifier: MIT */
#include "common/lists.h"

#include "common/parse.h"
#include "runtime/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int uftp_strings_add(uftp_strings *list, const char *text, size_t len, uftp_failure *failure)
{
    /* Grows at powers of two: a count of 2^n (and 0) means the room is used up. */
    if ((list->count & (list->count - 1)) == 0) {
        size_t room = list->count ? list->count * 2 : 1;
        char **items = realloc(list->items, room * sizeof *items);
        if (!items)
            return uftp_fail_memory(failure);
        list->items = items;
    }
    char *copy = malloc(len + 1);
    if (!copy)
        return uftp_fail_memory(failure);
    memcpy(copy, text, len);
    copy[len] = '\0';
    list->items[list->count++] = copy;
    return 0;
}

int uftp_strings_add_list(uftp_strings *list, const char *text, uftp_failure *failure)
{
    while (*text) {
        size_t len = strcspn(text, ",");
        int code = len ? uftp_strings_add(list, text, len, failure) : 0;
        if (code)
            return code;
        text += len + (text[len] ? 1 : 0);
    }
    return 0;
}

void uftp_strings_free(uftp_strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (uftp_strings){0};
}

static int read_lines(FILE *file, const char *path, const uftp_lines_rules *rules,
                      uftp_strings *out, uftp_failure *failure)
{
    char *line = NULL;
    size_t room = 0, number = 0;
    ssize_t got;
    int code = 0;
    while (!code && (got = getline(&line, &room, file)) >= 0) {
        size_t len = (size_t)got;
        number++;
        while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            len--;
        if (!len || (rules->comments && line[0] == '#'))
            continue;
        if (memchr(line, '\0', len) || len > rules->len_max)
            code = uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                             "%s %s, line %zu: longer than %zu bytes, or not text", rules->what,
                             path, number, rules->len_max);
        else if (out->count == rules->count_max)
            code = uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "%s %s: more than %zu entries",
                             rules->what, path, rules->count_max);
        else
            code = uftp_strings_add(out, line, len, failure);
    }
    if (!code && ferror(file))
        code = uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "cannot read %s %s: %s", rules->what, path,
                         strerror(errno));
    free(line);
    return code;
}

int uftp_lines_read(const char *path, const uftp_lines_rules *rules, uftp_strings *out,
                    uftp_failure *failure)
{
    if (rules->or_stdin && strcmp(path, "-") == 0)
        return read_lines(stdin, "(standard input)", rules, out, failure);
    FILE *file = fopen(path, "re");
    if (!file)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "cannot open %s %s: %s", rules->what, path,
                         strerror(errno));
    int code = read_lines(file, path, rules, out, failure);
    fclose(file);
    return code;
}

/* The next field of a line that is cut at '|', in place; NULL when there is none. */
static char *next_field(char **line)
{
    char *field = *line;
    if (!field)
        return NULL;
    char *bar = strchr(field, '|');
    if (bar)
        *bar = '\0';
    *line = bar ? bar + 1 : NULL;
    return field;
}

static bool parse_hex_uid(const char *text, uint32_t *uid)
{
    uint64_t value;
    if (!uftp_text_to_u64(text, 16, &value) || value > UINT32_MAX)
        return false;
    *uid = (uint32_t)value;
    return true;
}

/* spec cli 6.1: an IPv4 address in any classical form or a name first, hexadecimal last, so that
 * lists mean here what they mean to the reference. "0x0A090002" and digits do not ask the resolver.
 */
static bool resolve_uid(const char *text, uint32_t *uid)
{
    uint64_t number;
    uftp_address address;
    if (uftp_text_to_u64(text, 0, &number) && number <= UINT32_MAX)
        *uid = (uint32_t)number; /* a classical address of one part */
    else if (uftp_resolve_host(text, UFTP_IPV4, &address) == 0)
        *uid = (uint32_t)address.bytes[0] << 24 | (uint32_t)address.bytes[1] << 16 |
               (uint32_t)address.bytes[2] << 8 | address.bytes[3];
    else if (!parse_hex_uid(text, uid))
        return false;
    return *uid != 0 && *uid != UINT32_MAX;
}

int uftp_members_add_entry(uftp_members *members, const uftp_member *member, uftp_failure *failure)
{
    if (members->count == UFTP_CLIENTS_MAX)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "more than %d hosts", UFTP_CLIENTS_MAX);
    if ((members->count & (members->count - 1)) == 0) {
        size_t room = members->count ? members->count * 2 : 1;
        uftp_member *items = realloc(members->items, room * sizeof *items);
        if (!items)
            return uftp_fail_memory(failure);
        members->items = items;
    }
    int code = uftp_strings_add(&members->texts, member->name, strlen(member->name), failure);
    if (code)
        return code;
    uftp_member *added = &members->items[members->count++];
    *added = *member;
    added->name = members->texts.items[members->texts.count - 1];
    return 0;
}

static int add_member(uftp_members *members, char *text, bool is_proxy, uftp_failure *failure)
{
    char *rest = text;
    const char *id = next_field(&rest);
    const char *fingerprint = next_field(&rest);
    uftp_member member = {.is_proxy = is_proxy};
    if (strlen(id) > UFTP_CLIENT_NAME_MAX)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "host ID '%s' is longer than %d characters",
                         id, UFTP_CLIENT_NAME_MAX);
    if (!resolve_uid(id, &member.uid))
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "host ID '%s' is neither an IPv4 host that is known nor a UID like "
                         "0x0A090002",
                         id);
    if (fingerprint && *fingerprint) {
        member.has_fingerprint = true;
        if (uftp_fingerprint_parse(fingerprint, member.fingerprint) < 0)
            return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                             "host %s: '%s' is not a fingerprint (20 hex pairs joined by ':')", id,
                             fingerprint);
    }
    member.name = id;
    return uftp_members_add_entry(members, &member, failure);
}

static int compare_members(const void *a, const void *b)
{
    const uftp_member *const *left = a, *const *right = b;
    return ((*left)->uid > (*right)->uid) - ((*left)->uid < (*right)->uid);
}

/* Two entries of one UID would be one receiver that can never answer for both. */
static int refuse_twins(const uftp_members *members, uftp_failure *failure)
{
    const uftp_member **sorted = malloc((members->count + 1) * sizeof *sorted);
    if (!sorted)
        return uftp_fail_memory(failure);
    for (size_t i = 0; i < members->count; i++)
        sorted[i] = &members->items[i];
    qsort(sorted, members->count, sizeof *sorted, compare_members);
    int code = 0;
    for (size_t i = 1; i < members->count && !code; i++)
        if (sorted[i - 1]->uid == sorted[i]->uid)
            code = uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                             "hosts '%s' and '%s' have the same UID 0x%08X", sorted[i - 1]->name,
                             sorted[i]->name, sorted[i]->uid);
    free(sorted);
    return code;
}

static int add_members(uftp_members *members, uftp_strings *lines, bool is_proxy,
                       uftp_failure *failure)
{
    int code = 0;
    for (size_t i = 0; i < lines->count && !code; i++)
        code = add_member(members, lines->items[i], is_proxy, failure);
    return code ? code : refuse_twins(members, failure);
}

int uftp_members_add_file(uftp_members *members, const char *path, bool is_proxy,
                          uftp_failure *failure)
{
    const uftp_lines_rules rules = {.what = is_proxy ? "proxy list" : "host list",
                                    .count_max = UFTP_CLIENTS_MAX,
                                    .len_max = 999,
                                    .comments = true};
    uftp_strings lines = {0};
    int code = uftp_lines_read(path, &rules, &lines, failure);
    if (!code)
        code = add_members(members, &lines, is_proxy, failure);
    uftp_strings_free(&lines);
    return code;
}

int uftp_members_add(uftp_members *members, const char *text, bool is_proxy, uftp_failure *failure)
{
    if (text[0] == '@')
        return uftp_members_add_file(members, text + 1, is_proxy, failure);
    uftp_strings ids = {0};
    int code = uftp_strings_add_list(&ids, text, failure);
    if (!code)
        code = add_members(members, &ids, is_proxy, failure);
    uftp_strings_free(&ids);
    return code;
}

void uftp_members_free(uftp_members *members)
{
    uftp_strings_free(&members->texts);
    free(members->items);
    *members = (uftp_members){0};
}

/* `direct`: no column for a proxy. */
static int parse_server(char *line, bool direct, uftp_server_entry *out, const char *path,
                        uftp_failure *failure)
{
    char *rest = line;
    const char *uid = next_field(&rest);
    const char *host = next_field(&rest);
    const char *proxy = direct ? "0" : next_field(&rest);
    const char *fingerprint = next_field(&rest);
    if (!parse_hex_uid(uid, &out->uid) || out->uid == 0 || out->uid == UINT32_MAX)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "server list %s: '%s' is not a UID", path,
                         uid);
    if (!host || !*host)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "server list %s: server %s has no IP (%s)",
                         path, uid, direct ? "UID|IP[|FINGERPRINT]" : "UID|IP|PROXY[|FINGERPRINT]");
    if (uftp_resolve_host(host, 0, &out->address) < 0)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "server list %s: server %s: host '%s' is not known", path, uid, host);
    if (!proxy || !parse_hex_uid(proxy, &out->proxy) || out->proxy == UINT32_MAX)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "server list %s: server %s needs a proxy UID, 0 for none", path, uid);
    if (fingerprint && *fingerprint) {
        out->has_fingerprint = true;
        if (uftp_fingerprint_parse(fingerprint, out->fingerprint) < 0)
            return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                             "server list %s: server %s: '%s' is not a fingerprint (20 hex pairs "
                             "joined by ':')",
                             path, uid, fingerprint);
    }
    return 0;
}

#define SERVERS_MAX 100 /* spec cli 14 */

static int read_servers(const char *path, bool direct, uftp_server_entry **out, size_t *count,
                        uftp_failure *failure)
{
    const uftp_lines_rules rules = {
        .what = "server list", .count_max = SERVERS_MAX, .len_max = 999, .comments = true};
    uftp_strings lines = {0};
    uftp_server_entry *entries = NULL;
    int code = uftp_lines_read(path, &rules, &lines, failure);
    if (!code && !lines.count)
        code = uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "server list %s is empty: no sender would be allowed", path);
    if (!code && !(entries = calloc(lines.count, sizeof *entries)))
        code = uftp_fail_memory(failure);
    for (size_t i = 0; i < lines.count && !code; i++)
        code = parse_server(lines.items[i], direct, &entries[i], path, failure);
    if (code) {
        free(entries);
    } else {
        *out = entries;
        *count = lines.count;
    }
    uftp_strings_free(&lines);
    return code;
}

int uftp_servers_read(const char *path, uftp_server_entry **out, size_t *count,
                      uftp_failure *failure)
{
    return read_servers(path, false, out, count, failure);
}

int uftp_peers_read(const char *path, uftp_server_entry **out, size_t *count, uftp_failure *failure)
{
    return read_servers(path, true, out, count, failure);
}
