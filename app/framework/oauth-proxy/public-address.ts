/**
 * Resolves a host name to a public address, so that a URL of an unknown client cannot lead to this network, to the
 * function's loopback or to a cloud's metadata service. The connection uses the address that was checked.
 * https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

export interface Address {
  address: string;
  family: number;
}

/** Returns an address of a host. Rejects if connections to it are not allowed. */
export type Resolve = (hostname: string) => Promise<Address>;

const NOT_PUBLIC_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
/** Ranges within 2000::/3, the only public range, that are not public: protocol assignments with Teredo, documentation, 6to4. */
const NOT_PUBLIC_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

const blocked = new BlockList();
for (const range of NOT_PUBLIC_V4) blocked.addSubnet(...subnet(range), 'ipv4');
for (const range of NOT_PUBLIC_V6) blocked.addSubnet(...subnet(range), 'ipv6');
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !blocked.check(address, 'ipv4');
  return version === 6 && globalUnicast.check(address, 'ipv6') && !blocked.check(address, 'ipv6');
}

/** Creates a resolver by DNS. All addresses of a name must be public: a name with both kinds is an attack or an error. */
export function createPublicResolver(
  lookupAll: (hostname: string) => Promise<Address[]> = hostname => lookup(hostname, { all: true }),
): Resolve {
  return async function resolvePublic(hostname) {
    if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0)
      throw new Error('its host is an address, not a domain name');
    const addresses = await lookupAll(hostname);
    const [first] = addresses;
    if (!first) throw new Error('its host has no address');
    const hidden = addresses.find(({ address }) => !isPublicAddress(address));
    if (hidden) throw new Error(`its host has the address ${hidden.address}, which is not public`);
    return first;
  };
}

function subnet(range: string): [string, number] {
  const [network = '', prefix] = range.split('/');
  return [network, Number(prefix)];
}
