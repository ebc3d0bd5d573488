import { z } from 'zod';
import { REGISTRATION_RULES, SECOND_FACTOR_RULES } from '../../domain/communities/community.ts';
import { LINKS, type SettingsChange } from '../../domain/communities/community-settings.ts';
import { saveCommunities } from '../../domain/communities/save-communities.ts';
import { LOCALES } from '../../platform/i18n/locale.ts';
import { oneOf } from '../../platform/web/form-fields.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { admin, adminRecent } from '../routing/who.ts';
import { adminFrame } from './admin-frame.ts';
import {
  type EntryForm,
  entryChange,
  entryFields,
  faultsOf,
  type IdentityForm,
  identityChange,
  identityFields,
  linksOf,
  QUESTION_FIELDS,
  questionsOf,
} from './settings-form.ts';
import type { SettingsFault, SettingsPage } from './settings-pages.ts';

const query = z.object({ notice: oneOf('saved') });

/** What the community says of itself, and who may come in. */
export const ADMIN_SETTINGS_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/admin/settings',
    who: admin,
    query,
    handle: async ({ parts, request, who, query: { notice } }) =>
      show(request, who, await identityPage(parts, request, identityNow(request)), { notice }),
  }),
  route({
    method: 'POST',
    path: '/admin/settings',
    who: adminRecent,
    form: identityFields,
    async handle({ parts, request, who, form }) {
      const faults = await faultsOf(saveSettings(parts, request, who, identityChange(form)));
      if (faults.length === 0) return request.redirect('/admin/settings?notice=saved');
      show(request, who, await identityPage(parts, request, form), { faults });
    },
  }),
  route({
    method: 'GET',
    path: '/admin/settings/entry',
    who: admin,
    query,
    handle: async ({ parts, request, who, query: { notice } }) =>
      show(request, who, await entryPage(parts, request, who, entryNow(request)), { notice }),
  }),
  route({
    method: 'POST',
    path: '/admin/settings/entry',
    who: adminRecent,
    form: entryFields,
    async handle({ parts, request, who, form }) {
      const faults = await faultsOf(
        saveSettings(parts, request, who, entryChange(form, who.member.role)),
      );
      if (faults.length === 0) return request.redirect('/admin/settings/entry?notice=saved');
      show(request, who, await entryPage(parts, request, who, form), { faults });
    },
  }),
];

/** @throws RefusedChangesError with every fault */
export async function saveSettings(
  parts: WebParts,
  { community }: CommunityRequest,
  { member }: SignedIn,
  change: SettingsChange,
): Promise<void> {
  const changes = [{ slug: community.slug, must: 'exist' as const, ...change }];
  await parts.database.transaction((tx) =>
    saveCommunities(tx, changes, `member:${member.subject}`),
  );
  await parts.settle();
}

function show(
  request: CommunityRequest,
  { member }: SignedIn,
  page: SettingsPage,
  { faults = [], notice }: { faults?: SettingsFault[]; notice?: 'saved' | undefined },
): void {
  const status = faults.length > 0 ? 400 : 200;
  request.page({ ...page, faults, notice }, { status, member });
}

function identityNow({ community }: CommunityRequest): IdentityForm {
  return {
    name: community.name,
    locale: community.locale,
    description: community.description ?? '',
    town: community.town ?? '',
    contact: community.contactEmail ?? '',
    link_name: community.links.map(({ name }) => name),
    link_url: community.links.map(({ url }) => url),
    listed: community.listed,
  };
}

async function identityPage(
  parts: WebParts,
  request: CommunityRequest,
  form: IdentityForm,
): Promise<SettingsPage> {
  const links = linksOf(form).slice(0, LINKS.max);
  // One more row than there are links, without a script.
  const room = Array.from({ length: Math.min(2, LINKS.max - links.length) }, () => ({
    name: '',
    url: '',
  }));
  return {
    page: 'admin/settings',
    frame: await adminFrame(parts, request),
    action: `${request.issuer.basePath}/admin/settings`,
    csrf: request.csrf(),
    faults: [],
    name: form.name,
    locales: LOCALES.map((state) => ({ state, isChosen: state === form.locale })),
    description: form.description,
    town: form.town,
    contact: form.contact,
    links: [...links, ...room],
    listed: form.listed,
  };
}

function entryNow({ community }: CommunityRequest): EntryForm {
  const { questions } = community;
  return {
    registration: community.registration,
    question: questions.map(({ text }) => text),
    optional: questions.flatMap(({ required }, place) => (required ? [] : [String(place)])),
    second_factor: community.secondFactor,
    second_factor_from: community.secondFactorFrom?.slice(0, 10) ?? '',
    recovery_delay: String(community.recoveryDelayHours),
  };
}

async function entryPage(
  parts: WebParts,
  request: CommunityRequest,
  { member }: SignedIn,
  form: EntryForm,
): Promise<SettingsPage> {
  const asked = questionsOf(form);
  const room = Math.min(2, QUESTION_FIELDS - asked.length);
  return {
    page: 'admin/entry',
    frame: await adminFrame(parts, request),
    action: `${request.issuer.basePath}/admin/settings/entry`,
    csrf: request.csrf(),
    faults: [],
    registrations: REGISTRATION_RULES.map((state) => ({
      state,
      isChosen: state === form.registration,
    })),
    questions: Array.from({ length: asked.length + room }, (_, place) => ({
      place,
      number: place + 1,
      text: asked[place]?.text ?? '',
      isOptional: asked[place]?.required === false,
    })),
    isOwner: member.role === 'owner',
    secondFactors: SECOND_FACTOR_RULES.map((state) => ({
      state,
      isChosen: state === form.second_factor,
    })),
    secondFactorFrom: form.second_factor_from,
    recoveryDelay: form.recovery_delay,
  };
}
