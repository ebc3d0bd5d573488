import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { createTranslator, type Translate } from '../i18n/translate.ts';
import { keepTogether, keepWordsTogether } from '../i18n/typography.ts';
import { graphemes } from '../text/graphemes.ts';
import type { Chrome, PageModel } from './pages.ts';
import type { StaticFiles } from './static.ts';

export type Renderer = { render(page: PageModel, chrome: Chrome): string };

const VIEWS = new URL('../../../views/', import.meta.url);

/** Built-in pictures of services (symbols of `icons.svg`); any other icon is an address or a short text. */
const ICONS = new Set([
  'cloud',
  'chat',
  'doc',
  'forum',
  'mail',
  'calendar',
  'video',
  'code',
  'wiki',
  'photos',
  'table',
  'board',
  'vault',
  'map',
  'network',
  'music',
  'shop',
  'news',
  'drawing',
  'website',
  'money',
  'learning',
  'print',
  'poll',
  'call',
  'default',
]);
/** How many colours `launcher.css` has for them. */
const HUES = 10;

type Root = { chrome: Chrome };

/** What the layout shows beside a page, such as a navigation. */
export type FrameOf = (page: PageModel, chrome: Chrome) => Record<string, unknown>;

/** Compiles all views once. Everything a template shows is escaped. */
export function createRenderer(files: StaticFiles, frameOf: FrameOf): Renderer {
  const handlebars = Handlebars.create();
  const translate = createTranslator();
  registerHelpers(handlebars, translate, files);
  for (const file of readdirSync(new URL('partials/', VIEWS))) {
    handlebars.registerPartial(file.replace(/\.hbs$/, ''), readView(`partials/${file}`));
  }
  const options = { strict: false, knownHelpersOnly: false };
  const layout = handlebars.compile(readView('layout.hbs'), options);
  const views = new Map(
    readdirSync(VIEWS, { recursive: true, encoding: 'utf8' })
      .filter(
        (file) => file.endsWith('.hbs') && !/^(texts\/|layout\.hbs$|partials\/|mail\/)/.test(file),
      )
      .map((file) => [file.replace(/\.hbs$/, ''), handlebars.compile(readView(file), options)]),
  );
  return {
    render(page, chrome) {
      const view = views.get(page.page);
      if (view === undefined) throw new Error(`no view for ${page.page}`);
      const body = view({ ...page, chrome });
      const heading = headingOf(body);
      const title = isRefusal(page)
        ? translate(chrome.locale, 'layout.errorTitle', { title: heading })
        : heading;
      return layout({
        chrome,
        title: new handlebars.SafeString(title),
        body: new handlebars.SafeString(keepWordsTogether(body)),
        ...frameOf(page, chrome),
      });
    },
  };
}

/** The first heading, as escaped text. It says what the page is, so that it is the title, too. */
function headingOf(body: string): string {
  const heading = /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(body)?.[1] ?? '';
  return heading.replace(/<[^>]*>/g, '').trim();
}

/** Whether the page shows a form again for what was wrong with it. */
function isRefusal(page: PageModel): boolean {
  if ('faults' in page && page.faults.length > 0) return true;
  return 'fault' in page && page.fault !== undefined;
}

/** One of the colours, always the same for a text. */
function hue(text: string): number {
  return hash('sha256', text, 'buffer').readUInt16BE() % HUES;
}

function initial(name: string): string {
  return firstCharacters(name, 1).toUpperCase();
}

/** The first characters as a reader counts them: a flag or a family is one. */
function firstCharacters(text: string, count: number): string {
  return graphemes(text.slice(0, 100).trim()).slice(0, count).join('');
}

function readView(file: string): string {
  return readFileSync(new URL(file, VIEWS), 'utf8');
}

function registerHelpers(
  handlebars: typeof Handlebars,
  translate: Translate,
  files: StaticFiles,
): void {
  handlebars.registerHelper('t', function (this: Root, ...args: unknown[]) {
    const options = args.pop() as Handlebars.HelperOptions;
    const { chrome } = options.data.root as Root;
    return translate(chrome.locale, args.join(''), options.hash);
  });
  /** Like `t`, for names that need not be known: without a text, the name itself. */
  handlebars.registerHelper(
    'label',
    (kind: string, name: string, options: Handlebars.HelperOptions) => {
      const { chrome } = options.data.root as Root;
      try {
        return translate(chrome.locale, `${kind}.${name}`);
      } catch {
        return name;
      }
    },
  );
  handlebars.registerHelper('asset', (name: string, options: Handlebars.HelperOptions) => {
    const { chrome } = options.data.root as Root;
    return `${chrome.assetBase}/${files.address(name)}`;
  });
  // What people wrote, in the typography of our own texts.
  handlebars.registerHelper('own', (value: unknown) => keepTogether(String(value ?? '')));
  handlebars.registerHelper('eq', (a: unknown, b: unknown) => a === b);
  handlebars.registerHelper('or', (a: unknown, b: unknown) => a || b);
  handlebars.registerHelper('join', (values: string[]) => values.join(', '));
  handlebars.registerHelper('faultOf', (field: string, options: Handlebars.HelperOptions) =>
    (options.data.root as { faults?: { field: string }[] }).faults?.some(
      (fault) => fault.field === field,
    ),
  );
  handlebars.registerHelper('isLink', (value: unknown) => /^https?:\/\//.test(String(value)));
  // Pictures come over TLS only: that is what our Content-Security-Policy lets in.
  handlebars.registerHelper('isPicture', (value: unknown) => /^https:\/\//.test(String(value)));
  handlebars.registerHelper('isBuiltIn', (value: unknown) => ICONS.has(String(value)));
  handlebars.registerHelper('hue', (value: unknown) => hue(String(value ?? '')));
  handlebars.registerHelper('initial', (value: unknown) => initial(String(value ?? '')));
  handlebars.registerHelper('badge', (icon: unknown, name: unknown) =>
    typeof icon === 'string' && icon !== '' && !icon.includes('://')
      ? firstCharacters(icon, 2)
      : initial(String(name ?? '')),
  );
}
