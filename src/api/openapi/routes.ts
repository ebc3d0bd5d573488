import { z } from 'zod';
import { anyone } from '../../platform/web/route.ts';
import { type ApiRoute, apiRoute } from '../routing/api-route.ts';

/** The document of the API; it tells nothing of the hub but what any hub has. */
export const OPENAPI_ROUTE: ApiRoute = apiRoute({
  method: 'GET',
  path: '/openapi.json',
  who: anyone,
  summary: 'This document',
  answer: z.looseObject({}),
  async handle({ parts, request }) {
    // Anybody may keep it, and asks whether it is still the same.
    request.ctx.set('Cache-Control', 'public, no-cache');
    return { value: parts.apiDocument() };
  },
});
