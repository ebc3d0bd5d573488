import type { CommunityRow } from './community-rows.ts';

/** A community's settings in the shape in which the API and files tell and take them (docs/api.md, docs/apply.md). */
export function tellSettings(row: CommunityRow) {
  return {
    slug: row.slug,
    name: row.name,
    locale: row.locale,
    state: row.state,
    registration: row.registration,
    hosts: row.hosts,
    branding: { accent: row.accent, welcome: row.welcome },
    description: row.description,
    town: row.town,
    links: row.links,
    listed: row.listed,
    contact: row.contact,
    ldap: {
      base: row.ldapBase,
      hosts: row.ldapHosts,
      passwordBind: row.ldapPasswordBind,
      openToOperators: row.ldapOpenToOperators,
    },
    policies: {
      secondFactor: row.secondFactor,
      secondFactorFrom: row.secondFactorFrom,
      recoveryDelayHours: row.recoveryDelayHours,
    },
    questions: row.questions,
  };
}
