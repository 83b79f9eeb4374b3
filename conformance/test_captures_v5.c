/* SPDX-License-Identifier: MIT
 *
 * Captures of real sessions of version 5 (check_captures.h).
 */
#include "check_captures.h"
#include "tests/support.h"

/* Breaks when a message as 5.0.1 sends it is refused, misread, or written differently. */
static void every_captured_packet_decodes_and_reencodes_to_the_same_bytes(void **state)
{
    (void)state;
    check_captures(&uftp_wire_v5, "v5-", 51);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_captured_packet_decodes_and_reencodes_to_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
