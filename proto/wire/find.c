/* SPDX-License-Identifier: MIT
 *
 * The wire versions this library speaks.
 */
#include <uftp/wire.h>

const uftp_wire *uftp_wire_find(uint8_t version)
{
    return version == uftp_wire_v5.version ? &uftp_wire_v5 : NULL;
}
