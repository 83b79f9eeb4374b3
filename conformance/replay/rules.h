/* SPDX-License-Identifier: MIT
 *
 * What a replay holds a core to, each with a name. A replay that fails prints the capture, the
 * packet, the rule and the command that repeats it. Our own packets are also held to the rules of
 * `uftp-pcap check`, under the names that they have there.
 */
#ifndef REPLAY_RULES_H
#define REPLAY_RULES_H

#include <stdint.h>

/* name in the enum, name for people, what it demands */
#define REPLAY_RULES(X) \
    X(REPLY_KIND, "reply-kind", "replies are of the captured kinds, in the captured order") \
    X(REPLY_MISSING, "reply-missing", "every captured reply is given") \
    X(REPLY_UNASKED, "reply-unasked", "no reply is given that the captured receiver did not") \
    X(REPLY_FILE, "reply-file", "a reply is about the captured file") \
    X(REPLY_SECTION, "reply-section", "a STATUS is about the captured section") \
    X(NAK_BITMAP, "nak-bitmap", "a STATUS asks for the captured blocks") \
    X(REPLY_STATUS, "reply-status", "a COMPLETE has the captured status") \
    X(PARTIAL_FLAG, "partial-flag", "a FILEINFO_ACK tells of a part that is there, as captured") \
    X(REGISTER_KEYS, "register-keys", "REGISTER and CLIENT_KEY carry the captured keys") \
    X(VERIFY_DATA, "verify-data", "KEYINFO_ACK proves the keys of the session") \
    X(FILES_KEPT, "files-kept", "the files at the end are the captured receiver's, byte for byte") \
    X(MESSAGE_KIND, "message-kind", "messages are of the captured kinds, in the captured order") \
    X(MESSAGE_MISSING, "message-missing", "every captured message is sent") \
    X(MESSAGE_UNASKED, "message-unasked", "no message is sent that the captured sender did not") \
    X(MESSAGE_FILE, "message-file", "a message is about the captured file") \
    X(BLOCK_ORDER, "block-order", "blocks are sent, and sent again, in the captured order") \
    X(BLOCK_DATA, "block-data", "a block has the captured bytes") \
    X(FILE_DESCRIBED, "file-described", "a FILEINFO describes the captured file") \
    X(RECEIVERS_LISTED, "receivers-listed", "the captured receivers are asked and confirmed") \
    X(KEYINFO_OPENS, "keyinfo-opens", "a KEYINFO gives each of its receivers the group master") \
    X(PROXY_MESSAGE, "proxy-message", "a proxy passes on what the captured one did") \
    X(REPLIES_HEARD, "replies-heard", "every captured reply found the message that it answers") \
    X(LOSSES_COUNTED, "losses-counted", "what did not arrive is as much as was dropped") \
    X(RULES_KEPT, "rules-kept", "what a core says keeps the rules of uftp-pcap check") \
    X(REPLAY_KIND, "replay-kind", "the table of replays tells how this one is done")

#define REPLAY_RULE_ENUM(id, name, text) REPLAY_RULE_##id,
typedef enum replay_rule { REPLAY_RULES(REPLAY_RULE_ENUM) REPLAY_RULE_COUNT } replay_rule;
#undef REPLAY_RULE_ENUM

/* How a session is replayed (docs/captures.md). */
typedef enum replay_kind {
    REPLAY_PLAIN,  /* it was encrypted, and is replayed as a session without encryption */
    REPLAY_OPENED, /* encrypted, by a handshake of the core's own with a stand-in of its peer */
    REPLAY_FULL    /* as captured */
} replay_kind;

const char *replay_kind_name(replay_kind kind);

/* The program and its arguments: what to run again. */
void replay_command(int argc, char **argv);
/* Fails the running test. `number`: of a packet in the capture, 0: none. */
_Noreturn void replay_broken(replay_rule rule, const char *capture, uint64_t number,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
