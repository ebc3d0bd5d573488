import { z } from 'zod';
import { readCommunity } from '../../domain/communities/community-rows.ts';
import {
  generateReaderSecret,
  removeReader,
  setReaderSecret,
} from '../../domain/services/reader.ts';
import { slug } from '../../platform/web/form-fields.ts';
import { type ApiRoute, apiRoute } from '../routing/api-route.ts';
import { inCommunity } from '../routing/callers.ts';
import { serviceIdOf } from './show-service.ts';

const params = z.object({ slug });

/** How a service's app reads the directory (docs/ldap.md). */
export const READER_ROUTES: ApiRoute[] = [
  apiRoute({
    method: 'POST',
    path: '/v1/services/:slug/reader',
    params,
    who: inCommunity('services:write'),
    summary:
      'Give the LDAP reader of a service a new password, and a service without one its reader',
    description: 'It is shown in this answer, and never again; the old one ceases to work at once.',
    answer: z.object({ dn: z.string(), password: z.string() }),
    async handle({ parts, who: { community, tokenId, actor }, params: { slug }, change }) {
      const id = await serviceIdOf(parts.database, community.id, slug);
      const password = generateReaderSecret();
      const work = parts.passwords.enter({ communityId: community.id, app: tokenId });
      const hash = await work.hash(password).finally(() => work.leave());
      return change(async (tx) => {
        await setReaderSecret(tx, community.id, id, hash, actor);
        const base = (await readCommunity(tx, community.id))?.ldapBase;
        return { value: { dn: `cn=${slug},ou=services,${base}`, password }, state: {} };
      });
    },
  }),
  apiRoute({
    method: 'DELETE',
    path: '/v1/services/:slug/reader',
    params,
    who: inCommunity('services:write'),
    summary: 'Take the LDAP reader of a service away',
    description: 'Its app can no longer bind, nor search on what it has open.',
    async handle({ who: { community, actor }, params: { slug }, change }) {
      await change(async (tx) => {
        const id = await serviceIdOf(tx, community.id, slug);
        await removeReader(tx, community.id, id, actor);
        return { value: null };
      });
      return undefined;
    },
  }),
];
