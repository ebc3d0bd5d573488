/** What ids look like in addresses and forms; PostgreSQL takes nothing else for one, and writes them so. */
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** In either case, as people type it. */
export function isUuid(text: string): boolean {
  return UUID.test(text.toLowerCase());
}
