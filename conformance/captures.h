/* SPDX-License-Identifier: MIT
 *
 * The folders of captures/ and what their manifests say of each capture.
 */
#ifndef UFTP_CONFORMANCE_CAPTURES_H
#define UFTP_CONFORMANCE_CAPTURES_H

#include <jansson.h>

/* `path` is of one capture in `folder`, `described` its entry in the manifest. */
typedef void captures_visit(void *ctx, const char *folder, const char *path,
                            const json_t *described);

/* Visits every capture of every folder whose name starts with `prefix`. Fails the test when a
 * folder cannot be read, or has another number of captures than its manifest. Returns the number of
 * folders. */
int captures_each(const char *prefix, captures_visit *visit, void *ctx);

#endif
