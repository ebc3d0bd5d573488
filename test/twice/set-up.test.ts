import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureSetupToken } from '../../src/domain/operators/create-operator.ts';
import { Browser, type Page } from '../support/browser.ts';
import { PASSWORD } from '../support/factories.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { csrfOf } from '../support/passkey-visits.ts';

// A hub is set up once, so that this is no step of a table.

let hub: TestHub;
beforeAll(async () => {
  hub = await startHub({ TROUSSEAU_ROLES: 'web' });
});
afterAll(() => hub.stop());

const isDone = ({ document, status }: Page) =>
  status === 200 && document.querySelector('a[href="/operator/login"]') !== null;

it('the set-up of a hub that is sent twice at once, and again, is done once, and says so each time', async () => {
  const token = await hub.database.transaction(ensureSetupToken);
  const browser = new Browser();
  const page = await browser.open(`${hub.url}/setup?token=${token}`);
  const fields = { email: 'ops@hub.example', password: PASSWORD };
  const send = (change = {}) => browser.submit(page, '#setup-form', { ...fields, ...change });
  const answers = await Promise.all([send(), send()]);
  answers.push(await send());
  expect(answers.map(isDone)).toEqual([true, true, true]);
  expect(await hub.database.query('SELECT 1 FROM operators')).toHaveLength(1);
  // With another password, from the form that the browser went back to, nothing was done.
  expect(isDone(await send({ password: `${PASSWORD} another` }))).toBe(false);
  const thief = new Browser();
  const csrf = csrfOf(await thief.open(`${hub.url}/operator/login`));
  expect(isDone(await thief.submit(page, '#setup-form', { ...fields, csrf }))).toBe(false);
});
