import { z } from 'zod';
import {
  initiateLoginUriFault,
  redirectUriFault,
  webUriFault,
} from '../../domain/clients/app-addresses.ts';
import {
  CLAIMS_PLACES,
  CLIENT_AUTH_METHODS,
  CLIENT_KINDS,
  OPEN_ACCESS,
  SECRET_METHODS,
  TRUSTS,
} from '../../domain/clients/service-choices.ts';
import {
  COMMUNITY_STATES,
  REGISTRATION_RULES,
  SECOND_FACTOR_RULES,
} from '../../domain/communities/community.ts';
import {
  accentFault,
  COMMUNITY_NAME,
  DESCRIPTION,
  dayFault,
  LINK_NAME,
  linkFault,
  linksFault,
  QUESTION_TEXT,
  questionsFault,
  RECOVERY_HOURS,
  TOWN,
  WELCOME,
} from '../../domain/communities/community-settings.ts';
import { hostFault } from '../../domain/communities/host-name.ts';
import { ldapBaseFault } from '../../domain/communities/ldap-base.ts';
import {
  groupDescriptionFault,
  groupNameFault,
  tidyGroupName,
} from '../../domain/groups/group-faults.ts';
import { emailFault, nameFault, zoneFault } from '../../domain/memberships/member-faults.ts';
import { ROLES, STATUSES } from '../../domain/memberships/membership-store.ts';
import {
  homeFault,
  POSIX_COUNT,
  POSIX_FIRST_NUMBER,
  shellFault,
} from '../../domain/posix/posix-rules.ts';
import {
  CLIENT_GRANTS,
  CLIENT_SCOPES,
  clientIdFault,
  clientSecretFault,
  readerPasswordFault,
} from '../../domain/services/client-rules.ts';
import {
  iconFault,
  RECIPES,
  SERVICE_DESCRIPTION,
  SERVICE_NAME,
  SESSION_HOURS,
} from '../../domain/services/service-rules.ts';
import { SIGNING_ALGS } from '../../domain/signing-keys/signing-algs.ts';
import { LOCALES } from '../../platform/i18n/locale.ts';
import { linesFault } from '../../platform/text/text-faults.ts';
import {
  checkedText,
  flag,
  listOf,
  mapping,
  missingOr,
  number,
  oneOf,
  passwordHashMessage,
  passwordHashText,
  passwordMessage,
  secret,
  slug,
  text,
} from './fields.ts';
import { usernameMessage } from './names-in-file.ts';

const locale = () => oneOf(LOCALES);
const email = () => checkedText(emailFault);
const groupName = () => checkedText(groupNameFault).transform(tidyGroupName);
const memberName = () => checkedText(nameFault);

/**
 * The declarative file (docs/apply.md). A key that is absent leaves what it stands for as it is, and
 * `null` empties it where that makes sense. What spans several keys is in contradictions.ts.
 */
export function fileSchema(env: NodeJS.ProcessEnv) {
  return mapping({
    version: z.literal(1, { error: missingOr('must be 1') }),
    operators: listOf(operator(env)).optional(),
    operatorReaders: listOf(operatorReader(env)).optional(),
    communities: listOf(community(env)).optional(),
    partnerships: listOf(partnership()).optional(),
  });
}

export type ApplyDocument = z.output<ReturnType<typeof fileSchema>>;
export type OperatorEntry = z.output<ReturnType<typeof operator>>;
export type OperatorReaderEntry = z.output<ReturnType<typeof operatorReader>>;
export type CommunityEntry = z.output<ReturnType<typeof community>>;
export type MemberEntry = z.output<ReturnType<typeof memberSchema>>;
export type ServiceEntry = z.output<ReturnType<typeof service>>;
export type ClientEntry = z.output<ReturnType<typeof client>>;

function credentials(env: NodeJS.ProcessEnv) {
  return {
    password: secret(env, passwordMessage).optional(),
    passwordHash: secret(env, passwordHashMessage).transform(passwordHashText).optional(),
  };
}

function operator(env: NodeJS.ProcessEnv) {
  return mapping({ email: email(), ...credentials(env) });
}

/** Sees, through LDAP, the communities that are open to operators. */
function operatorReader(env: NodeJS.ProcessEnv) {
  return mapping({ name: slug(), password: secret(env, readerPasswordFault) });
}

function community(env: NodeJS.ProcessEnv) {
  return mapping({
    slug: slug(),
    name: text(COMMUNITY_NAME),
    locale: locale().optional(),
    state: oneOf(COMMUNITY_STATES).optional(),
    registration: oneOf(REGISTRATION_RULES).optional(),
    hosts: listOf(checkedText(hostFault)).optional(),
    branding: mapping({
      accent: checkedText((value) => quoted(accentFault(value))).nullish(),
      logo: text({ max: 1024 }).nullish(),
      welcome: checkedText((value) => linesFault(value, WELCOME)).nullish(),
    }).optional(),
    contact: email().nullish(),
    description: checkedText((value) => linesFault(value, DESCRIPTION)).nullish(),
    town: text(TOWN).nullish(),
    links: listOf(mapping({ name: text(LINK_NAME), url: checkedText(linkFault) }))
      .superRefine((links, context) => {
        const message = linksFault(links);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      })
      .optional(),
    listed: flag().optional(),
    ldap: mapping({
      base: checkedText(ldapBaseFault).optional(),
      passwordBind: flag().optional(),
      openToOperators: flag().optional(),
      posix: posix().nullish(),
    }).optional(),
    policies: mapping({
      secondFactor: oneOf(SECOND_FACTOR_RULES).optional(),
      secondFactorFrom: checkedText(dayFault).nullish(),
      recoveryDelayHours: number(RECOVERY_HOURS).optional(),
    }).optional(),
    questions: listOf(mapping({ text: text(QUESTION_TEXT), required: flag().optional() }))
      .superRefine((questions, context) => {
        const message = questionsFault(questions);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      })
      .optional(),
    groups: listOf(group()).optional(),
    members: listOf(memberSchema(env)).optional(),
    services: listOf(service(env)).optional(),
  });
}

/** YAML takes what follows # for a remark. */
function quoted(fault: string | undefined): string | undefined {
  return fault === undefined ? undefined : `${fault}, between quotes`;
}

function posix() {
  return mapping({
    firstNumber: number(POSIX_FIRST_NUMBER),
    count: number(POSIX_COUNT),
    primaryGroup: groupName(),
    home: checkedText(homeFault).optional(),
    shell: checkedText(shellFault).optional(),
  });
}

function group() {
  return mapping({
    name: groupName(),
    description: checkedText(groupDescriptionFault).nullish(),
    groups: listOf(groupName()).optional(),
  });
}

export function memberSchema(env: NodeJS.ProcessEnv) {
  return mapping({
    username: checkedText(usernameMessage),
    name: memberName(),
    givenName: memberName().nullish(),
    familyName: memberName().nullish(),
    nickname: memberName().nullish(),
    email: email().nullish(),
    ...credentials(env),
    role: oneOf(ROLES).optional(),
    status: oneOf(STATUSES).optional(),
    groups: listOf(groupName()).optional(),
    locale: locale().nullish(),
    zoneinfo: checkedText(zoneFault).nullish(),
  });
}

function service(env: NodeJS.ProcessEnv) {
  return mapping({
    slug: slug(),
    name: text(SERVICE_NAME).optional(),
    description: text(SERVICE_DESCRIPTION).nullish(),
    icon: checkedText(iconFault).nullish(),
    recipe: z.enum(RECIPES, {
      error: missingOr(
        `only the recipe "${RECIPES.join('", "')}" exists for now: use it, with the app's own redirect addresses`,
      ),
    }),
    url: checkedText(webUriFault).nullish(),
    trust: oneOf(TRUSTS).optional(),
    access: access().optional(),
    sessionHours: number(SESSION_HOURS).nullish(),
    client: client(env).nullish(),
    ldap: mapping({ password: secret(env, readerPasswordFault) }).nullish(),
  });
}

function access() {
  const groups = listOf(groupName()).refine(
    (names) => names.length > 0,
    'must name at least one group',
  );
  return z.union([z.enum(OPEN_ACCESS), z.strictObject({ groups })], {
    error: missingOr('must be everyone, approval, or {groups: [NAME, …]} with at least one group'),
  });
}

function client(env: NodeJS.ProcessEnv) {
  return mapping({
    id: checkedText(clientIdFault),
    kind: oneOf(CLIENT_KINDS).optional(),
    lanHttp: flag().optional(),
    secret: secret(env, clientSecretFault).optional(),
    redirectUris: listOf(checkedText(redirectUriFault)).optional(),
    postLogoutRedirectUris: listOf(checkedText(redirectUriFault)).optional(),
    backchannelLogoutUri: checkedText(webUriFault).nullish(),
    backchannelLogoutToInitiator: flag().optional(),
    initiateLoginUri: checkedText(initiateLoginUriFault).nullish(),
    grants: listOf(oneOf(CLIENT_GRANTS)).optional(),
    auth: clientAuth().optional(),
    idTokenAlg: oneOf(SIGNING_ALGS).optional(),
    scopes: listOf(oneOf(CLIENT_SCOPES)).optional(),
    claimsIn: oneOf(CLAIMS_PLACES).optional(),
    pkce: flag().optional(),
  });
}

/** A client with a secret may send it either way, unless the service says that there is only one. */
function clientAuth() {
  const only = z.strictObject({ only: z.enum(SECRET_METHODS) });
  return z.union([z.enum(CLIENT_AUTH_METHODS), only], {
    error: missingOr(
      'must be client_secret_basic, client_secret_post, none, or {only: client_secret_basic} or {only: client_secret_post} for an app of which no other way is to be taken',
    ),
  });
}

function partnership() {
  return mapping({ host: slug(), partner: slug(), services: listOf(slug()).optional() });
}
