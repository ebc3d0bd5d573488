import Bowser from 'bowser';

/** What a browser says it is; undefined where it says nothing that is known. */
export type Device = {
  browser: string | undefined;
  system: string | undefined;
  kind: 'phone' | 'tablet' | 'computer' | 'unknown';
};

const KINDS: Record<string, Device['kind']> = {
  mobile: 'phone',
  tablet: 'tablet',
  desktop: 'computer',
};
/** Longer ones are not kept with a session. */
const MAX_LENGTH = 500;

/** Browser, system and kind of device, from a User-Agent header (RFC 9110 §10.1.5). A guess: it can lie. */
export function describeDevice(userAgent: string | null | undefined): Device {
  const text = (userAgent ?? '').slice(0, MAX_LENGTH);
  if (text.trim() === '') return { browser: undefined, system: undefined, kind: 'unknown' };
  const { browser, os, platform } = Bowser.parse(text);
  return {
    browser: browser.name || undefined,
    system: os.name || undefined,
    kind: KINDS[platform.type ?? ''] ?? 'unknown',
  };
}
