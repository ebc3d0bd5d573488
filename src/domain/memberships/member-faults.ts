import { isEmailAddress, usernameFault as nameRule } from '../../platform/text/names.ts';
import type { Refusal } from '../errors.ts';
import { type Fault, refuseFaults } from '../refused-changes.ts';
import {
  DISPLAY_NAME_MAX,
  displayNameFault,
  PRONOUNS_MAX,
  pronounsFault,
  tidyName,
} from './display-name.ts';
import type { MemberValues } from './member-change.ts';

/** What is wrong with a username; undefined when nothing is. */
export function usernameFault(username: string): string | undefined {
  if (username.includes('@')) return 'must not contain @: it is a name, the address goes to email';
  const fault = nameRule(username);
  if (fault === 'reserved')
    return 'is reserved, since it would pass for the community itself: choose another';
  if (fault === 'shape')
    return 'must have 1 to 64 letters, digits, dots, hyphens or underscores, and begin and end with a letter or digit';
  return undefined;
}

export function emailFault(address: string): string | undefined {
  return isEmailAddress(address)
    ? undefined
    : 'must be an e-mail address, such as name@example.org';
}

/** Of a name that people read, in any form. */
export function nameFault(name: string): string | undefined {
  return inWords(displayNameFault(tidyName(name)), DISPLAY_NAME_MAX);
}

function inWords(fault: ReturnType<typeof displayNameFault>, max: number): string | undefined {
  if (fault === 'missing') return 'must not be empty';
  if (fault === 'too-long') return `must have at most ${max} characters`;
  return fault && 'must be one line, without control characters';
}

export function zoneFault(zone: string): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return undefined;
  } catch {
    return 'must be a time zone, such as Europe/Paris';
  }
}

/** What is wrong with the values of a change, each for itself. */
export function memberFaults(values: Partial<MemberValues>): Fault[] {
  const faults: Fault[] = [];
  const check = (
    key: keyof MemberValues,
    rule: (text: string) => string | undefined,
    code: (text: string) => Refusal,
    subject: (text: string) => string,
  ) => {
    const value = values[key];
    const fault = value == null ? undefined : rule(value);
    if (value != null && fault !== undefined)
      faults.push({ code: code(value), path: [key], subject: subject(value), fault });
  };
  check('username', usernameFault, usernameCode, (name) => `the username "${name}"`);
  for (const [key, noun] of NAMES)
    check(
      key,
      nameFault,
      () => 'name-shape',
      () => `the ${noun}`,
    );
  check(
    'pronouns',
    (text) => inWords(pronounsFault(tidyName(text)), PRONOUNS_MAX),
    () => 'name-shape',
    () => 'the pronouns',
  );
  check(
    'email',
    emailFault,
    () => 'email-shape',
    (address) => `the address "${address}"`,
  );
  check(
    'zoneinfo',
    zoneFault,
    () => 'zone-shape',
    (zone) => `the time zone "${zone}"`,
  );
  return faults;
}

/** @throws RefusedChangesError when something is wrong with the values, each for itself */
export function requireSound(values: Partial<MemberValues>): void {
  refuseFaults(memberFaults(values).map((fault) => ({ ...fault, index: 0 })));
}

const NAMES = [
  ['displayName', 'name'],
  ['givenName', 'given name'],
  ['familyName', 'family name'],
  ['nickname', 'nickname'],
] as const;

function usernameCode(username: string): Refusal {
  return nameRule(username) === 'reserved' ? 'username-reserved' : 'username-shape';
}
