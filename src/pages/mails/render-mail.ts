import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import type { MailData, MailLine, MailTemplate } from '../../domain/notices/mail.ts';
import { datesFor } from '../../platform/i18n/dates.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import {
  createTranslator,
  MissingTextError,
  type Translate,
} from '../../platform/i18n/translate.ts';
import {
  keepPlainWordsTogether,
  keepTogether,
  keepWordsTogether,
} from '../../platform/i18n/typography.ts';
import type { RenderedMail } from '../../platform/mail/transport.ts';
import { HOUSE_ACCENT, readableAccent } from '../../platform/web/theme.ts';
import { VARIANTS } from './templates.ts';

/** Whose colours a message has, and who answers. */
export type MailCommunity = {
  name: string;
  /** `#rrggbb`, or null for the house colour. */
  accent: string | null;
  /** Address of a picture that mail programs can show; undefined for a letter. */
  logoUrl: string | undefined;
  contactEmail: string | null;
};

type Values = Record<string, string | number | boolean>;

const VIEWS = new URL('../../../views/mail/', import.meta.url);
/** Values that members chose themselves, and may have chosen badly. */
const WRITTEN = ['displayName', 'username', 'invitedBy', 'requestedBy', 'passkey'];
const LONGEST_NAME = 80;
const read = (name: string) => readFileSync(new URL(name, VIEWS), 'utf8');

type Message = {
  template: MailTemplate;
  locale: Locale;
  community: MailCommunity;
  data: MailData;
  /** Where its button leads; undefined for a message that asks for nothing. */
  url: string | undefined;
};

export type MailRenderer = {
  /** A message in the language of its reader, as HTML and as text that says the same. */
  render(message: Message): RenderedMail;
};

/** Reads templates and texts once. */
export function createMailRenderer(): MailRenderer {
  const handlebars = Handlebars.create();
  const translate = createTranslator();
  const translatePlain = createTranslator(keepPlainWordsTogether);
  const html = handlebars.compile(read('html.hbs'));
  // Plain text has no markup to escape for.
  const text = handlebars.compile(read('text.hbs'), { noEscape: true });
  return {
    render(message) {
      const model = modelOf(translate, message);
      return {
        subject: model.subject,
        html: keepWordsTogether(html(model), 'style="white-space:nowrap"'),
        text: text(modelOf(translatePlain, message)),
      };
    },
  };
}

function modelOf(translate: Translate, message: Message) {
  const { template, locale, community, url } = message;
  const { lines, ...data } = message.data;
  const values: Values = {
    ...readable(template, data as Values, locale),
    community: community.name,
  };
  // What is left is counted in words.
  if (typeof data.left === 'number') values.count = data.left;
  const name = nameOf(template, data as Values);
  const say = (key: string) => oneLine(translate(locale, `mail.${key}`, values));
  const sayIfThere = (key: string) => {
    try {
      return say(key);
    } catch (error) {
      if (error instanceof MissingTextError) return undefined;
      throw error;
    }
  };
  const paragraphs = ['p1', 'p2', 'p3'].flatMap((part) => sayIfThere(`${name}.${part}`) ?? []);
  if (data.reason !== undefined) paragraphs.push(say('reason'));
  const sayLine = ({ kind, ...line }: MailLine) => {
    const told = { ...values, ...readable(template, { ...(data as Values), ...line }, locale) };
    return oneLine(translate(locale, `mail.${name}.line.${kind}`, told));
  };
  const more = data.left === undefined ? undefined : sayIfThere(`${name}.more`);
  const button = sayIfThere(`${name}.button`);
  return {
    locale,
    subject: say(`${name}.subject`),
    preheader: paragraphs[0],
    heading: say(`${name}.heading`),
    hello: say('hello'),
    paragraphs,
    lines: [
      ...((lines ?? []) as readonly MailLine[]).map(sayLine),
      ...(more === undefined ? [] : [more]),
    ],
    after: sayIfThere(`${name}.after`),
    button,
    url: button === undefined ? undefined : url,
    address: say('address'),
    why: say(`${name}.why`),
    help: community.contactEmail === null ? undefined : say('help'),
    sentBy: say('sentBy'),
    community: keepTogether(community.name),
    initial: [...community.name][0]?.toUpperCase(),
    logoUrl: community.logoUrl,
    colon: locale === 'fr' ? '\u00a0:' : ':',
    ...readableAccent(community.accent ?? HOUSE_ACCENT),
  };
}

function nameOf(template: MailTemplate, data: Values): string {
  const variant = VARIANTS[template];
  if (variant === undefined) return template;
  const [first] = variant.of;
  const chosen = variant.of.find((one) => one === data[variant.by]) ?? first;
  return `${template}.${chosen}`;
}

/** Instants (`at`, `due`, `until`) as people read them, in the zone that the sender gave. */
function readable(template: MailTemplate, { zone, ...data }: Values, locale: Locale): Values {
  const dates = datesFor(locale, typeof zone === 'string' ? zone : undefined);
  const shown: Values = { ...data };
  for (const key of WRITTEN) {
    const value = data[key];
    // That one is to be typed.
    if (key === 'username' && template === 'joined') continue;
    if (typeof value === 'string') shown[key] = plainName(value);
  }
  if (typeof data.at === 'string') shown.at = dates.moment(new Date(data.at));
  if (typeof data.due === 'string') shown.due = dates.day(new Date(data.due));
  // The last day on which it holds: an end at midnight is the day before's.
  if (typeof data.until === 'string') shown.until = dates.day(new Date(Date.parse(data.until) - 1));
  return shown;
}

/**
 * A name is no place for an advertisement: mail programs make links of what looks like an address, and our
 * messages go to whoever a stranger names. What breaks it up cannot be seen.
 */
function plainName(name: string): string {
  const characters = [...name];
  const shortened =
    characters.length > LONGEST_NAME ? `${characters.slice(0, LONGEST_NAME).join('')}…` : name;
  return shortened.replaceAll(/[.:@](?=\S)/g, '$&\u2060');
}

/** What people wrote ends no header, starts no paragraph and turns no text around (Unicode TR9 §2.2). */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').replaceAll(/[\u202a-\u202e]/g, '');
}
