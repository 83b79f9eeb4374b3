/* SPDX-License-Identifier: MIT
 *
 * The v4 codec (wire_codec.h).
 */
#include "fuzz.h"
#include "wire_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_wire(&uftp_wire_v4, data, size);
    return 0;
}
