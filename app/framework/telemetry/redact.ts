/** `MCP_LOG_PAYLOADS=on`: what was sent and answered, for debugging: shortened, and what looks like a secret masked. */

const MAX_CHARACTERS = 2_048;
const MASK = '[masked]';
const SECRET_NAME =
  /token|secret|passw|pwd|authorization|api[-_]?key|private[-_]?key|credential|cookie|session/i;
/** Bearer and basic credentials, JWTs, AWS access keys, and the prefixes of well-known issuers. */
const SECRET_VALUE =
  /\b(?:Bearer|Basic)\s+[\w.~+/=-]{8,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\b(?:sk|pk|ghp|gho|ghs|github_pat|xox[abp]|glpat)[-_][\w-]{16,}/g;

export function shortened(value: unknown): string {
  const text = JSON.stringify(value, mask) ?? '';
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}

function mask(name: string, value: unknown): unknown {
  // A progress token is the caller's own number, and what a response is found by.
  if (SECRET_NAME.test(name) && name !== 'progressToken') return MASK;
  if (typeof value !== 'string') return value;
  return value.replace(SECRET_VALUE, MASK);
}
