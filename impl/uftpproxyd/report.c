/* SPDX-License-Identifier: MIT */
#include "uftpproxyd/report.h"

#include <inttypes.h>

static void heartbeat(uftp_log *log, const uftp_event *event, const char *address)
{
    static const char *const answers[] = {"failed", "successful", "required"};
    const char *answer = event->status < 3 ? answers[event->status] : "answered strangely";
    if (event->repeated)
        uftp_log_line(log, event->status == 0 ? 1 : 3, NULL, "Heartbeat authentication %s at %s",
                      answer, address);
    else if (event->status == 0)
        uftp_log_line(log, 1, NULL, "Heartbeat from %s refused: %s", address,
                      event->text ? event->text : "");
    else
        uftp_log_line(log, 4, NULL, "Heartbeat from %s: authentication %s", address, answer);
}

static void session(uftp_log *log, const uftp_event *event, const uftp_log_subject *subject,
                    const char *address)
{
    const char *text = event->text ? event->text : "";
    switch (event->type) {
    case UFTP_EVENT_SESSION_STARTED:
        uftp_log_line(log, 1, subject, "Received request from %08" PRIX32 " at %s", event->peer,
                      address);
        break;
    case UFTP_EVENT_SESSION_REFUSED:
        uftp_log_line(log, 1, subject, "Refusing request from %08" PRIX32 " at %s: %s", event->peer,
                      address, text);
        break;
    default:
        uftp_log_line(log, 1, subject, "%s", *text ? text : "Group timed out");
        break;
    }
}

void uftp_proxy_report_event(uftp_log *log, const uftp_event *event)
{
    const uftp_log_subject subject = {.group = event->group, .instance = event->instance};
    const char *text = event->text ? event->text : "";
    char address[UFTP_ADDRESS_TEXT_MAX] = "";
    if (event->address.family)
        uftp_address_format(&event->address, address);
    switch (event->type) {
    case UFTP_EVENT_JOIN:
        uftp_log_line(log, 2, &subject, "Using private multicast address %s", address);
        break;
    case UFTP_EVENT_SESSION_STARTED:
    case UFTP_EVENT_SESSION_REFUSED:
    case UFTP_EVENT_SESSION_FINISHED:
        session(log, event, &subject, address);
        break;
    case UFTP_EVENT_SENT:
        uftp_log_line(log, 4, &subject, "%s sent to %s", uftp_message_name(event->message),
                      address);
        break;
    case UFTP_EVENT_RECEIVED:
        uftp_log_line(log, 4, &subject, "Received %s from server",
                      uftp_message_name(event->message));
        break;
    case UFTP_EVENT_CLIENT_REGISTERED:
        uftp_log_line(log, 2, &subject, "Received REGISTER from client %08" PRIX32, event->peer);
        break;
    case UFTP_EVENT_CLIENT_CONFIRMED:
        uftp_log_line(log, 2, &subject, "Client %08" PRIX32 " is registered", event->peer);
        break;
    case UFTP_EVENT_CLIENT_ABORTED:
        uftp_log_line(log, 1, &subject, "Client %08" PRIX32 " aborted: %s", event->peer, text);
        break;
    case UFTP_EVENT_CLIENT_REFUSED:
        uftp_log_line(log, 1, &subject, "Refusing client %08" PRIX32 ": %s", event->peer, text);
        break;
    case UFTP_EVENT_ABORT:
        uftp_log_line(log, 1, &subject, "Transfer aborted by server: %s", text);
        break;
    case UFTP_EVENT_HEARTBEAT:
        heartbeat(log, event, address);
        break;
    case UFTP_EVENT_DOWNSTREAM:
        uftp_log_line(log, 1, NULL, "Using %s as downstream", address);
        break;
    case UFTP_EVENT_REJECTED:
        /* Version 4 is what an administrator has to know of. */
        uftp_log_line(log, event->error == UFTP_ERR_VERSION ? 1 : 4, &subject,
                      "Rejecting %s from %s: %s", uftp_message_name(event->message), address,
                      event->error == UFTP_ERR_VERSION ? "version 4 is not relayed"
                                                       : uftp_strerror(event->error));
        break;
    case UFTP_EVENT_LEAVE:
    case UFTP_EVENT_SESSION_READY: /* a receiver's, or a sender's */
    case UFTP_EVENT_PHASE:
    case UFTP_EVENT_GRTT:
    case UFTP_EVENT_CLIENT_COMPLETE:
    case UFTP_EVENT_CLIENT_LOST:
    case UFTP_EVENT_CLIENT_NAKS:
    case UFTP_EVENT_FILE_STARTED:
    case UFTP_EVENT_FILE_PASS:
    case UFTP_EVENT_FILE_SECTION:
    case UFTP_EVENT_FILE_FINISHED:
    case UFTP_EVENT_FILE_SKIPPED:
    case UFTP_EVENT_NONE:
        break;
    }
}
