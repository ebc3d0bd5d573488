import { parse as parseHtml } from 'node-html-parser';
import { describe, expect, it } from 'vitest';
import { pageFrame } from '../src/pages/page-frame.ts';
import type { PageModel } from '../src/platform/web/pages.ts';
import { createRenderer } from '../src/platform/web/render.ts';
import { loadStaticFiles } from '../src/platform/web/static.ts';
import { SAMPLE_PAGES, sampleChrome } from './support/sample-pages.ts';

const files = loadStaticFiles();
const renderer = createRenderer(files, pageFrame);
const cases = Object.entries(SAMPLE_PAGES).flatMap(([name, page]) =>
  (['fr', 'en'] as const).map((locale) => ({ name, locale, page })),
);

/** Known to scripts and to suites of tests: they may not change. */
const IDS: Record<string, string[]> = {
  login: ['login-form', 'username', 'password', 'login-submit', 'language-fr', 'language-en'],
  'login refused': ['error-summary', 'fault'],
  'login again': ['username', 'password', 'not-you'],
  notice: ['consent-form', 'consent-allow', 'consent-deny'],
  consent: ['consent-form', 'consent-allow', 'consent-deny'],
  'access by approval': ['access-reason', 'access-request', 'return-to-app', 'home-link'],
  logout: ['logout-form', 'logout-confirm', 'logout-cancel'],
  'logout of all': ['logout-form', 'logout-confirm', 'logout-cancel'],
  'logged out': ['logged-out'],
  device: ['device-form', 'user_code', 'device-submit'],
  'device confirm': ['device-form', 'device-confirm', 'device-abort'],
  home: ['service-cloud', 'request-visio', 'sign-out', 'sign-out-everywhere'],
  setup: ['setup-form', 'email', 'password', 'setup-submit'],
  'operator login': ['login-form', 'email', 'password', 'login-submit'],
};

describe('every page', () => {
  it.each(cases)(
    '"$name" in $locale has one heading, its language, labels and no inline script or style',
    ({ page, locale }) => {
      const html = renderer.render(page, sampleChrome(locale));
      const document = parseHtml(html);
      expect(document.querySelector('html')?.getAttribute('lang')).toBe(locale);
      expect(document.querySelectorAll('h1')).toHaveLength(1);
      expect(document.querySelector('title')?.text.trim()).toMatch(/^\S.+ · /);
      expect(document.querySelectorAll('main')).toHaveLength(1);
      expect(
        document.querySelectorAll('style, script:not([src]), [style], [onclick], [onload]'),
      ).toHaveLength(0);
      for (const input of document.querySelectorAll('input:not([type=hidden], [hidden])')) {
        const label = document.querySelector(`label[for="${input.getAttribute('id')}"]`);
        expect(label?.text.trim() || input.getAttribute('aria-label')).toBeTruthy();
      }
      for (const element of document.querySelectorAll('[aria-describedby]')) {
        for (const id of (element.getAttribute('aria-describedby') as string).split(' '))
          expect(document.getElementById(id), id).not.toBeNull();
      }
      const ids = document.querySelectorAll('[id]').map((element) => element.id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const button of document.querySelectorAll('button, a')) {
        expect(button.text.trim() || button.getAttribute('aria-label')).toBeTruthy();
      }
      expect(html).not.toMatch(/\{\{|undefined|\[object/);
    },
  );

  it('has the elements that scripts and tests know by id', () => {
    for (const [name, ids] of Object.entries(IDS)) {
      const document = parseHtml(
        renderer.render(SAMPLE_PAGES[name] as PageModel, sampleChrome('fr')),
      );
      for (const id of ids) expect(document.getElementById(id), `${name}: #${id}`).not.toBeNull();
    }
  });

  it('shows what people wrote as text, never as markup', () => {
    const evil = '</title><img src=x onerror=alert(1)>"\'&{{chrome}}</a></p>';
    for (const page of Object.values(SAMPLE_PAGES)) {
      const tags = (text: string) => {
        const chrome = sampleChrome('fr');
        const community = { name: text, homeUrl: '/', contactEmail: text, logoUrl: text };
        const signedInAs = {
          displayName: text,
          username: text,
          accountUrl: '/account',
          signOutUrl: '/',
        };
        const html = renderer.render(replaceTexts(page, text), {
          ...chrome,
          community,
          signedInAs,
        });
        return parseHtml(html)
          .querySelectorAll('*')
          .map((element) => `${element.tagName} ${Object.keys(element.attributes).join(' ')}`);
      };
      expect(tags(evil)).toEqual(tags('plain'));
    }
  });

  it('keeps each name that runs the other way to itself, however long it is', () => {
    const page = replaceTexts(SAMPLE_PAGES.home as PageModel, 'ليلى'.repeat(2500));
    const document = parseHtml(renderer.render(page, sampleChrome('fr')));
    expect(document.querySelectorAll('.service-tile bdi').length).toBeGreaterThanOrEqual(6);
    expect(document.querySelector('.service-tile .icon.text')?.text.length).toBeLessThanOrEqual(2);
  });

  it('of the account leads to all the others, and says which it is', () => {
    const links = (page: PageModel) =>
      parseHtml(renderer.render(page, sampleChrome('fr'))).querySelectorAll('.side-nav a');
    const hrefs = links(SAMPLE_PAGES.sessions as PageModel).map((link) =>
      link.getAttribute('href'),
    );
    for (const path of ['', '/profile', '/passkeys', '/sessions', '/delete']) {
      expect(hrefs).toContain(`/c/lamyne/account${path}`);
    }
    expect(hrefs.filter((href) => !href?.startsWith('/c/lamyne/account'))).toEqual([]);
    const here = (name: string) =>
      links(SAMPLE_PAGES[name] as PageModel).filter((link) => link.getAttribute('aria-current'));
    expect(here('sessions').map(({ text }) => text.trim())).toEqual(['Appareils connectés']);
    expect(here('app password made').map(({ text }) => text.trim())).toEqual([
      'Mots de passe d’application',
    ]);
    expect(here('home')).toEqual([]);
    for (const [name, page] of Object.entries(SAMPLE_PAGES)) {
      if (page.page.startsWith('account/')) expect([name, here(name).length]).toEqual([name, 1]);
    }
  });

  it('lets people see each password that they type, without being asked twice for it', () => {
    for (const [name, page] of Object.entries(SAMPLE_PAGES)) {
      const document = parseHtml(renderer.render(page, sampleChrome('fr')));
      const fields = document.querySelectorAll('input[type=password]');
      const shown = fields.map((field) => [
        field.getAttribute('data-show'),
        field.getAttribute('data-hide'),
      ]);
      const words = ['Afficher le mot de passe', 'Masquer le mot de passe'];
      expect([name, shown]).toEqual([name, fields.length === 0 ? [] : [words]]);
      const scripts = document.querySelectorAll('script[src*=show-password]');
      expect([name, scripts.length]).toEqual([name, fields.length]);
    }
  });

  it('says in its title that a form was refused', () => {
    const title = (name: string, locale: 'fr' | 'en') =>
      parseHtml(renderer.render(SAMPLE_PAGES[name] as PageModel, sampleChrome(locale)))
        .querySelector('title')
        ?.text.trim();
    expect(title('login refused', 'fr')).toBe('Erreur\u00a0: Se connecter · La MYNE');
    expect(title('setup refused', 'en')).toBe('Error: First steps · La MYNE');
    expect(title('login', 'fr')).toBe('Se connecter · La MYNE');
  });
});

describe('the picture of a service', () => {
  const picture = (icon: string | undefined) => {
    const service = { slug: 'x', name: 'élan', icon, url: 'https://x.example/' };
    const page = { ...SAMPLE_PAGES['home empty'], services: [service] } as PageModel;
    const document = parseHtml(renderer.render(page, sampleChrome('fr')));
    return document.querySelector('.service-tile .icon');
  };

  it('is one of ours by its name, in the file of pictures', () => {
    const [address, id] =
      picture('cloud')?.querySelector('use')?.getAttribute('href')?.split('#') ?? [];
    const file = files.find(address?.replace('/assets/', '') ?? '');
    expect(file?.body.toString()).toContain(`<symbol id="${id}"`);
    expect(file?.immutable).toBe(true);
  });

  it('is a sign as its readers count signs, or the first letter of the name', () => {
    expect(picture('👩‍🌾')?.text).toBe('👩‍🌾');
    expect(picture('🇫🇷')?.text).toBe('🇫🇷');
    expect(picture(undefined)?.text).toBe('É');
  });

  it('is fetched over TLS, or not at all', () => {
    expect(picture('https://x.example/a.png')?.getAttribute('src')).toBe('https://x.example/a.png');
    expect(picture('http://x.example/a.png')?.text).toBe('É');
    expect(picture('javascript://x')?.text).toBe('É');
  });
});

it('a service whose address is not one of the web is no link', () => {
  const service = { slug: 'x', name: 'X', url: 'javascript:alert(1)' };
  const page = { ...SAMPLE_PAGES['home empty'], services: [service] } as PageModel;
  const html = renderer.render(page, sampleChrome('fr'));
  expect(html).not.toContain('javascript:');
  expect(parseHtml(html).getElementById('service-x')?.tagName).toBe('DIV');
});

/** The page with each text that people may have written put in the place of theirs. */
function replaceTexts(page: PageModel, text: string): PageModel {
  const ours = [
    'page',
    'kind',
    'using',
    'fault',
    'reason',
    'state',
    'status',
    'role',
    'uses',
    'field',
    'code',
    'notice',
    'icon',
    'url',
    'slug',
    'what',
    'by',
    'groups',
    'actions',
  ];
  const replace = (value: unknown): unknown => {
    if (typeof value === 'string') return text;
    if (Array.isArray(value)) return value.map(replace);
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, inner]) => [key, ours.includes(key) ? inner : replace(inner)]),
    );
  };
  return replace(page) as PageModel;
}
