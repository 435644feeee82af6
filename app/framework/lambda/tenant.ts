/**
 * Tenant isolation: Lambda chooses the execution environment by the tenant ID of the invocation, which the API sets. It must be the
 * ID that the authorizer returned for the request. If it differs, the API is misconfigured and callers share environments.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
 */
import type { Config } from '../config.ts';
import type { LambdaContext } from '../types.ts';
import type { EventProblem } from './validate-event.ts';

type Isolation = Config['MCP_ISOLATION'];
type Context = Pick<LambdaContext, 'tenantId'> | undefined;

/** Tenant ID of requests without an authorizer: preflights, OAuth metadata, sign-in. terraform/modules/rest-api sets the same. */
const OPEN_TENANT = 'open';

/** Returns the problem with an event that validateEvent() has accepted; undefined if both tenants are the same. */
export function tenantProblem(
  event: unknown,
  context: Context,
  isolation: Isolation,
): EventProblem | undefined {
  const tenantId = tenantOf(context, isolation);
  if (tenantId === undefined) return undefined;
  const { requestContext } = event as { requestContext: { authorizer?: { tenant?: unknown } | null } };
  const authorizer = requestContext.authorizer ?? {};
  const expected = Object.keys(authorizer).length > 0 ? authorizer.tenant : OPEN_TENANT;
  if (tenantId !== '' && tenantId === expected) return undefined;
  return { status: 403, message: 'This execution environment does not belong to the caller of the request.' };
}

/** Returns the tenant ID; undefined without isolation, and an empty string, which matches no caller, if Lambda passed none. */
export function tenantOf(context: Context, isolation: Isolation): string | undefined {
  return context?.tenantId || (isolation === 'per-caller' ? '' : undefined);
}
