/** Types of the checks, and the function that runs them. */
import { setTimeout } from 'node:timers/promises';
import type { EndpointType } from './endpoint.ts';
import type { Target } from './target.ts';

/** `warning`: it works, but most users want something else. `skipped`: the check could not run; the finding has the reason. */
export type Status = 'ok' | 'warning' | 'failed' | 'skipped';

export interface Finding {
  status: Status;
  /** Observation. */
  found: string;
  /** How to fix it. */
  advice?: string;
}

/** Results of earlier checks that later ones use. */
export interface Facts {
  /** Names of the tools. */
  tools: string[];
  /** Duration of the first request in ms. */
  firstMs?: number;
  /** Endpoint in front of the function. */
  endpoint?: EndpointType;
  /** Whether requests without credentials are denied before they reach the server. */
  authorizer?: boolean;
}

export interface Wishes {
  /** A tool that reports progress, with which streaming is checked. */
  tool: string | undefined;
  toolArguments: Record<string, unknown>;
  /** Origin of a web page that should be able to call. */
  origin: string | undefined;
}

export interface Check {
  id: string;
  title: string;
  /** Ids of checks that must succeed before this one can run. */
  needs?: readonly string[];
  run(target: Target, facts: Facts, wishes: Wishes): Promise<Finding>;
}

export interface Outcome extends Finding {
  id: string;
  title: string;
  /** Duration of the check. */
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

/** Runs the checks in order. A check that throws has failed; the next ones still run. */
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
      ? skipped(`This check needs "${missing}", which failed.`)
      : await Promise.race([run(target, facts, wishes), patience(PATIENCE * target.timeoutMs)]).catch(
          explain,
        );
    if (finding.status === 'failed' || missing) broken.add(id);
    yield { id, title, ...finding, ms: Math.round(performance.now() - began) };
  }
}

/** Timeout of a check, as a multiple of the timeout of one response. */
const PATIENCE = 5;

async function patience(ms: number): Promise<never> {
  await setTimeout(ms, undefined, { ref: false });
  throw new DOMException('The check did not end in time.', 'TimeoutError');
}

interface SystemError extends Error {
  code?: string;
  cause?: unknown;
}

const NETWORK: Record<string, string> = {
  ENOTFOUND:
    'The host name does not exist. Compare the URL with `terraform output -raw mcp_url`; destroy and apply change it.',
  EAI_AGAIN: 'The host name could not be resolved: is this machine online?',
  ECONNREFUSED: 'No process listens on that port. On your own machine: does `npm start` run on that port?',
  ECONNRESET:
    'The connection was closed: by a proxy or firewall in between, or by a server without TLS on an https URL.',
  EPROTO: 'The server does not speak TLS there. On your own machine the URL begins with http://.',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'The server does not speak TLS there. On your own machine the URL begins with http://.',
  ERR_SSL_PACKET_LENGTH_TOO_LONG:
    'The server does not speak TLS there. On your own machine the URL begins with http://.',
  CERT_HAS_EXPIRED: 'The certificate of the domain has expired: renew it.',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'The certificate is self-signed. If it comes from a proxy, set NODE_EXTRA_CA_CERTS to its CA.',
  SELF_SIGNED_CERT_IN_CHAIN:
    'A proxy in between uses its own certificate: set NODE_EXTRA_CA_CERTS to its CA.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'The server does not send its complete certificate chain.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'The certificate is for another host name: the custom domain points to another server.',
};

function explain(error: SystemError): Finding {
  if (error.name === 'TimeoutError' || error.message.includes('timed out')) {
    return failed(
      'There was no response in time.',
      'Check in the log (`aws logs tail /aws/lambda/NAME --follow`) whether the function was invoked, and for how long; --timeout sets a longer timeout.',
    );
  }
  const innermost = rootOf(error);
  const said = innermost === error ? error.message : `${error.message} (${innermost.message})`;
  return failed(said, NETWORK[innermost.code ?? ''] ?? 'Check the function’s log for this time.');
}

function rootOf(error: SystemError): SystemError {
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}
