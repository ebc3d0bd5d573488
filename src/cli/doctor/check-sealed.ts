import { clientSecretContext } from '../../domain/communities/community.ts';
import { signingKeyContext } from '../../domain/signing-keys/signing-key.ts';
import type { Config } from '../../platform/config/config.ts';
import type { Database } from '../../platform/database/database.ts';
import { createSealer, SealError } from '../../platform/secrets/sealer.ts';
import { loadSecrets } from '../../platform/secrets/secret-file.ts';
import { plural } from '../output.ts';
import { type Finding, fail, ok } from './finding.ts';

type Sealed = { what: string; sealed: Buffer; context: string };

/** Opens every sealed value with the configured keys: one that does not open is lost to the hub. */
export async function checkSealed(config: Config, database: Database): Promise<Finding[]> {
  const all = [...(await sealedKeys(database)), ...(await sealedSecrets(database))];
  // Without anything to open, a secret that is not there yet is made at the first start.
  if (all.length === 0) return [ok('nothing is sealed yet')];
  const sealer = createSealer(await loadSecrets(config));
  const lost = all.filter(({ sealed, context }) => {
    try {
      sealer.open(sealed, context);
      return false;
    } catch (error) {
      if (error instanceof SealError) return true;
      throw error;
    }
  });
  if (lost.length === 0) return [ok(`the sealing key opens ${plural(all.length, 'sealed value')}`)];
  return lost.map(({ what }) =>
    fail(`${what} does not open with the configured TROUSSEAU_SECRET; give the old key, too`),
  );
}

async function sealedKeys(database: Database): Promise<Sealed[]> {
  const rows = await database.query<{ slug: string; id: string; kid: string; sealed: Buffer }>(
    `SELECT c.slug, c.id, k.kid, k.sealed_private_jwk AS sealed FROM signing_keys k
     JOIN communities c ON c.id = k.community_id
     WHERE k.expires_at IS NULL OR k.expires_at > now() ORDER BY c.slug, k.kid`,
  );
  return rows.map(({ slug, id, kid, sealed }) => ({
    what: `the signing key ${kid} of ${slug}`,
    sealed,
    context: signingKeyContext(id, kid),
  }));
}

async function sealedSecrets(database: Database): Promise<Sealed[]> {
  const rows = await database.query<{
    slug: string;
    id: string;
    serviceId: string;
    clientId: string;
    sealed: Buffer;
  }>(
    `SELECT c.slug, c.id, k.service_id AS "serviceId", k.client_id AS "clientId", k.sealed_secret AS sealed
     FROM service_clients k JOIN communities c ON c.id = k.community_id
     WHERE k.sealed_secret IS NOT NULL ORDER BY c.slug, k.client_id`,
  );
  return rows.map(({ slug, id, serviceId, clientId, sealed }) => ({
    what: `the secret of the client ${clientId} of ${slug}`,
    sealed,
    context: clientSecretContext(id, serviceId),
  }));
}
