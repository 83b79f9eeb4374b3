/* SPDX-License-Identifier: MIT
 *
 * The wire versions this library speaks.
 */
#include <uftp/wire.h>

const uftp_wire *uftp_wire_find(uint8_t version)
{
    if (version == uftp_wire_v5.version)
        return &uftp_wire_v5;
    return version == uftp_wire_v4.version ? &uftp_wire_v4 : NULL;
}
