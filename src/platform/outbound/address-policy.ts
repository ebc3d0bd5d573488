import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Cidr = [Address, number];

const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** What is handed out as global unicast (RFC 4291 §2.4 and the IANA registry). */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/**
 * Where clouds tell machines their secrets. Some of these are public by their number; and whoever opens a
 * larger network around one does not mean it.
 */
const METADATA: Cidr[] = [
  // Link-local: Amazon, Google, Azure, OpenStack, Oracle, Tencent, Scaleway, Amazon's containers.
  '169.254.0.0/16',
  // Azure's WireServer.
  '168.63.129.16/32',
  // Alibaba.
  '100.100.100.200/32',
  // Oracle, and what the protocols keep for themselves (RFC 6890 §2.2.2).
  '192.0.0.0/24',
  // Equinix.
  '192.80.8.124/32',
  // Amazon, Google and Scaleway by IPv6.
  'fd00:ec2::/32',
  'fd20:ce::/32',
  'fd00:42::/32',
  'fe80::/10',
].map((network) => ipaddr.parseCIDR(network));

/**
 * Whether an outbound connection may go to an IP address: a public one, or one of the networks that
 * the operator named. An address that carries an IPv4 address (mapped, or behind NAT64) is judged by
 * the address it leads to. Loopback, private, link-local, shared, multicast, reserved, 6to4 and Teredo
 * addresses are not public, nor are those of clouds' metadata, which must be named by themselves.
 */
export function isAllowedAddress(text: string, privateNetworks: readonly Cidr[]): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = unwrap(ipaddr.parse(text));
  const metadata = METADATA.find((network) => isWithin(address, network));
  const isNamed = privateNetworks.some(
    (network) =>
      isWithin(address, network) && (metadata === undefined || network[1] >= metadata[1]),
  );
  return isNamed || (metadata === undefined && isPublic(address));
}

function isWithin(address: Address, [network, bits]: Cidr): boolean {
  return network.kind() === address.kind() && address.match(network, bits);
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
