/* SPDX-License-Identifier: MIT
 *
 * `uftp-pcap check`: does what was captured keep the rules of the protocol? Each rule has a name. A
 * rule is only asked where the capture can tell: what was lost on the way to the capture must not
 * look like a fault of the programs.
 */
#ifndef CAP_CHECK_H
#define CAP_CHECK_H

#include "session.h"
#include "writer.h"

/* name in the enum, name for people, section of the protocol's text, what it demands */
#define CAP_RULES(X) \
    X(MALFORMED, "malformed-message", "1.3", "every message can be read") \
    X(ENCODING, "encoding", "1.3", "reserved fields and padding are zero, lengths are exact") \
    X(DIRECTION, "direction", "1.4", "senders and receivers send their own kinds of messages") \
    X(RECEIVER_HEADER, "receiver-header", "1.2", "GRTT and group size of receivers are zero") \
    X(SEQUENCE_REUSED, "sequence-reused", "4.2", "a sequence number stands for one packet") \
    X(COUNTER_REUSED, "counter-reused", "3.10", "an IV counter is used once") \
    X(COUNTER_ORDER, "counter-order", "3.10", "IV counters grow with the sequence numbers") \
    X(SEALED_OPENS, "sealed-opens", "3.11", \
      "encrypted packets open with the keys of their sender") \
    X(SEALED_TYPE, "sealed-type", "1.4", "only what has to be is encrypted") \
    X(SEALED_IN_PLAIN, "sealed-in-plain", "4.2", "plain sessions have no encrypted packets") \
    X(CLEAR, "clear-in-encrypted", "1.4", "what has to be encrypted is") \
    X(ANNOUNCE_CHANGED, "announce-changed", "4.4", "repeated ANNOUNCEs say the same") \
    X(ANNOUNCE_COUNT, "announce-count", "4.4", "ANNOUNCE is sent ROBUST times at most") \
    X(ANNOUNCE_EARLY, "announce-early", "4.4", "ANNOUNCEs are 3 GRTT apart (2 are let pass)") \
    X(ANNOUNCE_SIGNATURE, "announce-signature", "3.6", "the ANNOUNCE is signed by its key") \
    X(KEYINFO_SIGNATURE, "keyinfo-signature", "3.6", "the KEYINFO is signed by its sender's key") \
    X(CLIENT_KEY_SIGNATURE, "client-key-signature", "3.7", "the CLIENT_KEY is signed by its key") \
    X(REGISTER_CHANGED, "register-changed", "3.3", "repeated REGISTERs have the same keys") \
    X(CONFIRMED_UNSEEN, "confirmed-unseen", "4.4", "REG_CONF and KEYINFO answer a REGISTER") \
    X(FILEINFO_CHANGED, "fileinfo-changed", "4.5", "repeated FILEINFOs say the same") \
    X(FILE_ORDER, "file-order", "4.5", "file IDs count up from 1, and from 65535 to 1") \
    X(FILESEG_FILE, "fileseg-file", "4.5", "blocks are of the file announced last") \
    X(FILESEG_RANGE, "fileseg-range", "4.6.1", "section and block exist in the file") \
    X(FILESEG_LENGTH, "fileseg-length", "1.15", "each block but the last is full") \
    X(DONE_SECTION, "done-section", "1.16", "DONE names the last section, or 0") \
    X(STATUS_SECTION, "status-section", "1.16", "the section of a STATUS exists in the file") \
    X(NAK_LENGTH, "nak-length", "1.16", "a NAK bitmap has floor(n/8)+1 bytes") \
    X(NAK_BITS, "nak-bits", "1.16", "bits of blocks that do not exist are zero") \
    X(COMPLETE_STATUS, "complete-status", "1.16", "the status of COMPLETE is 0 to 3") \
    X(END_UNASKED, "end-unasked", "4.1", "COMPLETE for the session follows its DONE") \
    X(END_UNSEEN, "end-unseen", "4.9", "DONE_CONF answers a COMPLETE for the session") \
    X(TIME_ORDER, "timestamp-order", "4.3", "the sender's timestamps never go back") \
    X(TIME_ECHO, "timestamp-echo", "4.3", "an echoed timestamp is not ahead of the sender's time")

#define CAP_RULE_ENUM(id, name, section, text) CAP_RULE_##id,
typedef enum cap_rule { CAP_RULES(CAP_RULE_ENUM) CAP_RULE_COUNT } cap_rule;
#undef CAP_RULE_ENUM

const char *cap_rule_name(cap_rule rule);
/* All rules: one line each, or a list in JSON. */
void cap_rules_write(cap_writer *w);

/* Packet numbers kept per rule, for the report. */
#define CAP_BREAKS_SHOWN 20

typedef struct cap_breaks {
    uint64_t count;
    uint64_t numbers[CAP_BREAKS_SHOWN]; /* the first ones */
} cap_breaks;

typedef struct cap_check cap_check;

cap_check *cap_check_new(void); /* NULL: no memory */
void cap_check_free(cap_check *check);
void cap_check_packet(cap_check *check, const cap_packet *packet);
const cap_breaks *cap_check_breaks(const cap_check *check, cap_rule rule);
/* How many rules were broken. */
unsigned cap_check_broken(const cap_check *check);
/* The broken rules with their packets; in JSON a list. */
void cap_check_write(const cap_check *check, cap_writer *w);

#endif
