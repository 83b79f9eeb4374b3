/* SPDX-License-Identifier: MIT */
#include "uftp/restart_keeper.h"

#include "uftp/restart.h"

#include <errno.h>
#include <unistd.h>

static bool has_failed(const uftp_client_info *client)
{
    return client->state == UFTP_CLIENT_MUTE || client->state == UFTP_CLIENT_LOST ||
           client->state == UFTP_CLIENT_ABORTED;
}

/* Clients of a closed session stand in the order of its list, so that the first look finds them;
 * the search is for those of which that is not so. */
static const uftp_member *listed(const uftp_members *members, size_t index, uint32_t uid)
{
    if (index < members->count && members->items[index].uid == uid)
        return &members->items[index];
    for (size_t i = 0; i < members->count; i++)
        if (members->items[i].uid == uid)
            return &members->items[i];
    return NULL;
}

static int collect(const uftp_restart_keeper *keeper, bool failed_only, uftp_members *out)
{
    uftp_failure failure = {0};
    uftp_sender_stats stats;
    uftp_sender_stats_get(keeper->sender, &stats);
    for (uint32_t i = 0; i < stats.clients; i++) {
        uftp_client_info client;
        uftp_sender_client_get(keeper->sender, i, &client);
        if (client.is_proxy || (failed_only && !has_failed(&client)))
            continue;
        const uftp_member *known = listed(&keeper->options->members, i, client.uid);
        uftp_member member = known ? *known : (uftp_member){.uid = client.uid};
        member.name = client.name;
        int code = uftp_members_add_entry(out, &member, &failure);
        if (code)
            return code;
    }
    return 0;
}

static void write_file(const uftp_restart_keeper *keeper, const uftp_members *members, bool is_over)
{
    char name[UFTP_RESTART_NAME_MAX];
    const uftp_restart restart = {.group = uftp_sender_group(keeper->sender),
                                  .instance = keeper->options->core.instance,
                                  .operands = keeper->options->operands,
                                  .members = *members};
    int err = uftp_restart_write(&restart, name);
    if (err == UFTP_OK)
        uftp_log_line(keeper->log, is_over ? 1 : 3, NULL,
                      is_over ? "Restart file %s written: continue with -F %s"
                              : "Restart file %s written, for the case that we are killed",
                      name, name);
    else if (err == UFTP_ERR_NAME)
        uftp_log_line(keeper->log, 0, NULL,
                      "No restart file: a name given is longer than its 299 bytes");
    else
        uftp_log_system(keeper->log, 0, NULL, errno, "Cannot write restart file %s", name);
}

void uftp_restart_keeper_begin(uftp_restart_keeper *keeper)
{
    if (!keeper->options->restartable || keeper->begun)
        return;
    keeper->begun = true;
    char name[UFTP_RESTART_NAME_MAX];
    uftp_restart_name(uftp_sender_group(keeper->sender), name);
    keeper->was_there = access(name, F_OK) == 0;
    uftp_members members = {0};
    if (!collect(keeper, false, &members) && members.count)
        write_file(keeper, &members, false);
    uftp_members_free(&members);
}

void uftp_restart_keeper_end(uftp_restart_keeper *keeper)
{
    if (!keeper->options->restartable)
        return;
    uftp_members members = {0};
    char name[UFTP_RESTART_NAME_MAX];
    if (collect(keeper, true, &members))
        uftp_log_line(keeper->log, 0, NULL, "No memory for the restart file");
    else if (members.count)
        write_file(keeper, &members, true);
    else if (keeper->begun && !keeper->was_there)
        (void)unlink(uftp_restart_name(uftp_sender_group(keeper->sender), name));
    uftp_members_free(&members);
}
