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
import { groupNameFault } from '../../domain/groups/group-faults.ts';
import {
  CLIENT_GRANTS,
  CLIENT_SCOPES,
  clientIdFault,
  clientSecretFault,
} from '../../domain/services/client-rules.ts';
import {
  iconFault,
  RECIPES,
  SERVICE_DESCRIPTION,
  SERVICE_NAME,
  SESSION_HOURS,
} from '../../domain/services/service-rules.ts';
import { SIGNING_ALGS } from '../../domain/signing-keys/signing-algs.ts';
import { lineFault, slugFault } from '../../platform/text/text-faults.ts';
import { checkedText, number, whole } from '../routing/fields.ts';

const line = (limits: { max: number }) =>
  checkedText((text) => lineFault(text, limits), { max: limits.max });
const address = (fault: typeof webUriFault) => checkedText(fault, { max: 2_000 });
const addresses = whole(address(redirectUriFault), {
  max: 100,
  description: 'exact addresses: the whole list',
});
const auth = z
  .union([z.enum(CLIENT_AUTH_METHODS), z.strictObject({ only: z.enum(SECRET_METHODS) })])
  .meta({ description: 'how the app proves itself; `{only: …}` takes the secret in no other way' });

/** A client, by the names of the declarative file (docs/apply.md). */
const client = {
  id: checkedText(clientIdFault, { max: 255 }),
  kind: z.enum(CLIENT_KINDS),
  lanHttp: z.boolean(),
  redirectUris: addresses,
  postLogoutRedirectUris: addresses,
  backchannelLogoutUri: address(webUriFault).nullable(),
  backchannelLogoutToInitiator: z.boolean(),
  initiateLoginUri: address(initiateLoginUriFault).nullable(),
  grants: whole(z.enum(CLIENT_GRANTS), { max: 10 }),
  auth,
  idTokenAlg: z.enum(SIGNING_ALGS),
  scopes: whole(z.enum(CLIENT_SCOPES), { max: 20 }),
  claimsIn: z.enum(CLAIMS_PLACES),
  pkce: z.boolean(),
};
const clientPatch = z
  .strictObject({
    ...client,
    secret: checkedText(clientSecretFault, {
      max: 1_000,
      description: 'it is shown by no answer; where none is given, one is made and shown once',
    }),
  })
  .partial();

const values = {
  name: line(SERVICE_NAME),
  description: line(SERVICE_DESCRIPTION).nullable(),
  icon: checkedText(iconFault, { max: 2_000 }).nullable(),
  recipe: z.enum(RECIPES),
  url: address(webUriFault).nullable(),
  trust: z.enum(TRUSTS),
  access: z
    .union([
      z.enum(OPEN_ACCESS),
      z.strictObject({
        groups: z
          .array(checkedText(groupNameFault, { max: 128 }))
          .min(1)
          .max(100),
      }),
    ])
    .meta({ description: 'who may use it; groups by their names' }),
  sessionHours: number(SESSION_HOURS).nullable(),
  client: clientPatch.nullable(),
};

export const servicePatch = z.strictObject(values).partial();
export const newService = z
  .strictObject({ ...values, slug: checkedText(slugFault, { max: 63 }) })
  .partial()
  .required({ slug: true });

const shownClient = z.object({
  id: z.string(),
  kind: z.enum(CLIENT_KINDS),
  lanHttp: z.boolean(),
  issuer: z.string().meta({ description: 'the one that it was registered with' }),
  redirectUris: z.array(z.string()),
  postLogoutRedirectUris: z.array(z.string()),
  backchannelLogoutUri: z.string().nullable(),
  backchannelLogoutToInitiator: z.boolean(),
  initiateLoginUri: z.string().nullable(),
  grants: z.array(z.string()),
  auth,
  idTokenAlg: z.string(),
  scopes: z.array(z.string()),
  claimsIn: z.enum(CLAIMS_PLACES),
  pkce: z.boolean(),
});

export const service = z.object({
  slug: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  icon: z.string().nullable(),
  recipe: z.string(),
  url: z.string().nullable(),
  trust: z.enum(TRUSTS),
  access: z.union([z.enum(OPEN_ACCESS), z.object({ groups: z.array(z.string()) })]),
  sessionHours: z.number().nullable(),
  reader: z.boolean().meta({ description: 'whether it reads the directory over LDAP' }),
  client: shownClient.nullable(),
});

export const madeService = service.extend({
  secret: z.string().optional().meta({ description: 'of the client, shown this once' }),
});
