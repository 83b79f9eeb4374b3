/* SPDX-License-Identifier: MIT */
#include "uftp/restart.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Header: 0 group(4)  4 instance(1)  5 padding(3)  8 operands(4); numbers little-endian.
 * Operands: NUL-padded. Hosts, up to the end of the file: 0 name(80)  80 UID(4, as on the wire)
 * 84 has a fingerprint(4)  88 fingerprint(64)  152 is a proxy(4). */
enum {
    HEADER_LEN = 12,
    OPERAND_LEN = 300,
    HOST_LEN = 156,
    HOST_UID = 80,
    HOST_HAS_FINGERPRINT = 84,
    HOST_FINGERPRINT = 88,
    HOST_IS_PROXY = 152
};
#define FILE_LEN_MAX \
    (HEADER_LEN + (size_t)OPERAND_LEN * UFTP_OPERANDS_MAX + (size_t)HOST_LEN * UFTP_CLIENTS_MAX)

static uint32_t get_le(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_le(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get_be(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

static void put_be(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static int refuse(const char *path, const char *why, uftp_failure *failure)
{
    return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "restart file %s %s", path, why);
}

/* ---- reading ---- */

static int read_host(const uint8_t *record, const char *path, uftp_members *members,
                     uftp_failure *failure)
{
    const char *name = (const char *)record;
    size_t name_len = strnlen(name, HOST_UID);
    uftp_member member = {.uid = get_be(record + HOST_UID),
                          .name = name,
                          .has_fingerprint = get_le(record + HOST_HAS_FINGERPRINT) != 0,
                          .is_proxy = get_le(record + HOST_IS_PROXY) != 0};
    if (name_len == 0 || name_len > UFTP_CLIENT_NAME_MAX || member.uid == 0)
        return refuse(path, "names a host without a name or UID", failure);
    memcpy(member.fingerprint, record + HOST_FINGERPRINT, sizeof member.fingerprint);
    return uftp_members_add_entry(members, &member, failure);
}

static int parse(const uint8_t *bytes, size_t len, const char *path, uftp_restart *out,
                 uftp_failure *failure)
{
    if (len < HEADER_LEN)
        return refuse(path, "is too short to be one", failure);
    out->group = get_le(bytes);
    out->instance = bytes[4];
    size_t operands = get_le(bytes + 8);
    size_t rest = len - HEADER_LEN;
    if (out->group == 0 || operands == 0 || operands > UFTP_OPERANDS_MAX ||
        rest / OPERAND_LEN < operands || (rest - operands * OPERAND_LEN) % HOST_LEN != 0 ||
        rest == operands * OPERAND_LEN)
        return refuse(path, "is not one, or is damaged", failure);
    if (out->instance == UINT8_MAX)
        return refuse(path, "is of a session that was restarted 255 times: send it anew", failure);
    const uint8_t *at = bytes + HEADER_LEN;
    int code = 0;
    for (size_t i = 0; i < operands && !code; i++, at += OPERAND_LEN) {
        size_t operand_len = strnlen((const char *)at, OPERAND_LEN);
        if (operand_len == 0 || operand_len == OPERAND_LEN)
            code = refuse(path, "names a file without a name", failure);
        else
            code = uftp_strings_add(&out->operands, (const char *)at, operand_len, failure);
    }
    for (; at < bytes + len && !code; at += HOST_LEN)
        code = read_host(at, path, &out->members, failure);
    return code;
}

int uftp_restart_read(const char *path, uftp_restart *out, uftp_failure *failure)
{
    *out = (uftp_restart){0};
    FILE *file = fopen(path, "rbe");
    if (!file)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "cannot open restart file %s: %s", path,
                         strerror(errno));
    uint8_t *bytes = malloc(FILE_LEN_MAX + 1);
    if (!bytes) {
        fclose(file);
        return uftp_fail_memory(failure);
    }
    size_t len = fread(bytes, 1, FILE_LEN_MAX + 1, file);
    int code;
    if (ferror(file))
        code = uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "cannot read restart file %s: %s", path,
                         strerror(errno));
    else if (len > FILE_LEN_MAX)
        code = refuse(path, "is too long to be one", failure);
    else
        code = parse(bytes, len, path, out, failure);
    free(bytes);
    fclose(file);
    return code;
}

void uftp_restart_free(uftp_restart *restart)
{
    uftp_strings_free(&restart->operands);
    uftp_members_free(&restart->members);
}

/* ---- writing ---- */

static bool write_records(const uftp_restart *restart, FILE *file)
{
    uint8_t header[HEADER_LEN] = {0};
    put_le(header, restart->group);
    header[4] = restart->instance;
    put_le(header + 8, (uint32_t)restart->operands.count);
    bool written = fwrite(header, sizeof header, 1, file) == 1;
    for (size_t i = 0; i < restart->operands.count && written; i++) {
        char operand[OPERAND_LEN] = {0};
        memcpy(operand, restart->operands.items[i], strlen(restart->operands.items[i]));
        written = fwrite(operand, sizeof operand, 1, file) == 1;
    }
    for (size_t i = 0; i < restart->members.count && written; i++) {
        const uftp_member *member = &restart->members.items[i];
        uint8_t record[HOST_LEN] = {0};
        memcpy(record, member->name, strlen(member->name));
        put_be(record + HOST_UID, member->uid);
        put_le(record + HOST_HAS_FINGERPRINT, member->has_fingerprint);
        if (member->has_fingerprint)
            memcpy(record + HOST_FINGERPRINT, member->fingerprint, sizeof member->fingerprint);
        put_le(record + HOST_IS_PROXY, member->is_proxy);
        written = fwrite(record, sizeof record, 1, file) == 1;
    }
    return written;
}

const char *uftp_restart_name(uint32_t group, char name[UFTP_RESTART_NAME_MAX])
{
    snprintf(name, UFTP_RESTART_NAME_MAX, "_group_%08X_restart", group);
    return name;
}

int uftp_restart_write(const uftp_restart *restart, char name[UFTP_RESTART_NAME_MAX])
{
    for (size_t i = 0; i < restart->operands.count; i++)
        if (strlen(restart->operands.items[i]) >= OPERAND_LEN)
            return UFTP_ERR_NAME;
    char temporary[UFTP_RESTART_NAME_MAX];
    uftp_restart_name(restart->group, name);
    snprintf(temporary, sizeof temporary, "_group_%08X_new", restart->group);
    FILE *file = fopen(temporary, "wbe");
    if (!file)
        return UFTP_ERR_IO;
    bool written = write_records(restart, file);
    if (fclose(file) != 0 || !written || rename(temporary, name) != 0) {
        int system_error = errno;
        unlink(temporary);
        errno = system_error;
        return UFTP_ERR_IO;
    }
    return UFTP_OK;
}
