import type { Transaction } from '../../platform/database/database.ts';
import { hubIssuer } from '../communities/issuer.ts';

/**
 * Has the clients whose issuer is at the hub's address know it at the one that it has now. For a hub whose
 * apps are told of it in the same moment, such as the demo's: any other app refuses an issuer that it was
 * not set up with (OpenID Connect Core §3.1.3.7).
 */
export async function followHubAddress(tx: Transaction, hubUrl: string): Promise<void> {
  const stale = await tx.query<{ id: string; slug: string; issuer: string }>(
    `SELECT k.service_id AS id, c.slug, k.issuer
     FROM service_clients k JOIN communities c ON c.id = k.community_id
     WHERE k.issuer LIKE '%/c/' || c.slug FOR NO KEY UPDATE OF k`,
  );
  for (const { id, slug, issuer } of stale) {
    const { url } = hubIssuer(new URL(hubUrl), slug);
    if (url === issuer) continue;
    await tx.query('UPDATE service_clients SET issuer = $2 WHERE service_id = $1', [id, url]);
  }
}
