/** IPv4 addresses as numbers. Pure. */
export interface Subnet {
  address: string;
  /** 0 to 32. */
  prefixLength: number;
}

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
export const ipv4Pattern = new RegExp(`^${octet}(?:\\.${octet}){3}$`);
export const ipv4SubnetPattern = new RegExp(`^${octet}(?:\\.${octet}){3}/(?:3[0-2]|[12]?\\d)$`);

/** An address as an unsigned 32-bit number; it must be valid. */
export function readIpv4(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

/** `a.b.c.d/n` in its parts; it must be valid. */
export function readSubnet(text: string): Subnet {
  const [address = '', prefix = ''] = text.split('/');
  return { address, prefixLength: Number(prefix) };
}

/** First and last address of the subnet that an address lies in. */
function boundsOf({ address, prefixLength }: Subnet): { first: number; last: number } {
  const size = 2 ** (32 - prefixLength);
  const first = Math.floor(readIpv4(address) / size) * size;
  return { first, last: first + size - 1 };
}

export function isInSubnet(address: string, subnet: Subnet): boolean {
  const { first, last } = boundsOf(subnet);
  const number = readIpv4(address);
  return number >= first && number <= last;
}

/** Whether the address is the first or the last of its own subnet, which no machine may have (but in /31 and /32). */
export function isNetworkOrBroadcast(subnet: Subnet): 'network' | 'broadcast' | undefined {
  if (subnet.prefixLength >= 31) return undefined;
  const { first, last } = boundsOf(subnet);
  const number = readIpv4(subnet.address);
  if (number === first) return 'network';
  return number === last ? 'broadcast' : undefined;
}
