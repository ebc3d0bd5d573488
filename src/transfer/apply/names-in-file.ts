import { domainToASCII } from 'node:url';
import { isEmailAddress, usernameFault } from '../../platform/text/names.ts';

export function usernameMessage(value: string): string | undefined {
  if (value.includes('@')) return 'must not contain @: it is a name, the address goes to email';
  const fault = usernameFault(value);
  if (fault === 'reserved')
    return `"${value}" is reserved, since it would pass for the community itself: choose another`;
  if (fault === 'shape')
    return 'must have 1 to 64 letters, digits, dots, hyphens or underscores, and begin and end with a letter or digit';
  return undefined;
}

export function emailMessage(value: string): string | undefined {
  return isEmailAddress(value) ? undefined : 'must be an e-mail address, such as name@example.org';
}

/** The form in which browsers send a host name: lower case, ASCII (IDNA), port kept. */
export function canonicalHost(value: string): string | undefined {
  const match = /^([^:/\s]+)(:\d{1,5})?$/.exec(value);
  const name = match?.[1] === undefined ? '' : domainToASCII(match[1]);
  const host = `${name}${match?.[2] ?? ''}`;
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?$/.test(host) && host.length <= 253
    ? host
    : undefined;
}

export function hostMessage(value: string): string | undefined {
  return canonicalHost(value) === undefined
    ? 'must be a host name alone, such as login.example.org, without https:// and without a path'
    : undefined;
}

/** What stands in a line of passwd(5), where colons part the fields (IA5String of RFC 2307). */
const PATH = /^\/[\x21-\x39\x3b-\x7e]*$/;

export function homeMessage(value: string): string | undefined {
  return PATH.test(value) && value.includes('{username}') && value.length <= 255
    ? undefined
    : 'must be a path with {username} in it, such as /home/{username}, in ASCII without spaces and colons';
}

export function shellMessage(value: string): string | undefined {
  return PATH.test(value) && value.length <= 255
    ? undefined
    : 'must be the path of a program, such as /bin/bash, in ASCII without spaces and colons';
}

export function zoneMessage(value: string): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return undefined;
  } catch {
    return 'must be a time zone, such as Europe/Paris';
  }
}
