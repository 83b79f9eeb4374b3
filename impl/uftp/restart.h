/* SPDX-License-Identifier: MIT
 *
 * The restart file of a session that not everybody finished (spec cli 6.4, v5 4.12): what was sent,
 * and who is still without it. It is the reference's file as its x86-64 build writes it, so that
 * either program continues the other's session.
 */
#ifndef UFTP_SENDER_RESTART_H
#define UFTP_SENDER_RESTART_H

#include "common/lists.h"

typedef struct uftp_restart {
    uint32_t group;
    uint8_t instance; /* of the run that failed */
    uftp_strings operands;
    uftp_members members; /* who failed */
} uftp_restart;

/* Reads a file. Refuses what is no restart file, and a session that has been restarted 255 times.
 * Free in both cases. */
int uftp_restart_read(const char *path, uftp_restart *out, uftp_failure *failure);
void uftp_restart_free(uftp_restart *restart);

/* The name of the file of a session, in the current directory. */
#define UFTP_RESTART_NAME_MAX 32
const char *uftp_restart_name(uint32_t group, char name[UFTP_RESTART_NAME_MAX]);

/* Writes "_group_GGGGGGGG_restart" into the current directory, replacing it in one step; its name
 * goes to `name`, which holds UFTP_RESTART_NAME_MAX bytes. Returns 0 or a negative uftp_error
 * (NAME: an operand is too long for the file; IO, with errno). */
int uftp_restart_write(const uftp_restart *restart, char name[UFTP_RESTART_NAME_MAX]);

#endif
