import { z } from 'zod';
import { communityAddress } from '../../domain/communities/community-address.ts';
import { type Refusal, RefusedError } from '../../domain/errors.ts';
import { claimHost, releaseHost } from '../../domain/hosts/claim-host.ts';
import type { Seen } from '../../domain/hosts/find-proof.ts';
import { PROOF_PATH, recordName } from '../../domain/hosts/host-claim.ts';
import { type ListedHost, listHosts } from '../../domain/hosts/list-hosts.ts';
import { issuerWarning } from '../../domain/services/issuer-warning.ts';
import { oneOf, typed } from '../../platform/web/form-fields.ts';
import { timesFor } from '../components/times.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { changeOrLead, pageIn } from '../routing/done-steps.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { adminRecent } from '../routing/who.ts';
import {
  ADDRESS_NOTICES,
  ADDRESS_USES,
  type AddressPage,
  type ShownHost,
} from './address-pages.ts';
import { adminFrame } from './admin-frame.ts';

const PATH = '/admin/settings/address';
/** A host of this page's own rows, as it is kept. */
const knownHost = z.string().regex(/^[a-z0-9.:-]{1,260}$/);

/** A community's own address: claiming hosts, proving them, letting them go. */
export const ADMIN_ADDRESS_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/admin/settings/address',
    who: adminRecent,
    query: z.object({ notice: oneOf(...ADDRESS_NOTICES) }),
    async handle({ parts, request, who, query: { notice } }) {
      const page = await addressPage(parts, request, who);
      request.page({ ...page, notice }, { member: who.member });
    },
  }),
  route({
    method: 'POST',
    path: '/admin/settings/address',
    who: adminRecent,
    form: z.object({ host: typed, use: z.enum(ADDRESS_USES).catch('both') }),
    async handle({ parts, request, who, form: { host, use } }) {
      const place = { communityId: request.community.id, ...reservedBy(parts) };
      const wanted = { host, web: use !== 'ldap', ldap: use !== 'web' };
      const actor = `member:${who.member.subject}` as const;
      try {
        const { claim } = await parts.database.transaction((tx) =>
          claimHost(tx, place, wanted, actor),
        );
        await parts.settle();
        request.redirect(`${PATH}?notice=${claim === undefined ? 'own' : 'claimed'}`);
      } catch (error) {
        await showRefusal(parts, request, who, error, { host, use });
      }
    },
  }),
  route({
    method: 'POST',
    path: '/admin/settings/address/check',
    who: adminRecent,
    form: z.object({ host: knownHost }),
    async handle({ parts, request, who, form: { host } }) {
      const actor = `member:${who.member.subject}` as const;
      try {
        const seen = await parts.hostChecks.check(request.community.id, host, actor);
        await parts.settle();
        request.redirect(`${PATH}?notice=${noticeOf(seen)}`);
      } catch (error) {
        await showRefusal(parts, request, who, error);
      }
    },
  }),
  route({
    method: 'POST',
    path: '/admin/settings/address/remove',
    who: adminRecent,
    form: z.object({ host: knownHost }),
    async handle({ parts, request, who, form: { host } }) {
      const { subject } = who.member;
      const place = { communityId: request.community.id, hubUrl: parts.config.url.origin };
      const step = pageIn(request, `${subject} ${host}`);
      const asked = { step, subject, to: `${PATH}?notice=removed` };
      try {
        await changeOrLead(parts, request, asked, async (tx) => {
          await releaseHost(tx, place, host, `member:${subject}`);
          return undefined;
        });
      } catch (error) {
        await showRefusal(parts, request, who, error);
      }
    },
  }),
];

function reservedBy({ config }: Pick<WebParts, 'config'>) {
  return { hubUrl: config.url.origin, reserved: config.ownHosts.reserved };
}

/** What was seen, in one word for the notice. */
function noticeOf({ proof, dns, file }: Seen): (typeof ADDRESS_NOTICES)[number] {
  if (proof !== undefined) return 'proven';
  if (dns === 'other' || file === 'other') return 'other';
  return dns === 'unanswered' ? 'unanswered' : 'absent';
}

/** Shows the page again with what is against it, and what was typed. @throws what is no refusal */
async function showRefusal(
  parts: WebParts,
  request: CommunityRequest,
  who: SignedIn,
  error: unknown,
  form?: Form,
): Promise<void> {
  if (!(error instanceof RefusedError)) throw error;
  const page = await addressPage(parts, request, who, form);
  const fault = { code: error.code as Refusal, isOfForm: form !== undefined };
  request.page({ ...page, fault }, { status: 400, member: who.member });
}

type Form = { host: string; use: (typeof ADDRESS_USES)[number] };

async function addressPage(
  parts: WebParts,
  request: CommunityRequest,
  who: SignedIn,
  { host, use }: Form = { host: '', use: 'both' },
): Promise<AddressPage> {
  const { community, issuer } = request;
  const { url } = parts.config;
  const ofNewServices = await communityAddress(parts.database, url, community.id);
  const { day } = timesFor(request, who.member);
  const hosts = await listHosts(parts.database, community.id);
  return {
    page: 'admin/address',
    frame: await adminFrame(parts, request),
    action: issuer.basePath + PATH,
    csrf: request.csrf(),
    issuer: ofNewServices,
    isPath: issuerWarning(ofNewServices, url.origin) !== undefined,
    hosts: hosts.map((listed) => describeHost(listed, ofNewServices, day)),
    hubHost: url.hostname,
    typed: host.slice(0, 300),
    uses: ADDRESS_USES.map((each) => ({ use: each, isChosen: each === use })),
  };
}

function describeHost(
  { host, web, ldap, state, by, claim }: ListedHost,
  issuer: string,
  day: (date: Date) => string,
): ShownHost {
  const isToSet = claim !== undefined && (state === 'claimed' || claim.missingSince !== null);
  return {
    host,
    uses: [...(web ? (['web'] as const) : []), ...(ldap ? (['ldap'] as const) : [])],
    state,
    by: by ?? undefined,
    isIssuer: issuer === `https://${host}`,
    toSet: isToSet
      ? { record: recordName(host), file: `http://${host}${PROOF_PATH}`, token: claim.token }
      : undefined,
    expiresOn: claim?.expiresAt == null ? undefined : day(claim.expiresAt),
    missingSince: claim?.missingSince == null ? undefined : day(claim.missingSince),
  };
}
