import { z } from 'zod';
import type { Operation } from '../../api/openapi/document.ts';
import { anyone } from '../../platform/web/route.ts';
import { type HubRoute, hubRoute } from '../routing/hub-request.ts';

type Field = { name: string; type: string; description?: string | undefined; isRequired: boolean };
type ShownOperation = {
  id: string;
  method: string;
  path: string;
  summary: string;
  /** Paragraphs; the scope is the last of them. */
  description: string[];
  parameters: Field[];
  body: Field[];
};

export type ApiPage = {
  page: 'api';
  documentUrl: string;
  baseUrl: string;
  sections: { name: string; operations: ShownOperation[] }[];
};

declare module '../../platform/web/pages.ts' {
  interface Pages {
    api: ApiPage;
  }
}

/** The document of the API for people: on our own page, without anybody else's scripts. */
export const API_PAGE: HubRoute = hubRoute({
  method: 'GET',
  path: '/api',
  who: anyone,
  query: z.object({}),
  handle({ parts, request }) {
    const { paths, tags } = parts.apiDocument();
    const all = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => shown(method, path, operation)),
    );
    request.page({
      page: 'api',
      documentUrl: '/api/openapi.json',
      baseUrl: `${parts.config.url.origin}/api/v1`,
      sections: tags.map(({ name }) => ({
        name,
        operations: all.filter(({ tag }) => tag === name).map(({ tag: _, ...rest }) => rest),
      })),
    });
  },
});

function shown(
  method: string,
  path: string,
  { operationId, summary, description, parameters, requestBody, tags }: Operation,
): ShownOperation & { tag: string } {
  const schema = requestBody?.content['application/json'].schema as Schema | undefined;
  return {
    tag: tags[0] as string,
    id: operationId,
    method: method.toUpperCase(),
    path,
    summary,
    description: description.replaceAll('`', '').split('\n\n'),
    parameters: parameters.map((one) => ({
      name: one.name,
      type: typeOf(one.schema as Schema),
      description: one.description?.replaceAll('`', ''),
      isRequired: one.required,
    })),
    body: fieldsOf(schema),
  };
}

type Schema = {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  description?: string;
};

function fieldsOf(schema: Schema | undefined, within = ''): Field[] {
  return Object.entries(schema?.properties ?? {}).flatMap(([name, field]) => {
    const isRequired = schema?.required?.includes(name) === true;
    const inside = field.anyOf?.find((one) => one.properties !== undefined) ?? field;
    const description = field.description?.replaceAll('`', '');
    return [
      { name: within + name, type: typeOf(field), description, isRequired },
      ...(inside.properties === undefined ? [] : fieldsOf(inside, `${within}${name}.`)),
    ];
  });
}

/** As in `"a" | "b"`, `string | null`, `string[]`. */
function typeOf(schema: Schema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' | ');
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (schema.type === 'array') return `${typeOf(schema.items ?? {})}[]`;
  return schema.type ?? 'any';
}
