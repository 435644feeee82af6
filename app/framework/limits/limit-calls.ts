/** Loads the limiter (a separate file in the build) if a route has limits, and passes it the settings of the app. */
import { config } from '../config.ts';
import type { CallLimiter, RouteLimits } from '../types.ts';

let limiter: Promise<CallLimiter> | undefined;

/** Loads the limiter if a route has limits. Rejects with a TypeError if a limit is out of range, which makes init fail. */
export async function prepareLimits(limits: readonly RouteLimits[]): Promise<void> {
  if (limits.length === 0) return;
  const { checkLimits } = await import('./call-limiter.ts');
  for (const each of limits) checkLimits(each);
  await load();
}

export const limitCalls: CallLimiter = async request => (await load())(request);

function load(): Promise<CallLimiter> {
  limiter ??= import('./call-limiter.ts').then(({ createCallLimiter }) => {
    const { MCP_TABLE, MCP_LIMITS_FAILURE_MODE } = config();
    return createCallLimiter({
      table: MCP_TABLE,
      failureMode: MCP_LIMITS_FAILURE_MODE,
    });
  });
  return limiter;
}
