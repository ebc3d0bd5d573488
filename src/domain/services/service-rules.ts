import { lineFault, slugFault, wholeNumberFault } from '../../platform/text/text-faults.ts';
import { webUriFault } from '../clients/app-addresses.ts';
import type { Fault } from '../refused-changes.ts';
import { clientContradictions, clientFaults } from './client-rules.ts';
import type { ServiceChange } from './service-change.ts';
import type { ServiceRow } from './service-rows.ts';

/** What the catalogue knows so far. */
export const RECIPES = ['generic-oidc'] as const;

export const SERVICE_NAME = { max: 200 };
export const SERVICE_DESCRIPTION = { max: 1_000 };
const MAX_ICON = 16;
/** Up to a year. */
export const SESSION_HOURS = { min: 1, max: 8_760 };

/** A built-in picture's name, one or two letters or signs, or the address of a picture. */
export function iconFault(value: string): string | undefined {
  if (value.includes('://')) {
    return URL.parse(value)?.protocol === 'https:' ? undefined : 'must be an address with https://';
  }
  return value !== '' && value.length <= MAX_ICON
    ? undefined
    : 'must be a built-in name such as "cloud", one or two letters or signs, or an address with https://';
}

/** What is wrong with a change of a service, and with the service that comes of it. */
export function serviceFaults(change: ServiceChange, after: ServiceRow): Fault[] {
  const faults: Fault[] = [];
  const check = (key: string, subject: string, fault: string | undefined) => {
    if (fault !== undefined) faults.push({ code: 'value', path: [key], subject, fault });
  };
  const {
    slug,
    recipe,
    name,
    description,
    icon,
    url,
    access,
    client,
    sessionHours: hours,
  } = change;
  check('slug', `the slug "${slug}"`, slugFault(slug));
  if (recipe !== undefined && !RECIPES.some((known) => known === recipe))
    check('recipe', `the recipe "${recipe}"`, `is none of ${RECIPES.join(', ')}`);
  if (name !== undefined) check('name', 'the name', lineFault(name, SERVICE_NAME));
  if (description != null)
    check('description', 'the description', lineFault(description, SERVICE_DESCRIPTION));
  if (icon != null) check('icon', `the icon "${icon}"`, iconFault(icon));
  if (url != null) check('url', `the address "${url}"`, webUriFault(url));
  if (typeof access === 'object' && access.groups.length === 0)
    check('access', 'the access rule', 'must name at least one group');
  if (hours != null)
    check('sessionHours', 'the length of its sessions', wholeNumberFault(hours, SESSION_HOURS));
  if (client == null) return faults;
  if (client.id === undefined && after.client?.id === '')
    check('client', 'the client', 'has no id: give one');
  const parts = [...clientFaults(client), ...contradictionsOf(after, client)];
  return [...faults, ...parts.map((fault) => ({ ...fault, path: ['client', ...fault.path] }))];
}

function contradictionsOf(
  { client: after }: ServiceRow,
  given: NonNullable<ServiceChange['client']>,
): Fault[] {
  if (after === null) return [];
  const hasSecret = given.secret !== undefined || after.sealedSecret !== null;
  return clientContradictions({ ...after, hasSecret });
}
