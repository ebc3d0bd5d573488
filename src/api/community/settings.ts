import type { z } from 'zod';
import { readCommunity } from '../../domain/communities/community-rows.ts';
import { SETTING_NAMES, type SettingsChange } from '../../domain/communities/community-settings.ts';
import { tellSettings } from '../../domain/communities/tell-settings.ts';
import { NotFoundError } from '../../domain/errors.ts';
import type { Queryable } from '../../platform/database/database.ts';
import type { community, communityPatch } from './schema.ts';

/** What the domain calls otherwise. */
export const NAMES = SETTING_NAMES;

type ShownCommunity = z.output<typeof community>;

/** @throws NotFoundError when there is none of that id */
export async function showCommunity(db: Queryable, communityId: string): Promise<ShownCommunity> {
  const row = await readCommunity(db, communityId);
  if (row === undefined) throw new NotFoundError('community');
  return tellSettings(row);
}

/** What a body wants of a community's settings; what it does not say stays. */
export function toSettings({
  branding,
  ldap,
  policies,
  ...values
}: z.output<typeof communityPatch>): SettingsChange {
  return {
    ...values,
    accent: branding?.accent,
    welcome: branding?.welcome,
    ldapBase: ldap?.base,
    ldapPasswordBind: ldap?.passwordBind,
    ldapOpenToOperators: ldap?.openToOperators,
    secondFactor: policies?.secondFactor,
    secondFactorFrom: policies?.secondFactorFrom,
    recoveryDelayHours: policies?.recoveryDelayHours,
  };
}
