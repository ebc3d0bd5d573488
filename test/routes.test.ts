import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fieldsFor, noFields, typed } from '../src/platform/web/form-fields.ts';
import { anyone, type RouteKind, routeMaker } from '../src/platform/web/route.ts';
import { createRouteTable } from '../src/platform/web/route-table.ts';

// Of any kind: what a route is does not depend on what it shows.
type Kind = RouteKind & { limit: 'guess'; extra: { isOpen?: true } };
const route = routeMaker<Kind>();
const handle = () => {};
const word = z.string();
const page = (path: string, names: string[] = []) =>
  route({
    method: 'GET',
    path: path as '/x',
    who: anyone,
    params: z.object(Object.fromEntries(names.map((name) => [name, word]))) as never,
    handle,
  });
const table = (...paths: [string, string[]?][]) =>
  createRouteTable(paths.map(([path, names]) => page(path, names)));

describe('a route', () => {
  it('without who may, or of a form without its schema, does not type-check, and ends the start', () => {
    // @ts-expect-error who is missing
    expect(() => route({ method: 'GET', path: '/a', handle })).toThrow('does not say who may');
    // @ts-expect-error the form's schema is missing
    expect(() => route({ method: 'POST', path: '/a', who: anyone, handle })).toThrow('schema');
    expect(() =>
      // @ts-expect-error what is shown has no form
      route({ method: 'GET', path: '/a', who: anyone, form: noFields, handle }),
    ).toThrow('schema');
    // @ts-expect-error the parameter's schema is missing
    expect(() => route({ method: 'GET', path: '/a/:id', who: anyone, handle })).toThrow('schema');
    const other = z.object({ uid: word });
    expect(() =>
      // @ts-expect-error a schema of another name
      route({ method: 'GET', path: '/a/:id', who: anyone, params: other, handle }),
    ).toThrow('schema');
  });

  it('gives its handler what its schemas say, and lets it count what it names', () => {
    const made = route({
      method: 'POST',
      path: '/a/:id/b/:name',
      who: { name: 'seven', admit: async () => ({ who: 7 }) },
      params: z.object({ id: z.coerce.number(), name: word }),
      query: z.object({ page: z.coerce.number().default(1) }),
      form: z.object({ title: typed, tags: z.array(word).default([]) }),
      limits: ['guess'],
      secret: ['name', 'page'],
      async handle({ who, params, query, form, count }) {
        const numbers: number[] = [who, params.id, query.page];
        const texts: string[] = [params.name, form.title, ...form.tags];
        const wait: number | undefined = await count('guess', texts[0]);
        // @ts-expect-error there is no such field
        return void [numbers, wait, form.other];
      },
    });
    expect(made.secret).toEqual(['name', 'page']);
    route({
      method: 'GET',
      path: '/b',
      who: anyone,
      // @ts-expect-error it says nothing of counting
      handle: ({ count }) => void count('guess'),
    });
    // @ts-expect-error only parameters of its own are secret
    route({ method: 'GET', path: '/c', who: anyone, secret: ['token'], handle });
  });
});

describe('a table of routes', () => {
  it('finds the one whose segments are written out before one that takes any, in whatever order', () => {
    const paths: [string, string[]?][] = [
      ['/'],
      ['/recover'],
      ['/recover/sent'],
      ['/recover/:token', ['token']],
      ['/recover/assisted/:token', ['token']],
      ['/login/:uid/passkey', ['uid']],
      ['/login/set-up'],
      ['/login/:uid/set-up', ['uid']],
    ];
    for (const order of [paths, paths.toReversed()]) {
      const { find, nameOf } = table(...order);
      expect(find('')?.resource.pattern).toBe('/');
      expect(find('/')?.resource.pattern).toBe('/');
      expect(find('/recover/sent')?.resource.pattern).toBe('/recover/sent');
      expect(find('/recover/abc')).toMatchObject({ values: ['abc'] });
      expect(find('/recover/assisted/abc')?.values).toEqual(['abc']);
      // What begins like another, and goes on otherwise.
      expect(find('/login/set-up/passkey')).toMatchObject({
        resource: { pattern: '/login/:uid/passkey' },
        values: ['set-up'],
      });
      for (const path of ['/recover/', '//recover/x', '/recover/x/', '/recover//', '/login', 'x'])
        expect([path, find(path)]).toEqual([path, undefined]);
      expect(nameOf('/recover/x')).toBe('/recover/:token');
      expect(nameOf('/recover/x/')).toBe('/recover/*');
      expect(nameOf('//recover/x')).toBe('/*');
      expect(nameOf('/x')).toBe('/*');
    }
  });

  it('with two routes for the same requests is refused', () => {
    expect(() => table(['/a'], ['/a'])).toThrow('GET /a is there twice');
    expect(() => table(['/a/:x', ['x']], ['/a/:y', ['y']])).toThrow('one address under two names');
    expect(() => table(['/a/:x/b', ['x']], ['/a/c/:y', ['y']])).toThrow('fit the same paths');
    expect(() => table(['/a/:x/b', ['x']], ['/a/c/b'], ['/a/c/:y', ['y']])).toThrow('fit the same');
    expect(() => table(['/a/:x/b', ['x']], ['/a/c/d'], ['/b/:y', ['y']])).not.toThrow();
  });
});

describe('the fields of a form', () => {
  it('count once by their last value, and all of them where the schema says so', () => {
    const schema = z.object({
      name: typed,
      tags: z.array(z.string()).default([]),
      some: z.array(z.string()).optional().catch(undefined),
    });
    const pairs: [string, string][] = [
      ['name', 'a'],
      ['tags', 'x'],
      ['name', 'b'],
      ['tags', 'y'],
      ['some', 'z'],
      ['__proto__', 'p'],
    ];
    expect(schema.parse(fieldsFor(schema, pairs))).toEqual({
      name: 'b',
      tags: ['x', 'y'],
      some: ['z'],
    });
    expect(schema.parse(fieldsFor(schema, []))).toEqual({ name: '', tags: [] });
  });
});
