/* SPDX-License-Identifier: MIT
 *
 * A target with a defect, to prove that the fuzzer finds one and that the replay reports it.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 3 && data[0] == 'B' && data[1] == 'U' && data[2] == 'G') {
        fprintf(stderr, "broken target: the defect was reached\n");
        abort();
    }
    return 0;
}
