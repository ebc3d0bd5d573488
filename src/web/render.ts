import { readdirSync, readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { createTranslator, type Translate } from '../i18n/translate.ts';
import type { Chrome, PageModel } from './page-models.ts';
import type { StaticFiles } from './static.ts';

export type Renderer = { render(page: PageModel, chrome: Chrome): string };

const VIEWS = new URL('../../views/', import.meta.url);

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
  'default',
]);

type Root = { chrome: Chrome };

/** Compiles all views once. Everything a template shows is escaped. */
export function createRenderer(files: StaticFiles): Renderer {
  const handlebars = Handlebars.create();
  registerHelpers(handlebars, createTranslator(), files);
  for (const file of readdirSync(new URL('partials/', VIEWS))) {
    handlebars.registerPartial(file.replace(/\.hbs$/, ''), readView(`partials/${file}`));
  }
  const options = { strict: false, knownHelpersOnly: false };
  const layout = handlebars.compile(readView('layout.hbs'), options);
  const views = new Map(
    readdirSync(VIEWS)
      .filter((file) => file.endsWith('.hbs') && file !== 'layout.hbs')
      .map((file) => [file.replace(/\.hbs$/, ''), handlebars.compile(readView(file), options)]),
  );
  return {
    render(page, chrome) {
      const view = views.get(page.page);
      if (view === undefined) throw new Error(`no view for ${page.page}`);
      const body = view({ ...page, chrome });
      // The first heading says what the page is: it is the title, too.
      const title =
        /<h1[^>]*>([\s\S]*?)<\/h1>/
          .exec(body)?.[1]
          ?.replace(/<[^>]*>/g, '')
          .trim() ?? '';
      return layout({
        chrome,
        title: new handlebars.SafeString(title),
        body: new handlebars.SafeString(body),
        hasFault: 'fault' in page && page.fault !== undefined,
        wide: page.page === 'home' || page.page === 'operator-home',
      });
    },
  };
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
  handlebars.registerHelper('eq', (a: unknown, b: unknown) => a === b);
  handlebars.registerHelper('or', (a: unknown, b: unknown) => a || b);
  handlebars.registerHelper('join', (values: string[]) => values.join(', '));
  handlebars.registerHelper(
    'isAddress',
    (value: unknown) => typeof value === 'string' && /^https?:\/\//.test(value),
  );
  handlebars.registerHelper('isBuiltIn', (value: unknown) => ICONS.has(String(value)));
  handlebars.registerHelper(
    'initial',
    (value: unknown) => [...String(value ?? '')][0]?.toUpperCase() ?? '',
  );
  handlebars.registerHelper('short', (value: unknown) =>
    [...String(value ?? '')].slice(0, 2).join(''),
  );
}
