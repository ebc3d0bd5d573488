import { parse } from 'node-html-parser';
import { describe, expect, it } from 'vitest';
import type { MailTemplate } from '../src/domain/notices/mail.ts';
import { createMailRenderer } from '../src/pages/mails/render-mail.ts';
import { keepPlainWordsTogether } from '../src/platform/i18n/typography.ts';

const renderer = createMailRenderer();

function render(template: MailTemplate, locale: 'fr' | 'en', data: Record<string, string> = {}) {
  const community = {
    name: 'Le lieu : « Prêt ? »',
    accent: null,
    logoUrl: undefined,
    contactEmail: 'aide@lieu.example',
  };
  const url = 'https://e-mail.example/e-mail';
  return renderer.render({ template, locale, community, data, url });
}

describe.each(['fr', 'en'] as const)('a message in %s', (locale) => {
  it("keeps the signs of a community's name with their words, in subject, HTML and text", () => {
    const name = 'Le lieu\u00a0: «\u00a0Prêt\u202f?\u00a0»';
    const { subject, html, text } = render('invitation', locale, { invitedBy: 'Zoé' });
    expect(subject).toContain(name);
    expect(parse(html).querySelector('bdi')?.text).toBe(name);
    expect(text).toContain(name);
    expect(subject + html + text).not.toMatch(/lieu :|« |Prêt \?/);
  });

  it('keeps the signs of what people wrote with their words', () => {
    const data = { displayName: 'Zoé ; Inès', username: 'zoe', reason: 'Complet : revenez !' };
    const received = render('request-received', locale, data);
    expect(received.html).toContain('Zoé\u202f; Inès');
    expect(received.text).toContain('Zoé\u202f; Inès');
    const refused = render('request-refused', locale, data);
    for (const part of [refused.html, refused.text])
      expect(part).toContain('Complet\u00a0: revenez\u202f!');
  });

  it('ends no line at the hyphen of e-mail, and leaves addresses as they are', () => {
    const { subject, html, text } = render('email-removed', locale);
    // Where words are looked for, it is as people type it.
    expect(subject).not.toContain('\u2011');
    const document = parse(html);
    for (const word of document.querySelectorAll('span[style="white-space:nowrap"]')) word.remove();
    for (const link of document.querySelectorAll('a, title')) link.remove();
    expect(document.text).not.toMatch(/e-mail/i);
    expect(html).toContain('<span style="white-space:nowrap">e-mail</span>');
    expect(text).toContain('e\u2011mail');
    const address = 'https://e-mail.example/e-mail';
    expect(text).toContain(`${address}\n`);
    expect(text.replace(address, '')).not.toMatch(/e-mail/i);
  });
});

it('leaves what people copy out of a message as it is', () => {
  const names = { username: 'e-mail', displayName: 'Zoé', address: 'e-mail+lieu@exemple.org' };
  expect(render('joined', 'fr', names).text).toContain('e-mail');
  expect(render('email-changed', 'fr', names).text).toContain('e-mail+lieu@exemple.org');
});

it('an address is no word', () => {
  expect(keepPlainWordsTogether('E-mails, par e-mail. « e-mail »')).toBe(
    'E\u2011mails, par e\u2011mail. « e\u2011mail »',
  );
  const addresses = 'a@e-mail.example e-mail@b.example https://x.example/e-mail?e-mail=e-mail-x';
  expect(keepPlainWordsTogether(addresses)).toBe(addresses);
});
