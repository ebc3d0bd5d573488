import { z } from 'zod';
import type { ApiRoute } from '../routing/api-route.ts';
import { PROBLEMS } from '../routing/problem.ts';

type Json = Record<string, unknown>;

export type OpenApi = {
  openapi: string;
  info: Json;
  servers: Json[];
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: Json;
};

export type Operation = {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters: Parameter[];
  requestBody?: { required: true; content: { 'application/json': { schema: Json } } };
  responses: Record<string, Json>;
};

export type Parameter = {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: Json;
};

/** Makes the document when it is asked for first: whoever asks for it again costs next to nothing. */
export function createApiDocument(routes: readonly ApiRoute[], url: string): () => OpenApi {
  let made: OpenApi | undefined;
  return () => {
    made ??= openApiOf(routes, url);
    return made;
  };
}

/**
 * The document of the API (OpenAPI 3.1), out of the same schemas that requests are checked by.
 * @param url base URL of the hub
 */
function openApiOf(routes: readonly ApiRoute[], url: string): OpenApi {
  const described = routes.filter(({ path }) => path.startsWith('/v1/'));
  const paths: OpenApi['paths'] = {};
  for (const route of described) {
    const path = route.path.slice('/v1'.length).replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  const tags = [...new Set(described.map(tagOf))].sort().map((name) => ({ name }));
  return {
    openapi: '3.1.1',
    info: {
      title: 'Trousseau',
      version: '1',
      summary: 'What the consoles do, for programs.',
      description: INTRODUCTION,
      license: { name: 'AGPL-3.0-or-later', identifier: 'AGPL-3.0-or-later' },
    },
    servers: [{ url: `${url}/api/v1` }],
    tags,
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'Made by `trousseau token create`. It is bound to a community, or to the hub.',
        },
      },
      schemas: { Problem: PROBLEM },
    },
  };
}

const INTRODUCTION = `A token says which community it is about: there is none in the addresses.

- Bodies are JSON in UTF-8; a field that is not known is refused. Of a change, what is absent stays and null empties.
- Whatever is no success is a problem (RFC 9457): \`type\` for programs, \`detail\` says what to do, \`errors\` where.
- Lists have at most \`limit\` entries; \`next\` is the \`cursor\` of the page that follows.
- A POST with an \`Idempotency-Key\` can be sent again for a day: it is done once, and answered the same.
- Whoever changes what is there sends its \`ETag\` as \`If-Match\`, so that nobody's change is lost.`;

function operationOf(route: ApiRoute): Operation {
  const { method, path, summary, description, who, body, answers, isConditional } = route;
  const scope = who.name === 'token' ? 'Any token.' : `Scope: \`${who.name}\`.`;
  return {
    operationId: operationIdOf(method, path),
    summary,
    description: description === undefined ? scope : `${description}\n\n${scope}`,
    tags: [tagOf(route)],
    security: [{ token: [] }],
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...headersOf(method, isConditional),
    ],
    ...(body !== undefined && {
      requestBody: {
        required: true as const,
        content: { 'application/json': { schema: schemaOf(body, 'input') } },
      },
    }),
    responses: {
      [answers.status]: {
        description: answers.schema === undefined ? 'It is done.' : 'What there is now.',
        ...(answers.schema !== undefined && {
          headers: { ETag: { schema: { type: 'string' } } },
          content: { 'application/json': { schema: schemaOf(answers.schema, 'output') } },
        }),
      },
      default: {
        description: 'It was not done.',
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    },
  };
}

/** `GET /v1/groups/:id/members` is `get_groups_id_members`. */
function operationIdOf(method: string, path: string): string {
  const words = path.slice('/v1/'.length).replaceAll(':', '').split(/[/-]/);
  return [method.toLowerCase(), ...words].join('_');
}

function tagOf({ path }: ApiRoute): string {
  return path.split('/')[2] as string;
}

function parametersOf(schema: z.ZodObject, place: 'path' | 'query'): Parameter[] {
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(typeof description === 'string' && { description }),
    schema: property,
  }));
}

function headersOf(method: string, isConditional: boolean): Parameter[] {
  const header = (name: string, required: boolean, description: string): Parameter => ({
    name,
    in: 'header',
    required,
    description,
    schema: { type: 'string' },
  });
  if (method === 'POST')
    return [
      header('Idempotency-Key', false, 'such as a UUID: sent again with it, it is done once'),
    ];
  return isConditional
    ? [header('If-Match', true, 'the ETag of what was looked at, or `*` whatever it is by now')]
    : [];
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    // What is made of an input is for the handler; JSON holds what was sent.
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // A number of a query is text that says one.
      if (zodSchema._zod.def.type === 'number' && jsonSchema.type === undefined)
        jsonSchema.type = 'integer';
    },
  });
  return rest;
}

const TEXT = { type: 'string' };
const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance'],
  properties: {
    type: {
      ...TEXT,
      description: `\`urn:problem-type:trousseau:NAME\`; the names are ${Object.keys(PROBLEMS).join(', ')}, and those of refusals, such as \`username-taken\``,
    },
    title: TEXT,
    status: { type: 'integer' },
    detail: { ...TEXT, description: 'what to do, for people' },
    instance: { ...TEXT, description: 'the reference that the operator finds in the log' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['detail'],
        properties: {
          detail: TEXT,
          pointer: { ...TEXT, description: 'where in the body (RFC 6901)' },
          parameter: { ...TEXT, description: 'which parameter of the query' },
        },
      },
    },
  },
};
