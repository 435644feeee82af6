/**
 * Tenant IDs: with MCP_ISOLATION=per-caller, Lambda gives each caller its own execution environments by this ID.
 * https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
 *
 * A digest, because the ID is visible in logs and metrics and its characters are limited.
 */
import { createHash } from 'node:crypto';

/** Returns 64 hex digits for a verified subject of an issuer. */
export function tenantId(issuer: string, subject: string): string {
  return createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest('hex');
}
