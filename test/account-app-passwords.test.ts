import { describe, expect, it } from 'vitest';
import { appPasswordHash } from '../src/domain/app-passwords/app-password.ts';
import type { ServiceChange } from '../src/domain/services/service-change.ts';
import { faultsOf, visit } from './support/account-visits.ts';
import { buildGroup } from './support/factories.ts';
import { keptMail } from './support/kept-mails.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: { ldapBase: 'o=verger' } });

/** A service that reads the directory. */
function mailService(values: Partial<ServiceChange> = {}) {
  return hub.newService({ name: 'Courriel', reader: 'a hash', ...values });
}

describe('app passwords', () => {
  it('are made for one service, shown once with what to type, and kept as a hash', async () => {
    const service = await mailService();
    const { member, browser, at } = await visit(hub, hub.community);
    const page = await browser.open(at('/account/app-passwords'));
    const made = await browser.submit(page, '#app-password-form', {
      service: service.slug,
      name: 'Messagerie du téléphone',
    });
    const secret = made.document.getElementById('app-password')?.text ?? '';
    expect(secret).toMatch(/^([a-z2-9]{4}-){6}[a-z2-9]{4}$/);
    expect(made.document.querySelector('.facts')?.text).toContain(
      `uid=${member.username},ou=people,o=verger`,
    );
    const rows = await hub.database.query(
      'SELECT service_id AS service, secret_hash AS hash FROM app_passwords WHERE subject = $1',
      [member.subject],
    );
    expect(rows).toEqual([{ service: service.id, hash: appPasswordHash(secret) }]);
    const list = await browser.open(at('/account/app-passwords'));
    expect(list.text).toContain('Messagerie du téléphone');
    expect(list.text).toContain('pas encore utilisé');
    expect(list.text).not.toContain(secret);
    const { text } = await keptMail(hub, member.email, 'Messagerie du téléphone');
    expect(text).toContain('donne désormais accès à Courriel');
    expect(text).not.toContain(secret);
  });

  it('are offered for services that can use one, and that the member may use', async () => {
    const usable = await mailService();
    const closed = await mailService({
      access: { groups: [(await buildGroup(hub.database, hub.community.id)).id] },
    });
    const withClient = await hub.newService();
    const { browser, at } = await visit(hub, hub.community);
    const page = await browser.open(at('/account/app-passwords'));
    const offered = page.document
      .querySelectorAll('#service option')
      .map((option) => option.getAttribute('value'));
    expect(offered).toContain(usable.slug);
    expect(offered).not.toContain(withClient.slug);
    expect(offered).not.toContain(closed.slug);
    for (const slug of [withClient.slug, closed.slug, 'nowhere', '']) {
      const refused = await browser.submit(page, '#app-password-form', {
        service: slug,
        name: 'x',
      });
      expect([refused.status, faultsOf(refused)]).toEqual([400, ['service']]);
    }
  });

  it('need a name, and keep what was typed when it is too long', async () => {
    const service = await mailService();
    const { browser, at } = await visit(hub, hub.community);
    const page = await browser.open(at('/account/app-passwords'));
    const name = 'n'.repeat(101);
    for (const typed of ['  ', name]) {
      const fields = { service: service.slug, name: typed };
      const refused = await browser.submit(page, '#app-password-form', fields);
      expect([refused.status, faultsOf(refused)]).toEqual([400, ['name']]);
      expect(refused.document.getElementById('name')?.getAttribute('value')).toBe(typed);
      expect(
        refused.document.querySelector('#service option[selected]')?.getAttribute('value'),
      ).toBe(service.slug);
    }
  });

  it('are removed at once, and only by whom they belong to', async () => {
    const service = await mailService();
    const make = async () => {
      const visitor = await visit(hub, hub.community);
      const page = await visitor.browser.open(visitor.at('/account/app-passwords'));
      const fields = { service: service.slug, name: 'Agenda' };
      await visitor.browser.submit(page, '#app-password-form', fields);
      const list = await visitor.browser.open(visitor.at('/account/app-passwords'));
      return { ...visitor, list };
    };
    const mine = await make();
    const theirs = await make();
    const action = theirs.list.document.querySelector('form[action$="/revoke"]');
    const foreign = await mine.browser.open(
      new URL(action?.getAttribute('action') as string, hub.url).href,
      {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: hub.url },
        body: new URLSearchParams({
          csrf: mine.list.document.querySelector('input[name=csrf]')?.getAttribute('value') ?? '',
        }).toString(),
      },
    );
    expect(foreign.status).toBe(404);
    const gone = await mine.browser.submit(mine.list, 'form[action$="/revoke"]');
    expect(gone.text).toContain('Le mot de passe d’application est supprimé.');
    const left = await hub.database.query(
      'SELECT 1 FROM app_passwords WHERE subject = ANY($1::uuid[])',
      [[mine.member.subject, theirs.member.subject]],
    );
    expect(left).toHaveLength(1);
  });

  it('are nothing for a sign-in of an hour ago', async () => {
    const { member, browser, at } = await visit(hub, hub.community);
    await hub.database.query(
      `UPDATE sessions SET payload = jsonb_set(payload, '{loginTs}', to_jsonb((payload ->> 'loginTs')::bigint - 3600))
       WHERE subject = $1`,
      [member.subject],
    );
    await hub.app.settle();
    const page = await browser.open(at('/account/app-passwords'));
    expect(page.url).toContain('/login?return_to=%2Faccount%2Fapp-passwords&again=1');
    expect((await browser.open(at('/account/sessions'))).url).toBe(at('/account/sessions'));
  });
});
