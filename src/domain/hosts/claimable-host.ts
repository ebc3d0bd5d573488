import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { type Refusal, RefusedError } from '../errors.ts';
import { recordName } from './host-claim.ts';

/** What no community may claim. */
export type ReservedHosts = {
  /** Base URL of the hub. */
  hubUrl: string;
  /** Names that the operator keeps, with all that is below them; in normal form. */
  reserved: readonly string[];
};

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** Of a whole name (RFC 1035 §2.3.4), with the label of the record before it. */
const MOST_CHARACTERS = 253 - recordName('').length;

/**
 * A host as a community may claim it, in normal form: lower case, ASCII (IDNA, RFC 5891), without the dot at its end.
 * @throws RefusedError `host-shape`, `host-wildcard`, `host-address`, `host-port`, `host-word`, `host-reserved`; the words
 *   say what to do
 */
export function claimableHost(typed: string, { hubUrl, reserved }: ReservedHosts): string {
  const given = typed.trim();
  const name = `"${given.slice(0, 100)}"`;
  const refuse = (words: string, code: Refusal = 'host-shape') =>
    new RefusedError(code, `${name} ${words}`);
  if (given.length > 1_000) throw refuse('is too long for a host name');
  if (given === '') throw new RefusedError('host-shape', 'give a host name');
  if (given.includes('/') || given.includes('@')) {
    throw refuse('is an address, not a host: give the name alone, such as login.example.org');
  }
  if (given.includes('*')) {
    throw refuse('stands for many hosts: give each host by its whole name', 'host-wildcard');
  }
  if (isAddress(given)) {
    throw refuse('is an IP address: give a name of your domain', 'host-address');
  }
  if (/:\d*$/.test(given)) {
    throw refuse(`has a port: give the name alone, ${given.replace(/:\d*$/, '')}`, 'host-port');
  }
  // Dots as other scripts write them are dots (RFC 3490 §3.1).
  const ascii = domainToASCII(given.replaceAll(/[。．｡]/g, '.')).replace(/\.$/, '');
  if (isAddress(ascii))
    throw refuse('is an IP address: give a name of your domain', 'host-address');
  const labels = ascii.split('.');
  if (ascii.length > MOST_CHARACTERS || !labels.every((label) => LABEL.test(label))) {
    throw refuse(
      `is no host name: it is made of letters, digits and hyphens between dots, at most ${MOST_CHARACTERS} characters`,
    );
  }
  if (labels.length < 2) {
    throw refuse('is one word only: give the whole name, such as login.example.org', 'host-word');
  }
  const hub = new URL(hubUrl).hostname;
  for (const kept of [hub, ...reserved]) {
    if (ascii !== kept && !ascii.endsWith(`.${kept}`)) continue;
    const whose = kept === hub ? `the hub's own name` : `a name that the operator keeps`;
    throw new RefusedError(
      'host-reserved',
      `${name} is ${ascii === kept ? '' : 'below '}${kept}, ${whose}: give a name of your own domain`,
    );
  }
  return ascii;
}

/** Numbers as browsers take them for addresses count, too: 127.1, 0x7f000001. */
function isAddress(value: string): boolean {
  const bare = value.replace(/^\[(.*)\](:\d*)?$/, '$1');
  if (isIP(bare) !== 0 || isIP(bare.replace(/:\d*$/, '')) !== 0) return true;
  return isIP(URL.parse(`http://${value}`)?.hostname ?? '') !== 0;
}
