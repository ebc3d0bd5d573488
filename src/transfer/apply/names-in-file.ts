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

export function zoneMessage(value: string): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return undefined;
  } catch {
    return 'must be a time zone, such as Europe/Paris';
  }
}
