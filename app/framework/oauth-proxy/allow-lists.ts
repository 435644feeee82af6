/** Checks which people and clients may sign in. Each list that is set must match; an empty list allows all. */
import type { Config } from '../config.ts';
import type { Person } from './provider.ts';
import { destinationOf } from './redirect-uri.ts';

/** Returns why a person may not sign in, for the log; undefined if allowed. */
export function personProblem(person: Person, settings: Config): string | undefined {
  const {
    MCP_OAUTH_ALLOWED_SUBJECTS: subjects,
    MCP_OAUTH_ALLOWED_DOMAINS: domains,
    MCP_OAUTH_ALLOWED_GROUPS: groups,
  } = settings;
  if (subjects.length > 0 && !subjects.includes(person.subject))
    return 'the subject is not in MCP_OAUTH_ALLOWED_SUBJECTS';
  const domain = person.emailDomain;
  if (domains.length > 0 && !domains.some(allowed => allowed.toLowerCase() === domain))
    return 'the domain of the verified email address is not in MCP_OAUTH_ALLOWED_DOMAINS';
  if (groups.length > 0 && !person.groups.some(group => groups.includes(group)))
    return 'no group of the person is in MCP_OAUTH_ALLOWED_GROUPS';
  return undefined;
}

/** Returns whether a client with this redirect address may sign people in. */
export function clientAllowed(redirectUri: string, { MCP_OAUTH_ALLOWED_CLIENTS: allowed }: Config): boolean {
  return allowed.length === 0 || allowed.includes(destinationOf(redirectUri));
}
