/* SPDX-License-Identifier: MIT
 *
 * Receivers behind proxies (spec proxy 3.3). A proxy registers in the names of those behind it and
 * gathers their answers, each a message of the proxy's with a list of UIDs. The proxy has an entry
 * of its own in the table, holds the keys of an encrypted session, and is waited for by nobody.
 */
#include "session/sender_internal.h"

/* ---- registration ---- */

/* Its word counts: at once, but not before it has proved its key where keys are asked for. */
static bool may_vouch(const uftp_sender *sender, const uftp_client *proxy)
{
    return !sender->encrypted || !sender->config.client_auth ||
           (proxy->state != UFTP_CLIENT_MUTE && !uftp_client_failed(proxy));
}

static void vouch(uftp_sender *sender, uftp_client *client)
{
    if (client->state == UFTP_CLIENT_MUTE)
        uftp_sender_announce_confirm(sender, client);
    /* Also when it is named again: then it, or the proxy, has not heard the first answer. */
    if (client->state == UFTP_CLIENT_ACTIVE)
        uftp_clients_set_due(&sender->clients, client, CLIENT_DUE_REG_CONF);
}

/* The entry of a receiver that a proxy names; NULL when it may not come in this way. */
static uftp_client *admit_behind(uftp_sender *sender, uftp_client *proxy, uint32_t uid)
{
    uftp_client *client = uftp_clients_find(&sender->clients, uid);
    int err = UFTP_OK;
    if (!client && sender->open)
        err = uftp_clients_add(&sender->clients, uid, NULL, false, &client);
    if (!client) {
        uftp_sender_refuse(sender, uid, &proxy->address,
                           err == UFTP_OK          ? "Not in host list"
                           : err == UFTP_ERR_LIMIT ? "Max destinations exceeded"
                                                   : "Out of memory");
        return NULL;
    }
    /* Who speaks for itself is not spoken for, nor is a proxy, nor who is behind another one. */
    if (client->is_proxy || client->address.family || (client->proxy && client->proxy != proxy))
        return NULL;
    if (!client->proxy) {
        client->proxy = proxy;
        uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_REGISTERED, client, proxy->name);
    }
    return client;
}

void uftp_sender_proxy_register(uftp_sender *sender, uint64_t now, uftp_client *proxy,
                                const uftp_uid_list *list)
{
    bool counts = may_vouch(sender, proxy);
    for (size_t i = 0; i < list->count; i++) {
        uint32_t uid = uftp_uid_list_get(list, i);
        if (uid == 0)
            break;
        uftp_client *client = admit_behind(sender, proxy, uid);
        if (client && counts)
            vouch(sender, client);
    }
    if (counts)
        uftp_sender_answer_soon(sender, now);
}

void uftp_sender_proxy_vouches(uftp_sender *sender, uint64_t now, uftp_client *proxy)
{
    if (!may_vouch(sender, proxy))
        return;
    uftp_client *next;
    for (uftp_client *c = sender->clients.by_state[UFTP_CLIENT_MUTE].first; c; c = next) {
        next = c->state_next;
        if (c->proxy == proxy)
            vouch(sender, c);
    }
    uftp_sender_answer_soon(sender, now);
}

/* ---- the end of one ---- */

/* Calls for every receiver behind a proxy that still takes part. */
static void each_behind(uftp_sender *sender, const uftp_client *proxy,
                        void (*act)(uftp_sender *sender, uftp_client *client, const char *text),
                        const char *text)
{
    for (uint32_t i = 0; i < sender->clients.count; i++) {
        uftp_client *client = sender->clients.table[i];
        if (client->proxy == proxy && !uftp_client_failed(client))
            act(sender, client, text);
    }
}

static void lose(uftp_sender *sender, uftp_client *client, const char *text)
{
    uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_LOST, client, text);
    uftp_clients_enter(&sender->clients, client, UFTP_CLIENT_LOST);
}

static void abort_one(uftp_sender *sender, uftp_client *client, const char *text)
{
    uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_ABORTED, client, text);
    uftp_clients_enter(&sender->clients, client, UFTP_CLIENT_ABORTED);
}

void uftp_sender_proxies_lost(uftp_sender *sender)
{
    for (uftp_client *c = sender->clients.by_state[UFTP_CLIENT_LOST].first; c; c = c->state_next)
        if (c->is_proxy)
            each_behind(sender, c, lose, NULL); /* nobody hands them the keys */
}

void uftp_sender_proxy_aborted(uftp_sender *sender, const uftp_client *proxy, const char *text)
{
    each_behind(sender, proxy, abort_one, text);
}

/* ---- what proxies say in the names of others ---- */

uftp_client *uftp_sender_proxy_find(const uftp_sender *sender, const uftp_client *proxy,
                                    uint32_t uid)
{
    uftp_client *client = uftp_clients_find(&sender->clients, uid);
    return client && client->proxy == proxy ? client : NULL;
}

int uftp_sender_proxy_each(uftp_sender *sender, uint64_t now, uftp_client *proxy,
                           const uftp_uid_list *list, const uftp_message *message)
{
    for (size_t i = 0; i < list->count; i++) {
        uint32_t uid = uftp_uid_list_get(list, i);
        if (uid == 0)
            break;
        uftp_client *client = uftp_sender_proxy_find(sender, proxy, uid);
        if (!client || uftp_client_failed(client))
            continue;
        if (message->type == UFTP_MESSAGE_COMPLETE)
            uftp_sender_complete(sender, now, client, &message->as.complete);
        else
            uftp_sender_fileinfo_ack_by(sender, client, &message->as.fileinfo_ack);
        if (sender->phase == UFTP_SENDER_ENDED)
            break;
    }
    return UFTP_OK;
}
