import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Cidr = [Address, number];

const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** What is handed out as global unicast (RFC 4291 §2.4 and the IANA registry). */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an outbound connection may go to an IP address: a public one, or one of the networks that
 * the operator named. An address that carries an IPv4 address (mapped, or behind NAT64) is judged by
 * the address it leads to. Loopback, private, link-local (clouds' metadata), shared, multicast,
 * reserved, 6to4 and Teredo addresses are not public.
 */
export function isAllowedAddress(text: string, privateNetworks: readonly Cidr[]): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = unwrap(ipaddr.parse(text));
  const isNamed = privateNetworks.some(
    ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
  );
  return isNamed || isPublic(address);
}

function unwrap(address: Address): Address {
  if (address.kind() === 'ipv4') return address;
  const v6 = address as ipaddr.IPv6;
  if (v6.isIPv4MappedAddress()) return v6.toIPv4Address();
  if (v6.match(NAT64)) return new ipaddr.IPv4(v6.toByteArray().slice(12));
  return v6;
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || (address as ipaddr.IPv6).match(GLOBAL_IPV6);
}
