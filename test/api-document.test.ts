import { Validator } from '@seriousme/openapi-schema-validator';
import { parse } from 'node-html-parser';
import { beforeAll, describe, expect, test } from 'vitest';
import type { OpenApi } from '../src/api/openapi/document.ts';
import { SITE } from '../src/app-web.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' } });
let response: Response;
let document: OpenApi;

beforeAll(async () => {
  response = await fetch(`${hub.url}/api/openapi.json`);
  document = (await response.json()) as OpenApi;
});

describe('the document of the API', () => {
  test('is OpenAPI 3.1, as a validator has it', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect([valid, errors ?? []]).toEqual([true, []]);
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  test('has every route, with who may and what it takes and answers', () => {
    const told = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => {
        const route = SITE.api.routes.find(
          (one) =>
            one.method.toLowerCase() === method &&
            one.path === `/v1${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
        );
        expect(operation.description).toContain(
          route?.who.name === 'token' ? 'Any token' : `\`${route?.who.name}\``,
        );
        expect(operation.requestBody !== undefined).toBe(route?.body !== undefined);
        return `${method} ${path}`;
      }),
    );
    expect(told.length).toBe(SITE.api.routes.length - 1);
  });

  test('describes fields as requests are checked: nothing unknown, nothing too long', () => {
    const schema =
      document.paths['/members']?.post?.requestBody?.content['application/json'].schema;
    expect(schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['username', 'name'],
      properties: {
        username: { type: 'string', maxLength: 64 },
        role: { enum: ['member', 'admin', 'owner'] },
        groups: { type: 'array', maxItems: 1000 },
      },
    });
    const parameters = document.paths['/members']?.get?.parameters;
    expect(parameters).toContainEqual(
      expect.objectContaining({
        name: 'limit',
        in: 'query',
        schema: expect.objectContaining({ type: 'integer', minimum: 1, maximum: 200 }),
      }),
    );
  });

  test('is asked for again for nothing while it is the same', async () => {
    const etag = response.headers.get('etag') as string;
    const again = await fetch(`${hub.url}/api/openapi.json`, {
      headers: { 'if-none-match': etag },
    });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const head = await fetch(`${hub.url}/api/openapi.json`, { method: 'HEAD' });
    expect([head.status, head.headers.get('etag')]).toEqual([200, etag]);
  });

  test('opens the API to no other origin, and names no cookie', async () => {
    const asked = await fetch(`${hub.url}/api/v1/members`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
    });
    expect(asked.status).toBe(405);
    for (const { headers } of [asked, response]) {
      const names = [...headers.keys()];
      expect(names.filter((name) => /^(access-control-|set-cookie)/.test(name))).toEqual([]);
    }
  });
});

describe('the page of the API', () => {
  test.each(['fr', 'en'])('shows every operation, without a script (%s)', async (locale) => {
    const page = await fetch(`${hub.url}/api`, {
      headers: { accept: 'text/html', 'accept-language': locale },
    });
    const html = await page.text();
    const root = parse(html);
    expect([page.status, root.querySelector('html')?.getAttribute('lang')]).toEqual([200, locale]);
    const operations = Object.values(document.paths).flatMap(Object.values);
    for (const { operationId, summary } of operations)
      expect(root.getElementById(operationId)?.textContent).toContain(summary);
    expect(root.getElementById('post_members')?.textContent).toContain('givenName');
    expect(root.querySelectorAll('script').length).toBe(0);
    expect(html.length).toBeLessThan(60_000);
  });
});
