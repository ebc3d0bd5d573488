import { Browser, type Page } from './browser.ts';
import { type BuiltCommunity, type BuiltMember, buildMember, PASSWORD } from './factories.ts';
import type { TestHub } from './hub.ts';

/** A browser that stops where an app begins, signed in as a new member unless one is given. */
export async function visit(
  hub: TestHub,
  community: BuiltCommunity,
  { member, headers }: { member?: BuiltMember; headers?: Record<string, string> } = {},
): Promise<{ member: BuiltMember; browser: Browser; at: (path: string) => string }> {
  const who = member ?? (await buildMember(hub.database, community.id));
  const browser = new Browser({
    stopAt: (url) => url.hostname.endsWith('.example'),
    ...(headers && { headers }),
  });
  const at = (path: string) => `${hub.url}/c/${community.slug}${path}`;
  await browser.signIn(at('/login'), { username: who.username, password: PASSWORD });
  return { member: who, browser, at };
}

/** Sends the profile's form as a browser does: with its file. */
export async function sendProfile(
  browser: Browser,
  page: Page,
  fields: Record<string, string> = {},
  picture: Uint8Array = new Uint8Array(),
): Promise<Page> {
  const form = new FormData();
  for (const input of page.document.querySelectorAll('#profile-form input')) {
    const type = input.getAttribute('type');
    if (type !== 'file' && type !== 'checkbox') {
      form.set(input.getAttribute('name') as string, input.getAttribute('value') ?? '');
    }
  }
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('picture', new Blob([new Uint8Array(picture)], { type: 'image/png' }), 'photo.png');
  const { origin, pathname } = new URL(page.url);
  return browser.open(origin + pathname, {
    method: 'POST',
    headers: { origin, referer: page.url },
    body: form,
  });
}

/** What stands beside each field that was refused. */
export function faultsOf({ document }: Page): string[] {
  return document
    .querySelectorAll('.field-fault')
    .map(({ id }) => id.replace('fault-', ''))
    .sort();
}
