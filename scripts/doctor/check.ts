/** What an examination is made of. */
import { setTimeout } from 'node:timers/promises';
import type { EndpointType } from './endpoint.ts';
import type { Target } from './target.ts';

/** `warning`: it works, but not as most would want it. `skipped`: could not be looked at, and says why. */
export type Status = 'ok' | 'warning' | 'failed' | 'skipped';

export interface Finding {
  status: Status;
  /** What was seen. */
  found: string;
  /** What to do about it. */
  advice?: string;
}

/** What earlier checks have learned. */
export interface Facts {
  /** Names of the tools. */
  tools: string[];
  /** How long the first request of all took, in ms. */
  firstMs?: number;
  /** What stands in front of the function. */
  endpoint?: EndpointType;
  /** Whether strangers are refused before the server sees them. */
  authorizer?: boolean;
}

export interface Wishes {
  /** A tool that reports progress, to see streaming by. */
  tool: string | undefined;
  toolArguments: Record<string, unknown>;
  /** Origin of a web page that shall be able to call. */
  origin: string | undefined;
}

export interface Check {
  id: string;
  title: string;
  /** Ids of checks without which this one can tell nothing. */
  needs?: readonly string[];
  run(target: Target, facts: Facts, wishes: Wishes): Promise<Finding>;
}

export interface Outcome extends Finding {
  id: string;
  title: string;
  /** How long the check took. */
  ms: number;
}

export const ok = (found: string): Finding => ({ status: 'ok', found });
export const warning = (found: string, advice: string): Finding => ({ status: 'warning', found, advice });
export const failed = (found: string, advice: string): Finding => ({ status: 'failed', found, advice });
export const skipped = (found: string, advice?: string): Finding => ({
  status: 'skipped',
  found,
  ...(advice && { advice }),
});

/** Does them in order. A check that throws has failed, and the others go on. */
export async function* examine(
  checks: readonly Check[],
  target: Target,
  wishes: Wishes,
): AsyncGenerator<Outcome> {
  const facts: Facts = { tools: [] };
  const broken = new Set<string>();
  for (const { id, title, needs = [], run } of checks) {
    const began = performance.now();
    const missing = needs.find(need => broken.has(need));
    const finding = missing
      ? skipped(`Nothing can be said as long as "${missing}" fails.`)
      : await Promise.race([run(target, facts, wishes), patience(PATIENCE * target.timeoutMs)]).catch(
          explain,
        );
    if (finding.status === 'failed' || missing) broken.add(id);
    yield { id, title, ...finding, ms: Math.round(performance.now() - began) };
  }
}

/** Time limit of a whole check, in time limits of one answer. */
const PATIENCE = 5;

async function patience(ms: number): Promise<never> {
  await setTimeout(ms, undefined, { ref: false });
  throw new DOMException('The check did not come to an end.', 'TimeoutError');
}

interface SystemError extends Error {
  code?: string;
  cause?: unknown;
}

const NETWORK: Record<string, string> = {
  ENOTFOUND:
    'There is no such host name. Compare the URL with `terraform output -raw mcp_url`; after destroy and apply it is another one.',
  EAI_AGAIN: 'The name could not be looked up: is this machine online?',
  ECONNREFUSED: 'Nothing listens there. On your own machine: is `npm start` running, on that port?',
  ECONNRESET:
    'The connection was cut off. A proxy or firewall in between does that, or a server without TLS on an https URL.',
  EPROTO: 'The server does not speak TLS there. On your own machine the URL begins with http://.',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'The server does not speak TLS there. On your own machine the URL begins with http://.',
  ERR_SSL_PACKET_LENGTH_TOO_LONG:
    'The server does not speak TLS there. On your own machine the URL begins with http://.',
  CERT_HAS_EXPIRED: 'The certificate of the domain has expired: renew it.',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'The certificate is self-signed. A proxy in between? Give its CA by NODE_EXTRA_CA_CERTS.',
  SELF_SIGNED_CERT_IN_CHAIN:
    'A proxy in between answers with a certificate of its own: give its CA by NODE_EXTRA_CA_CERTS.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'The server does not send its whole certificate chain.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate is for another name: the custom domain leads elsewhere.',
};

function explain(error: SystemError): Finding {
  if (error.name === 'TimeoutError' || error.message.includes('timed out')) {
    return failed(
      'There was no answer in time.',
      'Look into the log (`aws logs tail /aws/lambda/NAME --follow`) whether the function was called, and for how long; --timeout gives it more seconds.',
    );
  }
  const innermost = rootOf(error);
  const said = innermost === error ? error.message : `${error.message} (${innermost.message})`;
  return failed(said, NETWORK[innermost.code ?? ''] ?? 'Look into the function’s log for the same moment.');
}

function rootOf(error: SystemError): SystemError {
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}
