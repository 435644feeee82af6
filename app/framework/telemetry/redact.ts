/**
 * For `MCP_LOG_PAYLOADS=on`: shortens a value for the log and masks text that looks like a secret. Because callers choose the
 * value, the work is limited: strings are truncated before they are searched, and depth and number of entries have a maximum.
 */

const MAX_CHARACTERS = 2_048;
/** Maximum number of characters that are searched in all strings together. */
const MAX_SEARCHED = 2 * MAX_CHARACTERS;
const MAX_DEPTH = 8;
const MAX_ENTRIES = 100;
const MASK = '[masked]';
const SECRET_NAME = new RegExp(
  [
    'token|secret|passw|passphrase|passcode|pwd|authorization|bearer|jwt|credential|cookie|session|signature|assertion|mnemonic',
    '(?:api|private|access|account|shared|signing|encryption|license)[-_ ]?key',
    'code[-_ ]?verifier|connection[-_ ]?string|seed[-_ ]?phrase|card[-_ ]?number|credit[-_ ]?card|otp(?:[-_ ]?code)?$',
    '(?:^|[-_. ])(?:pass|auth|pin|otp|ssn|sid|dsn|sas|pat|cvc|cvv|iban)(?:$|[-_. ])',
  ].join('|'),
  'i',
);
/**
 * Bearer and basic credentials, JWTs and parts of them, AWS keys, PEM keys, passwords in URLs, and the prefixes of well-known
 * issuers. Every quantifier is bounded.
 */
const SECRET_VALUE = new RegExp(
  [
    String.raw`\b(?:Bearer|Basic|Digest|Negotiate)\s{1,4}[\w.~+/=-]{8,2048}`,
    String.raw`\beyJ[\w-]{5,2048}(?:\.[\w-]{0,2048}){0,4}`,
    String.raw`\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b`,
    String.raw`-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,2048}`,
    String.raw`(?<=://[^\s:/@]{0,200}:)[^\s@/]{1,200}(?=@)`,
    String.raw`(?<=[?&](?:access_token|token|code|key|sig|signature|X-Amz-Signature|X-Amz-Security-Token)=)[^&\s#]{1,2048}`,
    String.raw`(?:passw(?:or)?d|passwd|pwd|secret|token|api[-_]?key|access[-_]?key|account[-_]?key)["']?\s{0,3}[=:]\s{0,3}["']?[^\s"'&;,]{1,512}`,
    String.raw`\b(?:authorization|cookie)["']?\s{0,3}[=:]\s{0,3}["']?[^\r\n"']{1,2048}`,
    String.raw`hooks\.slack\.com/services/[\w/]{8,200}`,
    String.raw`\b(?:sk|pk|rk|whsec|ghp|gho|ghs|ghu|ghr|github_pat|xox[abeoprs]|glpat|npm|pypi|hf|AIza|ya29|dop_v1|shpat|SG)[-_.]?[\w-]{16,512}`,
  ].join('|'),
  'gi',
);

/** Returns JSON of at most about 2,000 characters; undefined values become an empty string. Never throws. */
export function redacted(value: unknown): string {
  try {
    const text = JSON.stringify(masked(value, '', 0, { characters: MAX_SEARCHED })) ?? '';
    return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
  } catch (error) {
    return `(not representable in JSON: ${(error as Error).name})`;
  }
}

/** Returns the value with secrets masked. `left` counts the characters that may still be searched in the whole value. */
function masked(value: unknown, name: string, depth: number, left: { characters: number }): unknown {
  // A progress token is not a secret: it is a number that the caller chooses.
  if (SECRET_NAME.test(name.slice(0, 200)) && name !== 'progressToken') return MASK;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) return value;
  if (depth === MAX_DEPTH || left.characters <= 0) return '…';
  if (typeof value === 'string') {
    left.characters -= value.length;
    return value.slice(0, MAX_CHARACTERS).replace(SECRET_VALUE, MASK);
  }
  left.characters -= 1;
  if (Array.isArray(value))
    return value.slice(0, MAX_ENTRIES).map(entry => masked(entry, '', depth + 1, left));
  const entries: [string, unknown][] = [];
  for (const key in value) {
    if (entries.length === MAX_ENTRIES) break;
    left.characters -= key.length;
    entries.push([key.slice(0, 200), masked((value as Record<string, unknown>)[key], key, depth + 1, left)]);
  }
  return Object.fromEntries(entries);
}
