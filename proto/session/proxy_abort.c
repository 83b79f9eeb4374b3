/* SPDX-License-Identifier: MIT
 *
 * Who is told that a session, or somebody in it, is at an end (spec proxy 6). A client proxy says
 * it in its own name on both sides; a server proxy passes ABORTs on like anything else.
 */
#include "session/proxy_internal.h"

static uftp_message abort_message(uint32_t host, uftp_bytes text, bool current_file)
{
    if (text.len > UFTP_ABORT_TEXT_MAX)
        text.len = UFTP_ABORT_TEXT_MAX;
    return (uftp_message){.type = UFTP_MESSAGE_ABORT,
                          .as.abort = {.current_file = current_file, .host = host, .text = text}};
}

static uftp_bytes text_bytes(const char *text)
{
    return (uftp_bytes){(const uint8_t *)text, strlen(text)};
}

static void copy_text(char out[UFTP_ABORT_TEXT_MAX + 1], uftp_bytes text)
{
    size_t len = text.len < UFTP_ABORT_TEXT_MAX ? text.len : UFTP_ABORT_TEXT_MAX;
    if (len)
        memcpy(out, text.data, len);
    out[len] = '\0';
}

static void tell_down(proxy_session *session, uint32_t host, uftp_bytes text, bool current_file)
{
    const uftp_message message = abort_message(host, text, current_file);
    if (session->proxy->config.kind == UFTP_PROXY_CLIENT || host != 0)
        uftp_proxy_send_down(session, &message, &session->private_group);
}

static void push_abort(const proxy_session *session, uint32_t peer, const char *text, bool heard)
{
    uftp_event event = uftp_proxy_event(session, UFTP_EVENT_ABORT);
    event.peer = peer;
    event.text = text;
    event.repeated = heard;
    uftp_proxy_push(session->proxy, &event);
}

static void out(proxy_session *session, uftp_client *client, const char *text)
{
    uftp_proxy_push_client(session, UFTP_EVENT_CLIENT_ABORTED, client, text);
    uftp_clients_enter(&session->clients, client, UFTP_CLIENT_ABORTED);
}

bool uftp_proxy_abort_from_sender(proxy_session *session, uint64_t now, const uftp_abort *message)
{
    char text[UFTP_ABORT_TEXT_MAX + 1];
    copy_text(text, message->text);
    push_abort(session, session->server, text, true);
    bool all = message->host == 0 || message->host == session->proxy->config.uid;
    if (!all) {
        tell_down(session, message->host, message->text, message->current_file);
        return true;
    }
    tell_down(session, 0, message->text, message->current_file);
    /* Of an encrypted session anyone could say this. Receivers without keys may believe it; the
     * others wait for a sealed one, which is passed on to them like all that is sealed, and we for
     * silence. */
    if (message->current_file || (session->keys && uftp_proxy_keys_established(session)))
        return true;
    uftp_proxy_session_end(session, now, UFTP_RESULT_FAILED, text);
    return false;
}

void uftp_proxy_abort_from_client(proxy_session *session, uftp_client *client,
                                  const uftp_abort *message)
{
    char text[UFTP_ABORT_TEXT_MAX + 1];
    copy_text(text, message->text);
    out(session, client, text);
    const uftp_message up = abort_message(client->uid, message->text, false);
    uftp_proxy_send_up(session, &up);
}

void uftp_proxy_abort_client(proxy_session *session, uftp_client *client, const char *text)
{
    out(session, client, text);
    tell_down(session, client->uid, text_bytes(text), false);
    const uftp_message up = abort_message(client->uid, text_bytes(text), false);
    uftp_proxy_send_up(session, &up);
}

void uftp_proxy_abort_stranger(proxy_session *session, uint64_t now, uint32_t uid, const char *text)
{
    uftp_event event = uftp_proxy_event(session, UFTP_EVENT_CLIENT_REFUSED);
    event.peer = uid;
    event.text = text;
    uftp_proxy_push(session->proxy, &event);
    if (uftp_proxy_bucket_take(&session->proxy->strangers, now))
        tell_down(session, uid, text_bytes(text), false);
}

void uftp_proxy_refuse_session(uftp_proxy *proxy, const uftp_packet *packet,
                               const proxy_arrival *arrival, const char *text)
{
    const uftp_header *theirs = &packet->header;
    proxy->stats.sessions_refused++;
    uftp_proxy_push(proxy, &(uftp_event){.type = UFTP_EVENT_SESSION_REFUSED,
                                         .group = theirs->group,
                                         .instance = theirs->instance,
                                         .peer = theirs->source,
                                         .address = arrival->train->source,
                                         .text = text});
    if (!uftp_proxy_bucket_take(&proxy->strangers, arrival->now))
        return;
    const uftp_header header = {.version = uftp_wire_v5.version,
                                .source = proxy->config.uid,
                                .group = theirs->group,
                                .instance = theirs->instance};
    const uftp_message message = abort_message(0, text_bytes(text), false);
    uftp_proxy_send(proxy, &header, &message, NULL, 0, &arrival->train->source);
}
