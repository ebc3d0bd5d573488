import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { parse } from 'node-html-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeError } from '../src/cli/describe-error.ts';
import {
  ExpiredError,
  NotFoundError,
  REFUSALS,
  type Refusal,
  RefusedError,
} from '../src/domain/errors.ts';
import { PictureRefusedError } from '../src/domain/pictures/make-picture.ts';
import { UsernameFaultError } from '../src/domain/registration/add-newcomer.ts';
import { createLogger } from '../src/main.ts';
import { pageFrame } from '../src/pages/page-frame.ts';
import { answerError } from '../src/pages/routing/error-answers.ts';
import { parseConfig } from '../src/platform/config/config.ts';
import { createSealer } from '../src/platform/secrets/sealer.ts';
import { createCsrf } from '../src/platform/web/csrf.ts';
import { createRenderer } from '../src/platform/web/render.ts';
import { loadStaticFiles } from '../src/platform/web/static.ts';
import { meaningOfDomain as inLdap } from '../src/protocols/ldap/operations/domain-errors.ts';
import { LdapError } from '../src/protocols/ldap/protocol/result.ts';
import { TEST_SECRET } from './support/hub.ts';

// The web's edge by itself: whatever a handler throws, uncaught by any page.
let server: Server;
let url: string;
let thrown: Error;
let log = '';

beforeAll(async () => {
  const config = parseConfig({
    TROUSSEAU_URL: 'http://localhost:8080',
    DATABASE_URL: 'postgres://localhost/none',
    TROUSSEAU_SECRET: TEST_SECRET.replaceAll(/[ ,]/g, '-'),
    LOG_LEVEL: 'info',
  });
  const parts = {
    config,
    log: createLogger(config, {
      write(line: string) {
        log += line;
      },
    }),
    csrf: createCsrf(createSealer(config.secrets)),
    renderer: createRenderer(loadStaticFiles(), pageFrame),
    isPage: () => false,
  };
  const app = new Koa();
  app.use((ctx) => answerError(parts, ctx, thrown));
  server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => server.close());

async function answerTo(error: Error, language: string, accept = 'text/html') {
  thrown = error;
  log = '';
  const answer = await fetch(url, { headers: { accept, 'accept-language': language } });
  return { status: answer.status, text: await answer.text() };
}

const wordsOf = (text: string) => parse(text).querySelector('p.lead')?.text.trim();

describe('a refusal that no page caught', () => {
  it.each(REFUSALS)(
    '"%s" says in both languages what to do, and is no fault of ours',
    async (code) => {
      const error = new RefusedError(code, 'the member "zoé" typed this');
      const [fr, en] = [await answerTo(error, 'fr'), await answerTo(error, 'en')];
      expect(fr.status).toBe(en.status);
      expect([403, 409, 413, 422, 503]).toContain(fr.status);
      const [french, english] = [wordsOf(fr.text), wordsOf(en.text)];
      expect(french?.length).toBeGreaterThan(20);
      expect(english?.length).toBeGreaterThan(20);
      expect(french).not.toBe(english);
      // The message was written for a terminal; what it repeats is nothing for a page or a log.
      for (const text of [fr.text, en.text, log]) expect(text).not.toContain('zoé');
      expect(log).toContain(`refused: ${code}`);
      expect(log).not.toContain('"level":50');
    },
  );

  it('tells programs its code', async () => {
    const error = new RefusedError('group-cycle', 'a group within itself');
    const { status, text } = await answerTo(error, 'en', 'application/json');
    expect(status).toBe(422);
    expect(JSON.parse(text)).toMatchObject({ title: 'refused', code: 'group-cycle', status: 422 });
  });

  it.each<[Error, number]>([
    [new NotFoundError('member', 'zoé'), 404],
    [new ExpiredError('used meanwhile'), 400],
    [new UsernameFaultError('reserved'), 422],
    [new UsernameFaultError('lookalike'), 409],
    [new PictureRefusedError('too-large'), 413],
    [new PictureRefusedError('busy'), 503],
  ])('%s is answered by its meaning', async (error, status) => {
    const answer = await answerTo(error, 'fr');
    expect(answer.status).toBe(status);
    expect(answer.text + log).not.toContain('zoé');
    expect(log).not.toContain('"level":50');
  });

  it('is told from a fault of ours, which is a 500 that the log explains', async () => {
    expect((await answerTo(new TypeError('x is not a function'), 'fr')).status).toBe(500);
    expect(log).toContain('"level":50');
    expect(log).toContain('x is not a function');
  });
});

describe('the other edges', () => {
  it('answer a refusal in LDAP by a result that says whose fault it is', () => {
    const codeOf = (error: Error) => (inLdap(error) as LdapError).code;
    expect(codeOf(new NotFoundError('member'))).toBe(32);
    expect(codeOf(new RefusedError('short-password', 'too short'))).toBe(19);
    expect(codeOf(new RefusedError('state', 'it is frozen'))).toBe(53);
    const fault = new TypeError('x is not a function');
    expect(inLdap(fault)).toBe(fault);
    for (const code of REFUSALS)
      expect(inLdap(new RefusedError(code, code))).toBeInstanceOf(LdapError);
  });

  it('tell whoever sits at a terminal the message of each', () => {
    for (const code of REFUSALS as readonly Refusal[])
      expect(describeError(new RefusedError(code, `no: ${code}`)).reason).toBe(`no: ${code}`);
    expect(describeError(new UsernameFaultError('reserved')).reason).toMatch(/^the username/);
    expect(describeError(new NotFoundError('group', 'bureau')).reason).toContain('"bureau"');
  });
});
