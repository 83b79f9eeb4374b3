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

/* name in the enum, name for people, sections of the texts of versions 3, 4 and 5 (empty: not asked
 * there), what it demands */
#define CAP_RULES(X) \
    X(MALFORMED, "malformed-message", "4", "3", "1.3", "every message can be read") \
    X(ENCODING, "encoding", "4", "3", "1.3", \
      "reserved fields and padding are zero, lengths are exact") \
    X(DIRECTION, "direction", "3", "8.1", "1.4", \
      "senders and receivers send their own kinds of messages") \
    X(RECEIVER_HEADER, "receiver-header", "", "2", "1.2", \
      "GRTT and group size of receivers are zero") \
    X(SEQUENCE_REUSED, "sequence-reused", "", "2", "4.2", \
      "a sequence number stands for one packet") \
    X(COUNTER_REUSED, "counter-reused", "", "6.5", "3.10", "an IV counter is used once") \
    X(COUNTER_ORDER, "counter-order", "", "6.5", "3.10", \
      "IV counters grow with the sequence numbers") \
    X(SEALED_OPENS, "sealed-opens", "", "7", "3.11", \
      "encrypted packets open with the keys of their sender") \
    X(SEALED_TYPE, "sealed-type", "", "7", "1.4", "only what has to be is encrypted") \
    X(SEALED_IN_PLAIN, "sealed-in-plain", "5", "7", "4.2", \
      "plain sessions have no encrypted packets") \
    X(CLEAR, "clear-in-encrypted", "5", "7", "1.4", "what has to be encrypted is") \
    X(LIST_LENGTH, "list-length", "", "3.5", "1.3", "lists of UIDs fit a block") \
    X(LIST_EMPTY, "list-empty", "", "3.4", "1.3", \
      "REG_CONF, KEYINFO, FILEINFO and DONE_CONF name somebody") \
    X(ANNOUNCE_SETTINGS, "announce-settings", "", "3.1", "1.6", \
      "ROBUST is 10 to 50, congestion control none or TFMCC") \
    X(ANNOUNCE_CHANGED, "announce-changed", "7.1", "3.1", "4.4", \
      "repeated ANNOUNCEs say the same") \
    X(ANNOUNCE_COUNT, "announce-count", "", "8.1", "4.4", "ANNOUNCE is sent ROBUST times at most") \
    X(ANNOUNCE_EARLY, "announce-early", "", "8.2", "4.4", \
      "ANNOUNCEs are 3 GRTT apart (2 are let pass)") \
    X(ANNOUNCE_SIGNATURE, "announce-signature", "", "3.1", "3.6", \
      "the ANNOUNCE is signed by its key") \
    X(KEYINFO_SIGNATURE, "keyinfo-signature", "", "", "3.6", \
      "the KEYINFO is signed by its sender's key") \
    X(CLIENT_KEY_SIGNATURE, "client-key-signature", "", "6.6", "3.7", \
      "the CLIENT_KEY is signed by its key") \
    X(CLIENT_KEY_UNASKED, "client-key-unasked", "4", "3.3", "1.9", \
      "CLIENT_KEY is sent where the ANNOUNCE asks for it") \
    X(KEYINFO_PLAIN, "keyinfo-plain", "5", "8.1", "4.4", "plain sessions have no KEYINFO") \
    X(ACK_PROOF, "keyinfo-ack-proof", "", "6.6", "3.5", "a KEYINFO_ACK proves the group master") \
    X(REGISTER_KEYS, "register-keys", "4", "3.2", "1.8", \
      "a REGISTER has a key in an encrypted session, in a plain one none") \
    X(REGISTER_CHANGED, "register-changed", "", "6.2", "3.3", \
      "repeated REGISTERs have the same keys") \
    X(CONFIRMED_UNSEEN, "confirmed-unseen", "7.1", "8.1", "4.4", \
      "REG_CONF and KEYINFO answer a REGISTER") \
    X(FILE_TYPE, "file-type", "4", "3.7", "1.13", "the type of a file is one of those there are") \
    X(FILE_NAME, "file-name", "4", "3.7", "1.13", \
      "a file has a name of 300 bytes at most, and a target only if a link") \
    X(FILE_SIZE, "file-size", "", "3.7", "1.13", "what is no regular file has no size") \
    X(FILE_LAYOUT, "file-layout", "6", "", "", "blocks and sections follow from the size") \
    X(FILEINFO_CHANGED, "fileinfo-changed", "7.2", "8.1", "4.5", \
      "repeated FILEINFOs say the same") \
    X(FILE_ORDER, "file-order", "", "3.7", "4.5", "file IDs count up from 1, and from 65535 to 1") \
    X(FILESEG_FILE, "fileseg-file", "7.3", "8.1", "4.5", "blocks are of the file announced last") \
    X(FILESEG_RANGE, "fileseg-range", "6", "8.3", "4.6.1", "section and block exist in the file") \
    X(FILESEG_LENGTH, "fileseg-length", "6", "3.9", "1.15", "each block but the last is full") \
    X(PASS_ORDER, "pass-order", "7.3", "", "", "passes of a file count up from 1") \
    X(DONE_SECTION, "done-section", "7.3", "8.5", "1.16", \
      "DONE names the last section, or 0 (version 3: one of the file)") \
    X(STATUS_SECTION, "status-section", "7.3", "3.11", "1.16", \
      "the section of a STATUS exists in the file") \
    X(STATUS_EMPTY, "status-empty", "", "8.4", "4.10.6", "a STATUS misses something") \
    X(NAK_LENGTH, "nak-length", "4", "3.11", "1.16", \
      "a NAK bitmap has floor(n/8)+1 bytes (version 3: a block's)") \
    X(NAK_BITS, "nak-bits", "4", "3.11", "1.16", "bits of blocks that do not exist are zero") \
    X(NAK_COUNT, "nak-count", "4", "", "", "the count of NAKs is that of the bits") \
    X(COMPLETE_STATUS, "complete-status", "4", "3.12", "1.16", "the status of COMPLETE is 0 to 3") \
    X(FREE_SPACE, "free-space-unasked", "", "3.12", "1.16", \
      "free space is told of a file that asks for it") \
    X(END_UNASKED, "end-unasked", "7.4", "8.1", "4.1", \
      "COMPLETE for the session follows its DONE") \
    X(END_UNSEEN, "end-unseen", "7.4", "3.13", "4.9", \
      "DONE_CONF answers a COMPLETE for the session") \
    X(TFMCC_UNANNOUNCED, "tfmcc-unannounced", "", "3.17", "1.18", \
      "what belongs to TFMCC is sent in sessions that announce it") \
    X(TIME_ORDER, "timestamp-order", "", "3.1", "4.3", "the sender's timestamps never go back") \
    X(TIME_ECHO, "timestamp-echo", "", "3.2", "4.3", \
      "an echoed timestamp is not ahead of the sender's time")

#define CAP_RULE_ENUM(id, name, v3, v4, v5, text) CAP_RULE_##id,
typedef enum cap_rule { CAP_RULES(CAP_RULE_ENUM) CAP_RULE_COUNT } cap_rule;
#undef CAP_RULE_ENUM

const char *cap_rule_name(cap_rule rule);
/* In the text of version 3, 4 or 5; "": the rule is not asked there. */
const char *cap_rule_section(cap_rule rule, int version);
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
